/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIP: calls and registrations of telephones and cameras, port 5060 over UDP and TCP.
 * Spec: RFC 3261, sections 7 and 18.3; session descriptions RFC 8866 (sip_sdp.c).
 * One transaction = one message.
 * Limits: headers and body together 64 KB; a body over a stream beyond BODY_KEPT is passed over.
 */
#include "sensor/app/sip_tx.h"

enum { LINE_MAX = 4096, HEAD_MAX = 32768, BODY_KEPT = 24576, METHOD_MAX = 32, VALUES_MAX = 32 };

enum { NOTE_INCOMPLETE, NOTE_INVALID };
static const char *const sip_notes[] = {"incomplete_data", "invalid_data", NULL};

static const struct slice version_mark = SLICE_LIT("SIP/");

/* ---- start lines -------------------------------------------------------------------------- */

static struct slice take_word(struct slice *rest)
{
    int64_t blank = slice_find_byte(*rest, ' ');
    struct slice word = blank < 0 ? *rest : slice_head(*rest, (uint32_t)blank);

    *rest = blank < 0 ? SLICE_NONE : slice_from(*rest, (uint32_t)blank + 1);
    return word;
}

/* Character of a token (RFC 3261, section 25.1). */
static bool in_token(uint8_t b)
{
    static const struct slice others = SLICE_LIT("-.!%*_+`'~");
    uint8_t low = b | 0x20;

    return (low >= 'a' && low <= 'z') || (b >= '0' && b <= '9') || slice_find_byte(others, b) >= 0;
}

static bool is_method(struct slice method)
{
    for (uint32_t i = 0; i < method.len; i++)
        if (!in_token(method.at[i]))
            return false;
    return method.len && method.len <= METHOD_MAX;
}

/* "SIP/2.0" */
static bool is_version(struct slice word)
{
    struct cursor c = cursor_of(slice_from(word, version_mark.len));
    uint8_t major = cursor_u8(&c), dot = cursor_u8(&c), minor = cursor_u8(&c);

    return slice_starts(word, version_mark) && cursor_ok(&c) && !cursor_left(&c) && dot == '.' &&
           major >= '0' && major <= '9' && minor >= '0' && minor <= '9';
}

static bool is_code(struct slice code)
{
    uint64_t value;
    return code.len == 3 && slice_to_u64(code, &value);
}

/* Fills the start line's fields; false when it is neither a request nor a response. */
static bool read_start(struct slice line, struct sip_tx *sip)
{
    struct slice rest = line, first = take_word(&rest), second = take_word(&rest);

    if (is_version(first)) {
        sip->response_line = line;
        sip->version = first;
        sip->code = second;
        sip->reason = rest;
        return is_code(second);
    }
    sip->request_line = line;
    sip->method = first;
    sip->uri = second;
    sip->version = rest;
    return is_method(first) && second.len && is_version(rest);
}

static struct slice first_line(struct slice in, uint32_t *next)
{
    int64_t eol = slice_find_byte(in, '\n');

    *next = eol < 0 ? in.len : (uint32_t)eol + 1;
    struct slice line = slice_head(in, eol < 0 ? in.len : (uint32_t)eol);
    if (line.len && line.at[line.len - 1] == '\r')
        line.len--;
    return line;
}

/* ---- headers ------------------------------------------------------------------------------ */

static void add_value(struct app *app, struct tx *tx, struct list *list, struct slice value)
{
    struct sip_value *v = list->n < VALUES_MAX ? app_append(app, tx, list, sizeof *v) : NULL;
    if (v)
        v->value = value;
}

static void read_header(struct app *app, struct tx *tx, struct slice line)
{
    struct sip_tx *sip = tx_data(tx);
    const struct {
        struct slice name, compact;
        struct list *list;
    } known[] = {
        {SLICE_LIT("From"), SLICE_LIT("f"), &sip->from},
        {SLICE_LIT("To"), SLICE_LIT("t"), &sip->to},
        {SLICE_LIT("Via"), SLICE_LIT("v"), &sip->via},
        {SLICE_LIT("User-Agent"), SLICE_LIT("User-Agent"), &sip->user_agent},
        {SLICE_LIT("Content-Type"), SLICE_LIT("c"), &sip->content_type},
        {SLICE_LIT("Content-Length"), SLICE_LIT("l"), &sip->content_length},
    };
    int64_t colon = slice_find_byte(line, ':');

    if (colon <= 0)
        return;
    struct slice name = slice_trim(slice_head(line, (uint32_t)colon));
    struct slice value = slice_trim(slice_from(line, (uint32_t)colon + 1));
    for (uint32_t i = 0; value.len && i < sizeof known / sizeof *known; i++)
        if (slice_ieq(name, known[i].name) || slice_ieq(name, known[i].compact))
            add_value(app, tx, known[i].list, value);
}

static void read_headers(struct app *app, struct tx *tx, struct slice head)
{
    uint32_t next;

    while (head.len) {
        struct slice line = first_line(head, &next);
        if (line.len)
            read_header(app, tx, line);
        head = slice_from(head, next);
    }
}

/* Bytes up to and with the blank line; 0 when it has not come. */
static uint32_t head_length(struct slice in)
{
    for (uint32_t at = 0; at < in.len;) {
        int64_t eol = slice_find_byte(slice_from(in, at), '\n');
        if (eol < 0)
            return 0;
        uint32_t next = at + (uint32_t)eol + 1;
        struct slice rest = slice_from(in, next);
        if (slice_starts(rest, SLICE_LIT("\r\n")))
            return next + 2;
        if (slice_starts(rest, SLICE_LIT("\n")))
            return next + 1;
        at = next;
    }
    return 0;
}

/* The length the headers tell, without taking the message. */
static uint64_t told_length(struct slice head)
{
    uint64_t length = 0;
    uint32_t next;

    for (; head.len; head = slice_from(head, next)) {
        struct slice line = first_line(head, &next);
        int64_t colon = slice_find_byte(line, ':');
        struct slice name = colon > 0 ? slice_trim(slice_head(line, (uint32_t)colon)) : SLICE_NONE;
        if (slice_ieq(name, SLICE_LIT("content-length")) || slice_ieq(name, SLICE_LIT("l"))) {
            if (!slice_to_u64(slice_trim(slice_from(line, (uint32_t)colon + 1)), &length))
                length = 0;
            break;
        }
    }
    return length;
}

/* ---- messages ----------------------------------------------------------------------------- */

static bool take_message(struct app *app, enum dir dir, struct slice message, uint32_t head)
{
    struct sip_tx start = {.sdp.seen = false};
    uint32_t next;

    if (!read_start(first_line(message, &next), &start))
        return false;
    struct tx *tx = app_tx_new(app, 0);
    struct slice kept = tx ? app_keep(app, tx, message) : SLICE_NONE;
    if (!kept.len)
        return false;
    struct sip_tx *sip = tx_data(tx);
    (void)read_start(first_line(kept, &next), sip);
    read_headers(app, tx, slice_from(slice_head(kept, head), next));
    if (kept.len > head)
        sip_sdp_read(app, tx, slice_from(kept, head));
    app_progress(app, tx, dir, TX_DONE);
    return true;
}

static struct parsed refuse(struct app *app)
{
    app_note(app, app_tx_last(app), NOTE_INVALID);
    return parse_bad();
}

static struct parsed parse_datagram(struct app *app, enum dir dir, struct slice in)
{
    uint32_t head = head_length(in);

    if (!take_message(app, dir, in, head ? head : in.len))
        return refuse(app);
    if (!head)
        app_note(app, app_tx_last(app), NOTE_INCOMPLETE);
    return parse_done(in.len);
}

static struct parsed parse_stream(struct app *app, enum dir dir, struct slice in)
{
    uint32_t head = head_length(in);

    if (!head)
        return in.len < HEAD_MAX ? parse_more(in.len + 1) : parse_bad();
    uint64_t body = told_length(slice_head(in, head));
    uint32_t wanted = head + (uint32_t)(body < BODY_KEPT ? body : BODY_KEPT);
    if (in.len < wanted)
        return parse_more(wanted);
    if (body > UINT32_MAX - head || !take_message(app, dir, slice_head(in, wanted), head))
        return refuse(app);
    return parse_done(head + (uint32_t)body);
}

static struct parsed sip_parse(struct app *app, enum dir dir, struct slice in)
{
    uint32_t blank = 0;

    if (!in.len)
        return parse_more(1);
    /* Keep-alives are line ends or zero bytes. */
    while (blank < in.len && (in.at[blank] == '\r' || in.at[blank] == '\n' || !in.at[blank]))
        blank++;
    if (blank)
        return parse_done(blank);
    return app_is_datagram(app) ? parse_datagram(app, dir, in) : parse_stream(app, dir, in);
}

static enum probe sip_probe(struct slice head, enum dir dir)
{
    struct sip_tx start;
    uint32_t next;

    (void)dir;
    if (!head.len || !in_token(head.at[0])) /* "SIP/2.0" begins so too */
        return PROBE_NO;
    bool whole = slice_find_byte(head, '\n') >= 0;
    struct slice line = first_line(head, &next);
    if (whole)
        return read_start(line, &start) ? PROBE_YES : PROBE_NO;
    struct slice rest = line, first = take_word(&rest);
    if (!is_method(first) && !slice_starts(first, version_mark))
        return PROBE_NO;
    return line.len < LINE_MAX ? PROBE_MORE : PROBE_NO;
}

const struct proto_def proto_sip = {
    .name = "sip",
    .spec = "RFC 3261, RFC 8866",
    .doc = "Calls, and registrations of telephones, door stations and cameras",
    .l4 = L4_UDP | L4_TCP,
    .ports = {5060, 5061},
    .breadth = "SIP",
    .tx_size = sizeof(struct sip_tx),
    .one_sided = true,
    .ends = TX_ENDS_PACKET,
    .resyncs = true,
    .lines = true,
    .probe = sip_probe,
    .parse = sip_parse,
    .write_event = sip_fields_event,
    .fields = sip_fields,
    .notes = sip_notes,
};

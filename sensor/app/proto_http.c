/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/0.9, 1.0 and 1.1 over TCP.
 * Spec: RFC 9110 (semantics), RFC 9112 (messages); buffers as Suricata's rules expect them.
 * One transaction = a request and its response, paired by order; interim responses (1xx) are passed
 * over. Bodies become files. After CONNECT the tunnel is probed anew, after 101 parsing follows the
 * upgrade or ends.
 * Limits: a message's start line and headers 64 KB together; bodies kept for rules 100 KB.
 */
#include "sensor/app/http_tx.h"

enum {
    STATUS_MARK = 5,
    HEAD_MAX = 65536,
    CHUNK_LINE_MAX = 1024,
    WARNINGS_MAX = 512, /* of a flow, until it is said that they are too many */
    JUNK_MAX = 256      /* bytes of a line before the status line */
};

enum phase {
    AT_HEAD,
    IN_LENGTH,     /* body with a known length */
    IN_CHUNK_LINE, /* length of the next chunk */
    IN_CHUNK,
    AFTER_CHUNK, /* its line end */
    IN_TRAILERS,
    IN_REST, /* body until the connection ends */
    IS_LOST, /* after a gap: looking for a start line */
};

/** One direction of a flow. */
struct http_side {
    enum phase phase;
    uint32_t scanned; /* bytes of the head already searched for its end */
    uint64_t left;    /* of the body or chunk */
    uint64_t number;  /* of the message in hand: the key of its transaction */
    struct http_body *body;
    bool continued; /* an interim response came */
    bool plain;     /* the coding turned out damaged: rest as it is */
};

struct http_state {
    struct http_side side[2];
    uint32_t warnings; /* notes on heads so far */
    bool switched;     /* another protocol was agreed on */
    bool old;          /* the request had no version: HTTP/0.9 */
};

/* ---- start lines -------------------------------------------------------------------------- */

static void read_request_line(struct app *app, struct tx *tx, struct slice line)
{
    struct http_tx *http = tx_data(tx);

    http->request.line = line;
    http_line_split(line, &http->method, &http->uri_raw, &http->request.protocol);
    struct http_uri uri =
        http_uri_split(http->uri_raw, slice_eq(http->method, SLICE_LIT("CONNECT")));
    http->uri = http_uri_normal(tx, &uri, &http->path);
    if (uri.authority.len) {
        http->host = http_uri_host(tx, uri.authority, &http->port);
        http->host_raw = http->host;
    }
    if (!http->method.len || !http->uri_raw.len)
        app_note(app, tx, HTTP_NOTE_REQUEST_LINE);
}

static void read_status_line(struct tx *tx, struct slice line)
{
    struct http_tx *http = tx_data(tx);
    struct slice rest = line;
    uint64_t status;

    http->response.line = line;
    http->response.protocol = http_line_word(&rest);
    http->status_text = http_line_word(&rest);
    http->status_message = rest;
    if (slice_to_u64(http->status_text, &status) && status < 1000)
        http->status = (uint16_t)status;
}

/* ---- bodies ------------------------------------------------------------------------------- */

static struct slice file_name(struct tx *tx, enum dir dir)
{
    struct http_tx *http = tx_data(tx);
    const struct http_message *m = http_tx_message(tx, dir);
    struct slice name =
        http_head_parameter(m->known[HTTP_CONTENT_DISPOSITION], SLICE_LIT("filename"));
    return name.len ? name : http->path;
}

static void body_begin(struct app *app, struct tx *tx, enum dir dir, struct http_side *side)
{
    const struct http_message *m = http_tx_message(tx, dir);
    side->plain = false;
    http_body_free(&side->body);
    const struct http_config *config = ((struct http_tx *)tx_data(tx))->config;
    if (m->known[HTTP_CONTENT_ENCODING].len)
        side->body =
            http_body_new(m->known[HTTP_CONTENT_ENCODING], config ? config->layers : HTTP_LAYERS);
    if (dir == TO_SERVER && !side->body)
        http_multipart_begin(app, tx);
    if (!http_tx_is_form(tx, dir))
        app_file_begin(app, tx, dir, file_name(tx, dir));
}

static void body_bytes(struct app *app, struct tx *tx, enum dir dir, struct http_side *side,
                       struct slice data)
{
    if (!data.len || side->plain)
        return;
    if (dir == TO_SERVER)
        http_multipart_data(app, tx, data);
    if (!http_body_data(side->body, app, tx, dir, data)) {
        bool bomb = http_body_is_bomb(side->body);
        app_note(app, tx, bomb ? HTTP_NOTE_BOMB : HTTP_NOTE_UNPACKING);
        side->plain = true;
    }
}

static void message_done(struct app *app, struct tx *tx, enum dir dir, bool complete)
{
    struct http_state *state = app_state(app);
    struct http_side *side = &state->side[dir];

    http_body_free(&side->body);
    if (http_tx_is_form(tx, dir))
        http_multipart_end(app, tx);
    app_file_end(app, tx, dir, complete);
    app_progress(app, tx, dir, TX_DONE);
    app_raw_look(app, dir);
    side->phase = AT_HEAD;
    side->scanned = 0;
    side->continued = false;
    side->number++;
}

/* ---- heads -------------------------------------------------------------------------------- */

static bool has_version(struct slice line)
{
    struct slice method, target, protocol;
    http_line_split(line, &method, &target, &protocol);
    return protocol.len != 0;
}

static bool framing(struct app *app, struct tx *tx, struct http_message *m, struct http_side *side)
{
    struct slice coding = m->known[HTTP_TRANSFER_ENCODING], length = m->known[HTTP_CONTENT_LENGTH];

    if (http_head_says(coding, SLICE_LIT("chunked"))) {
        if (length.at)
            app_note(app, tx, HTTP_NOTE_TWO_LENGTHS);
        side->phase = IN_CHUNK_LINE;
        return true;
    }
    if (!length.at)
        return false;
    int64_t comma = slice_find_byte(length, ',');
    if (comma >= 0) /* repeated: the first one counts */
        length = slice_trim(slice_head(length, (uint32_t)comma));
    if (!slice_to_u64(length, &side->left) || side->left > INT64_MAX) {
        side->left = 0;
        app_note(app, tx,
                 m == http_tx_message(tx, TO_SERVER) ? HTTP_NOTE_REQUEST_LENGTH
                                                     : HTTP_NOTE_RESPONSE_LENGTH);
        return false;
    }
    side->phase = IN_LENGTH;
    return true;
}

static void request_head_done(struct app *app, struct tx *tx, struct http_side *side)
{
    struct http_tx *http = tx_data(tx);
    struct slice host = http->request.known[HTTP_HOST];

    if (!http->host.len && host.at) {
        http->host = http_uri_host(tx, host, &http->port);
        http->host_raw = host;
    } else if (!host.at && slice_eq(http->request.protocol, SLICE_LIT("HTTP/1.1"))) {
        app_note(app, tx, HTTP_NOTE_NO_HOST);
    }
    http_notes_request(app, tx);
    app_progress(app, tx, TO_SERVER, TX_HEADERS);
    if (framing(app, tx, &http->request, side) && (side->phase != IN_LENGTH || side->left))
        body_begin(app, tx, TO_SERVER, side);
    else
        message_done(app, tx, TO_SERVER, true);
}

/* What has no body. When the connection closes behind it, a length that it tells is believed all
 * the same, as receivers do: if nothing comes, the end of the connection shows it. */
static bool without_body(const struct http_tx *http)
{
    const struct slice *known = http->response.known;
    bool told = known[HTTP_CONTENT_LENGTH].len || known[HTTP_TRANSFER_ENCODING].len;

    if (slice_eq(http->method, SLICE_LIT("HEAD")))
        return true;
    return (http->status == 204 || http->status == 304) &&
           !(told && http_head_says(known[HTTP_CONNECTION], SLICE_LIT("close")));
}

/* What is spoken behind a 101; NULL: it has to be found. */
static const char *upgrade_to(struct slice upgrade)
{
    if (slice_ieq(upgrade, SLICE_LIT("websocket")))
        return "websocket";
    return !upgrade.len || http_head_says(upgrade, SLICE_LIT("h2c")) ? "http2" : NULL;
}

static void response_head_done(struct app *app, struct tx *tx, struct http_side *side)
{
    struct http_state *state = app_state(app);
    struct http_tx *http = tx_data(tx);

    http_notes_response(app, tx);
    app_progress(app, tx, TO_CLIENT, TX_HEADERS);
    if (http->status == 101) {
        message_done(app, tx, TO_CLIENT, true);
        app_switch(app, upgrade_to(http->response.known[HTTP_UPGRADE]));
        state->switched = true;
        return;
    }
    if (slice_eq(http->method, SLICE_LIT("CONNECT")) && http->status / 100 == 2) {
        message_done(app, tx, TO_CLIENT, true);
        app_switch(app, NULL);
        return;
    }
    if (without_body(http)) {
        message_done(app, tx, TO_CLIENT, true);
        return;
    }
    if (!framing(app, tx, &http->response, side))
        side->phase = IN_REST;
    if (side->phase == IN_LENGTH && !side->left)
        message_done(app, tx, TO_CLIENT, true);
    else
        body_begin(app, tx, TO_CLIENT, side);
}

/* An interim response says nothing yet: its transaction waits for the real one. What tells the
 * length of a body is no interim response. */
static bool is_interim(struct slice head, struct slice line)
{
    struct slice rest = line;
    http_line_word(&rest);
    struct slice status = http_line_word(&rest);
    return status.len == 3 && status.at[0] == '1' && !slice_eq(status, SLICE_LIT("101")) &&
           !http_head_says(head, SLICE_LIT("\ncontent-length:")) &&
           !http_head_says(head, SLICE_LIT("\ntransfer-encoding:"));
}

/* Until the real one is here, events tell its status. */
static void note_interim(struct tx *tx, struct slice line)
{
    struct http_tx *http = tx_data(tx);
    struct slice rest = line;
    uint64_t status;

    http_line_word(&rest);
    if (slice_to_u64(http_line_word(&rest), &status) && status < 1000)
        http->status = (uint16_t)status;
}

/* What was noted on a head counts, up to a number that no client reaches by accident. */
static void count_warnings(struct app *app, struct tx *tx, uint8_t before)
{
    struct http_state *state = app_state(app);
    bool few = state->warnings <= WARNINGS_MAX;

    state->warnings += few ? (uint32_t)(tx->notes - before) : 0;
    if (few && state->warnings > WARNINGS_MAX)
        app_note(app, tx, HTTP_NOTE_WARNINGS);
}

/* Up to the blank line, not up to where the connection ended. */
static bool is_whole(struct slice head)
{
    uint32_t n = head.len;

    return n >= 2 && head.at[n - 1] == '\n' &&
           (head.at[n - 2] == '\n' || (n >= 3 && head.at[n - 2] == '\r' && head.at[n - 3] == '\n'));
}

static struct parsed take_head(struct app *app, enum dir dir, struct slice head)
{
    struct http_state *state = app_state(app);
    struct http_side *side = &state->side[dir];
    struct slice line;
    uint32_t next = http_head_line(dir, head, &line);

    side->scanned = 0;
    if (dir == TO_CLIENT && is_interim(head, line)) {
        struct tx *waits = app_tx_find(app, side->number);
        if (side->continued)
            app_note(app, waits, HTTP_NOTE_CONTINUE_AGAIN);
        side->continued = true;
        if (waits)
            note_interim(waits, line);
        return parse_done(head.len);
    }
    struct tx *tx = app_tx(app, side->number);
    struct slice kept = tx ? app_keep(app, tx, head) : SLICE_NONE;
    if (!kept.len)
        return parse_full();
    uint8_t noted = tx->notes;
    line = slice_head(kept, line.len);
    struct http_tx *http = tx_data(tx);
    http->config = app_config(app);
    http->manner = http->config ? http_manner_of(http->config, app_server(app)) : NULL;
    if (dir == TO_SERVER) {
        http->port_zero = app_as_suricata(app) && !is_whole(head);
        read_request_line(app, tx, line);
    } else {
        read_status_line(tx, line);
    }
    app_progress(app, tx, dir, TX_LINE);
    if (!http_head_read(app, tx, dir, slice_from(kept, next)))
        return parse_full();
    if (dir == TO_SERVER)
        request_head_done(app, tx, side);
    else
        response_head_done(app, tx, side);
    count_warnings(app, tx, noted);
    return parse_done(head.len);
}

/* HTTP/0.9: a request is one line without a version, its response a body without a head. */
static struct parsed take_old(struct app *app, enum dir dir, struct slice in, uint32_t line_end)
{
    struct http_state *state = app_state(app);
    if (dir == TO_SERVER) {
        state->old = true;
        return take_head(app, dir, slice_head(in, line_end));
    }
    struct tx *tx = app_tx(app, state->side[TO_CLIENT].number);
    if (!tx)
        return parse_full();
    state->side[TO_CLIENT].phase = IN_REST;
    app_progress(app, tx, TO_CLIENT, TX_HEADERS);
    body_begin(app, tx, TO_CLIENT, &state->side[TO_CLIENT]);
    body_bytes(app, tx, TO_CLIENT, &state->side[TO_CLIENT], in);
    http_tx_message(tx, TO_CLIENT)->length += in.len;
    return parse_done(in.len);
}

static bool is_status(struct slice in)
{
    return slice_ieq(slice_head(in, STATUS_MARK), SLICE_LIT("HTTP/"));
}

static uint32_t blank_lines(struct slice in)
{
    uint32_t n = 0;
    while (n < in.len && (in.at[n] == '\r' || in.at[n] == '\n'))
        n++;
    return n;
}

/* Looked at once, when the first line has come: a message without a version. */
static bool is_old(const struct http_state *state, enum dir dir, struct slice in, int64_t eol)
{
    if (dir == TO_CLIENT)
        return state->old && !is_status(in);
    return eol >= 0 && !has_version(http_line_bare(slice_head(in, (uint32_t)eol)));
}

/* Where the search for the blank line goes on: its start may be among the last bytes. */
static uint32_t resume_at(struct slice in, int64_t eol)
{
    return eol >= 0 && in.len > HTTP_CR_MAX + 2 ? in.len - (HTTP_CR_MAX + 2) : 0;
}

/* A request without a version may still have headers, which HTTP/0.9 has not. */
static bool is_late_header(const struct http_state *state, struct slice in, int64_t eol)
{
    struct slice line = eol < 0 ? in : slice_head(in, (uint32_t)eol);
    int64_t colon = slice_find_byte(line, ':');

    return state->old && colon > 0 && http_is_token(slice_head(line, (uint32_t)colon));
}

static struct parsed take_late_header(struct app *app, struct slice head)
{
    const struct http_state *state = app_state(app);
    struct tx *tx = app_tx_find(app, state->side[TO_SERVER].number - 1);
    struct slice kept = tx ? app_keep(app, tx, head) : SLICE_NONE;

    if (kept.len && http_head_read(app, tx, TO_SERVER, kept)) {
        struct http_tx *http = tx_data(tx);
        http->host_raw = http->request.known[HTTP_HOST];
        http->host = http_uri_host(tx, http->host_raw, &http->port);
        app_note(app, tx, HTTP_NOTE_NO_VERSION);
    }
    return parse_done(head.len);
}

/* A line of something else before the status line is passed over, as browsers do. */
static struct parsed junk_line(struct app *app, struct slice in, int64_t eol)
{
    if (eol < 0)
        return in.len < JUNK_MAX && !app_at_end(app) ? parse_more(in.len + 1) : parse_bad();
    struct slice next = slice_from(in, (uint32_t)eol + 1);
    if (eol > JUNK_MAX)
        return parse_bad();
    if (next.len < STATUS_MARK && !app_at_end(app))
        return parse_more((uint32_t)eol + 1 + STATUS_MARK);
    return is_status(next) ? parse_done((uint32_t)eol + 1) : parse_bad();
}

/* A line behind a request that cannot begin another one, while its answer is waited for: a body
 * that no header announced. */
static struct tx *stray_owner(struct app *app, enum dir dir, struct slice line)
{
    const struct http_state *state = app_state(app);
    struct slice method, target, protocol;

    if (dir == TO_CLIENT || state->old || !state->side[TO_SERVER].number)
        return NULL;
    http_line_split(http_line_bare(line), &method, &target, &protocol);
    if (protocol.len || http_is_common(method))
        return NULL;
    return app_tx_find(app, state->side[TO_SERVER].number - 1);
}

/* What the first line decides before the head is whole; false: nothing out of the ordinary. */
static bool first_look(struct app *app, enum dir dir, struct slice in, int64_t eol,
                       struct parsed *answer)
{
    const struct http_state *state = app_state(app);
    struct tx *owner;

    if (dir == TO_CLIENT && in.len < STATUS_MARK && !app_at_end(app)) {
        *answer = parse_more(STATUS_MARK);
    } else if (dir == TO_SERVER && eol >= 0 && is_late_header(state, in, eol)) {
        uint32_t late = app_at_end(app) ? in.len : http_head_length(in, 0, false);
        *answer = late ? take_late_header(app, slice_head(in, late)) : parse_more(in.len + 1);
    } else if (eol >= 0 && (owner = stray_owner(app, dir, slice_head(in, (uint32_t)eol)))) {
        app_note(app, owner, HTTP_NOTE_BODY_UNEXPECTED);
        *answer = parse_done((uint32_t)eol + 1);
    } else if (is_old(state, dir, in, eol)) {
        *answer = take_old(app, dir, in, (uint32_t)eol + 1);
    } else if (dir == TO_CLIENT && !is_status(in)) {
        *answer = junk_line(app, in, eol);
    } else {
        return false;
    }
    return true;
}

/* Another answer that changes the protocol, which has been changed already. */
static bool is_switch(struct slice next)
{
    return is_status(next) && slice_starts(slice_from(next, STATUS_MARK + 3), SLICE_LIT(" 101"));
}

static struct parsed parse_head(struct app *app, enum dir dir, struct slice in)
{
    struct http_state *state = app_state(app);
    struct http_side *side = &state->side[dir];
    uint32_t blank = blank_lines(in);
    struct parsed answer;

    if (blank)
        return parse_done(blank);
    int64_t eol = side->scanned ? 0 : slice_find_byte(in, '\n');
    if (!side->scanned && first_look(app, dir, in, eol, &answer))
        return answer;
    uint32_t length = http_head_length(in, side->scanned, app_at_end(app));
    if (!length && app_at_end(app) && eol >= 0)
        length = in.len;
    if (length) {
        struct tx *tx = app_tx_find(app, side->number);
        answer = take_head(app, dir, slice_head(in, length));
        if (state->switched && is_switch(slice_from(in, length)))
            app_note(app, tx, HTTP_NOTE_CHANGE_FAILED);
        return answer;
    }
    side->scanned = resume_at(in, eol);
    return parse_more(in.len + 1);
}

/* ---- framed bodies ------------------------------------------------------------------------ */

/* Digits, behind control characters and before whatever else: receivers agree on no more. */
static int64_t chunk_size(struct slice line)
{
    uint64_t size = 0;
    uint32_t digits = 0;

    while (line.len && line.at[0] <= ' ')
        line = slice_from(line, 1);
    for (; digits < line.len; digits++) {
        uint8_t b = line.at[digits];
        uint8_t low = b | 0x20;
        if (b >= '0' && b <= '9')
            size = size * 16 + (uint64_t)(b - '0');
        else if (low >= 'a' && low <= 'f')
            size = size * 16 + (uint64_t)(low - 'a' + 10);
        else
            break;
        if (digits >= 12)
            return -1;
    }
    return digits ? (int64_t)size : -1;
}

/* True when the first bytes show that no chunk length comes: a body sent as it is. */
static bool is_no_chunk(struct slice in)
{
    while (in.len && in.at[0] <= ' ')
        in = slice_from(in, 1);
    return in.len && chunk_size(slice_head(in, 1)) < 0;
}

static struct parsed parse_body(struct app *app, struct tx *tx, enum dir dir,
                                struct http_side *side, struct slice in)
{
    if (side->phase != IN_REST && side->left < in.len)
        in = slice_head(in, (uint32_t)side->left);
    body_bytes(app, tx, dir, side, in);
    http_tx_message(tx, dir)->length += in.len;
    if (side->phase == IN_REST)
        return parse_done(in.len);
    side->left -= in.len;
    if (side->left == 0) {
        if (side->phase == IN_LENGTH)
            message_done(app, tx, dir, true);
        else
            side->phase = AFTER_CHUNK;
    }
    return parse_done(in.len);
}

static struct parsed parse_chunk_line(struct app *app, struct tx *tx, enum dir dir,
                                      struct http_side *side, struct slice in)
{
    int64_t eol = slice_find_byte(slice_head(in, CHUNK_LINE_MAX), '\n');

    if (eol < 0 && in.len < CHUNK_LINE_MAX && !is_no_chunk(in))
        return parse_more(in.len + 1);
    if (eol >= 0 && http_line_bare(slice_head(in, (uint32_t)eol)).len == 0) {
        http_tx_message(tx, dir)->length += (uint64_t)eol + 1;
        return parse_done((uint32_t)eol + 1);
    }
    int64_t size = eol < 0 ? -1 : chunk_size(slice_head(in, (uint32_t)eol));
    if (size < 0) {
        app_note(app, tx, dir == TO_SERVER ? HTTP_NOTE_REQUEST_CHUNK : HTTP_NOTE_RESPONSE_CHUNK);
        side->phase = IN_REST;
        return parse_body(app, tx, dir, side, in);
    }
    if (dir == TO_SERVER && slice_find_byte(slice_head(in, (uint32_t)eol), ';') >= 0)
        app_note(app, tx, HTTP_NOTE_CHUNK_EXTENSION);
    http_tx_message(tx, dir)->length += (uint64_t)eol + 1;
    side->left = (uint64_t)size;
    side->phase = size ? IN_CHUNK : IN_TRAILERS;
    return parse_done((uint32_t)eol + 1);
}

/* Skips the line end behind a chunk, or one line of trailers. */
static struct parsed parse_line_end(struct app *app, struct tx *tx, enum dir dir,
                                    struct http_side *side, struct slice in)
{
    int64_t eol = slice_find_byte(in, '\n');

    if (eol < 0)
        return in.len < HEAD_MAX ? parse_more(in.len + 1) : parse_bad();
    if (side->phase == AFTER_CHUNK) {
        side->phase = IN_CHUNK_LINE;
        http_tx_message(tx, dir)->length += (uint64_t)eol + 1;
    } else if (http_line_bare(slice_head(in, (uint32_t)eol)).len == 0)
        message_done(app, tx, dir, true);
    return parse_done((uint32_t)eol + 1);
}

/* ---- gaps and ends ------------------------------------------------------------------------ */

/* Bytes were lost: inside a body of known length they only leave a hole in the file. */
static void after_gap(struct app *app, enum dir dir, struct http_side *side, uint32_t gap)
{
    struct tx *tx = app_tx_find(app, side->number);

    if (tx)
        app_file_end(app, tx, dir, false);
    side->plain = true;
    if (side->phase == IN_REST)
        return;
    if ((side->phase == IN_LENGTH || side->phase == IN_CHUNK) && side->left > gap) {
        side->left -= gap;
        return;
    }
    if (tx && side->phase != AT_HEAD)
        message_done(app, tx, dir, false);
    side->phase = IS_LOST;
}

static void at_end(struct app *app, enum dir dir, struct http_side *side)
{
    struct tx *tx = app_tx_find(app, side->number);
    if (tx && side->phase != AT_HEAD && side->phase != IS_LOST)
        message_done(app, tx, dir, side->phase == IN_REST);
}

static struct parsed parse_phase(struct app *app, enum dir dir, struct http_side *side,
                                 struct slice in)
{
    struct tx *tx = app_tx(app, side->number);

    if (!tx)
        return parse_full();
    if (side->phase == IN_CHUNK_LINE)
        return parse_chunk_line(app, tx, dir, side, in);
    if (side->phase == AFTER_CHUNK || side->phase == IN_TRAILERS)
        return parse_line_end(app, tx, dir, side, in);
    return parse_body(app, tx, dir, side, in);
}

static struct parsed http_parse(struct app *app, enum dir dir, struct slice in)
{
    struct http_state *state = app_state(app);
    struct http_side *side = &state->side[dir];

    if (app_gap(app))
        after_gap(app, dir, side, app_gap(app));
    if (!in.len) {
        at_end(app, dir, side);
        return parse_more(1);
    }
    if (side->phase == IS_LOST) {
        enum probe probe = http_probe(in, dir);
        if (probe == PROBE_MORE)
            return parse_more(in.len + 1);
        if (probe != PROBE_YES)
            return parse_done(in.len);
        side->phase = AT_HEAD;
        side->scanned = 0;
    }
    return side->phase == AT_HEAD ? parse_head(app, dir, in) : parse_phase(app, dir, side, in);
}

static void http_state_fini(void *at)
{
    struct http_state *state = at;
    http_body_free(&state->side[TO_SERVER].body);
    http_body_free(&state->side[TO_CLIENT].body);
}

const struct proto_def proto_http = {
    .name = "http",
    .spec = "RFC 9110, RFC 9112",
    .doc = "Web requests and responses",
    .l4 = L4_TCP,
    .ports = {80, 8080, 8000, 8081, 8888, 3128},
    .breadth_at_once = true,
    .tx_size = sizeof(struct http_tx),
    .state_size = sizeof(struct http_state),
    .buffer_max = HEAD_MAX,
    .survives_gaps = true,
    .lines = true,
    .probe = http_probe,
    .alone = http_head_alone,
    .parse = http_parse,
    .state_fini = http_state_fini,
    .write_event = http_event_write,
    .options = http_event_options,
    .config_size = sizeof(struct http_config),
    .configure = http_event_configure,
    .fields = http_fields,
    .notes = http_notes,
};

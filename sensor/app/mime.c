/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder of messages: lines → header fields, boundaries, bodies.
 * Limits: a line LINE_MAX (longer ones are cut in pieces), a field's value VALUE_MAX, DEPTH_MAX
 * multiparts inside each other; what exceeds them is noted and passed over.
 */
#include "sensor/app/mime.h"
#include "common/digest.h"

enum {
    LINE_MAX = 4096,
    LINE_LIMIT = 998,        /* RFC 5322, 2.1.1 */
    ENCODED_LINE_LIMIT = 76, /* RFC 2045, 6.7 and 6.8 */
    NAME_LIMIT = 75,
    FIELD_MAX = SMTP_VALUE_MAX + 512,
    HEADERS_MAX = 256,
    BOUNDARY_MAX = 254,
    FILENAME_MAX = 255,
    DEPTH_MAX = 16,
    ATTACHMENTS_MAX = 256,
};

enum encoding { AS_IS, BASE64, QUOTED };

/** The part whose header or body comes now. */
struct part {
    enum encoding encoding;
    bool multipart, message, text, named;
    bool boundary_too_long;
    uint8_t filename[FILENAME_MAX];
    uint32_t filename_len;
    uint8_t boundary[BOUNDARY_MAX];
    uint32_t boundary_len;
};

struct boundary {
    uint8_t bytes[BOUNDARY_MAX];
    uint32_t len;
};

struct mime {
    bool in_body;   /* else in a header */
    bool main_part; /* the header is the message's own */
    bool epilogue;  /* behind the last boundary: nothing of interest */
    bool raw;       /* one file, not taken apart */
    bool file_open;
    bool line_cut;  /* the line began in an earlier piece */
    bool break_due; /* a line end belongs to the body only if another line follows */
    uint8_t break_len;
    struct part part;
    struct boundary stack[DEPTH_MAX];
    uint32_t depth;
    struct mime_base64 base64;
    struct digest md5;
    bool md5_on, dotted;
    uint32_t line_len, field_len, text_len;
    bool field_cut;
    uint8_t line[LINE_MAX];   /* an incomplete line */
    uint8_t field[FIELD_MAX]; /* the header field so far */
    uint8_t text[LINE_MAX];   /* the line of text URLs are looked for in */
};

/** The call in hand. */
struct run {
    struct mime *mime;
    struct app *app;
    struct tx *tx;
    struct mail *mail;
    const struct smtp_config *config;
};

static struct run run_of(struct mime *mime, struct app *app, struct tx *tx)
{
    struct smtp_tx *smtp = tx_data(tx);
    return (struct run){mime, app, tx, &smtp->mail, smtp->config};
}

struct mime *mime_begin(struct app *app, struct tx *tx)
{
    struct smtp_tx *smtp = tx_data(tx);
    const struct smtp_config *config = smtp->config;
    bool read = !config || !config->mime_off || config->raw;
    struct mime *mime = read ? app_alloc(app, tx, sizeof *mime) : NULL;

    if (!mime)
        return NULL;
    if (config && config->raw) {
        mime->raw = mime->file_open = true;
        app_file_begin(app, tx, TO_SERVER, SLICE_LIT("rawmsg"));
        return mime;
    }
    mime->main_part = true;
    mime->part.text = true; /* RFC 2045, 5.2 */
    smtp->mail.begun = true;
    smtp->mail.status = MAIL_HEADER_READY;
    mime->md5_on = smtp->config && smtp->config->body_md5;
    if (mime->md5_on)
        digest_init(&mime->md5, DIGEST_MD5);
    return mime;
}

/* ---- what a body gives -------------------------------------------------------------------- */

static void text_line_done(struct run *r)
{
    if (r->mime->text_len)
        mime_url_find(r->app, r->tx, (struct slice){r->mime->text, r->mime->text_len});
    r->mime->text_len = 0;
}

static void put_text(struct run *r, struct slice bytes)
{
    for (uint32_t i = 0; i < bytes.len; i++) {
        if (bytes.at[i] == '\n') {
            text_line_done(r);
            continue;
        }
        r->mime->text[r->mime->text_len++] = bytes.at[i];
        if (r->mime->text_len == LINE_MAX)
            text_line_done(r);
    }
}

static void put(struct run *r, struct slice bytes)
{
    if (!bytes.len)
        return;
    if (r->mime->file_open)
        app_file_data(r->app, r->tx, TO_SERVER, bytes);
    else if (r->mime->part.text)
        put_text(r, bytes);
}

/* The end of the line before, now that another one follows. */
static void put_break(struct run *r)
{
    static const struct slice ends[] = {SLICE_LIT(""), SLICE_LIT("\n"), SLICE_LIT("\r\n")};

    if (r->mime->break_due)
        put(r, ends[r->mime->break_len]);
    r->mime->break_due = false;
}

static void body_line(struct run *r, struct slice line, uint32_t end_len)
{
    struct mime *m = r->mime;
    uint8_t out[LINE_MAX];
    bool soft = false, bad = false;

    if (m->part.encoding != AS_IS && line.len > ENCODED_LINE_LIMIT)
        app_note(r->app, r->tx, SMTP_MIME_LONG_ENCODED);
    if (m->part.encoding == BASE64) {
        uint32_t n = mime_decode_base64(&m->base64, line, out);
        put(r, (struct slice){out, n});
        if (m->base64.bad)
            app_note(r->app, r->tx, SMTP_MIME_BASE64);
        return;
    }
    put_break(r);
    if (m->part.encoding == QUOTED) {
        uint32_t n = mime_decode_quoted(line, out, &soft, &bad);
        put(r, (struct slice){out, n});
        if (bad)
            app_note(r->app, r->tx, SMTP_MIME_QP);
    } else {
        put(r, line);
    }
    m->break_due = !soft && end_len > 0;
    m->break_len = (uint8_t)end_len;
}

static void body_begins(struct run *r)
{
    struct mime *m = r->mime;
    struct slice name = {m->part.filename, m->part.filename_len};

    m->in_body = true;
    m->base64 = (struct mime_base64){0};
    m->break_due = false;
    m->text_len = 0;
    r->mail->status = MAIL_HEADER_DONE;
    if (m->part.multipart || !m->part.named || r->mail->attachments.n >= ATTACHMENTS_MAX)
        return;
    struct mail_text *item =
        app_append(r->app, r->tx, &r->mail->attachments, sizeof(struct mail_text));
    if (item)
        item->text = app_keep(r->app, r->tx, name);
    app_file_begin(r->app, r->tx, TO_SERVER, name);
    m->file_open = true;
}

static void body_ends(struct run *r)
{
    struct mime *m = r->mime;

    text_line_done(r);
    m->break_due = false;
    if (m->file_open) {
        app_file_end(r->app, r->tx, TO_SERVER, true);
        app_raw_look(r->app, TO_SERVER);
    }
    m->file_open = false;
}

/* ---- header fields ------------------------------------------------------------------------ */

/* Addresses are parted by commas outside quotes. */
static void split_addresses(struct run *r, struct list *list, struct slice value)
{
    uint32_t from = 0;
    bool quoted = false;

    for (uint32_t i = 0; i <= value.len; i++) {
        if (i < value.len && value.at[i] == '"')
            quoted = !quoted;
        if (i < value.len && (value.at[i] != ',' || quoted))
            continue;
        struct slice one = slice_trim(slice_from(slice_head(value, i), from));
        from = i + 1;
        struct mail_text *item =
            one.len && list->n < HEADERS_MAX ? app_append(r->app, r->tx, list, sizeof *item) : NULL;
        if (item)
            item->text = app_keep(r->app, r->tx, one);
    }
}

/* Fields of the message itself that have a place of their own. */
static void keep_main_field(struct run *r, struct slice name, struct slice value)
{
    struct mail *mail = r->mail;
    const struct {
        struct slice name;
        struct slice *place;
    } places[] = {
        {SLICE_LIT("from"), &mail->from},         {SLICE_LIT("subject"), &mail->subject},
        {SLICE_LIT("date"), &mail->date},         {SLICE_LIT("message-id"), &mail->message_id},
        {SLICE_LIT("x-mailer"), &mail->x_mailer}, {SLICE_LIT("to"), &mail->to_raw},
        {SLICE_LIT("cc"), &mail->cc_raw},
    };

    if (mail->headers.n >= HEADERS_MAX)
        return;
    struct mail_header *header = app_append(r->app, r->tx, &mail->headers, sizeof *header);
    if (!header)
        return;
    header->name = app_keep(r->app, r->tx, name);
    header->value = app_keep(r->app, r->tx, value);
    for (uint32_t i = 0; i < sizeof places / sizeof *places; i++)
        if (slice_ieq(name, places[i].name) && !places[i].place->at)
            *places[i].place = header->value;
    if (slice_ieq(name, SLICE_LIT("to")))
        split_addresses(r, &mail->to, value);
    if (slice_ieq(name, SLICE_LIT("cc")))
        split_addresses(r, &mail->cc, value);
    if (slice_ieq(name, SLICE_LIT("received"))) {
        struct mail_text *item = app_append(r->app, r->tx, &mail->received, sizeof *item);
        if (item)
            item->text = header->value;
    }
}

static void take_filename(struct run *r, struct slice value, struct slice parameter)
{
    struct part *part = &r->mime->part;
    uint32_t len;

    if (part->named ||
        !mime_header_parameter(value, parameter, part->filename, FILENAME_MAX, &len) || !len)
        return;
    part->named = true;
    part->filename_len = len < FILENAME_MAX ? len : FILENAME_MAX;
    if (len > FILENAME_MAX)
        app_note(r->app, r->tx, SMTP_MIME_LONG_FILENAME);
}

static bool starts_ignoring_case(struct slice s, struct slice with)
{
    return s.len >= with.len && slice_ieq(slice_head(s, with.len), with);
}

static void take_type(struct run *r, struct slice value)
{
    struct part *part = &r->mime->part;
    struct slice type = mime_header_word(value);

    part->multipart = starts_ignoring_case(type, SLICE_LIT("multipart/"));
    part->message = starts_ignoring_case(type, SLICE_LIT("message/"));
    part->text =
        slice_ieq(type, SLICE_LIT("text/plain")) || slice_ieq(type, SLICE_LIT("text/html"));
    if (mime_header_parameter(value, SLICE_LIT("boundary"), part->boundary, BOUNDARY_MAX,
                              &part->boundary_len)) {
        part->multipart = true;
        part->boundary_too_long = part->boundary_len > BOUNDARY_MAX;
    }
    take_filename(r, value, SLICE_LIT("name"));
}

static void take_encoding(struct run *r, struct slice value)
{
    struct slice word = mime_header_word(value);
    const struct smtp_config *c = r->config;
    bool base64 = !(c && c->base64_off) && slice_ieq(word, SLICE_LIT("base64"));
    bool quoted = !(c && c->quoted_off) && slice_ieq(word, SLICE_LIT("quoted-printable"));

    r->mime->part.encoding = base64 ? BASE64 : quoted ? QUOTED : AS_IS;
}

static void field_done(struct run *r)
{
    struct mime *m = r->mime;
    struct slice field = {m->field, m->field_len};
    int64_t colon = slice_find_byte(field, ':');

    m->field_len = 0;
    if (!field.len || colon <= 0)
        return;
    struct slice name = slice_trim(slice_head(field, (uint32_t)colon));
    struct slice value = slice_trim(slice_from(field, (uint32_t)colon + 1));
    if (name.len > NAME_LIMIT)
        app_note(r->app, r->tx, SMTP_MIME_LONG_NAME);
    uint32_t most = r->config ? r->config->value_bytes : SMTP_VALUE_MAX;
    if (value.len > most || m->field_cut)
        app_note(r->app, r->tx, SMTP_MIME_LONG_VALUE);
    value = slice_head(value, most);
    r->mail->status = MAIL_HEADER_STARTED;
    if (m->main_part)
        keep_main_field(r, name, value);
    if (slice_ieq(name, SLICE_LIT("content-type")))
        take_type(r, value);
    else if (slice_ieq(name, SLICE_LIT("content-disposition"))) {
        m->part.named = false; /* its name goes before that of the type */
        take_filename(r, value, SLICE_LIT("filename"));
    } else if (slice_ieq(name, SLICE_LIT("content-transfer-encoding"))) {
        take_encoding(r, value);
    }
}

static void field_add(struct mime *m, struct slice bytes)
{
    uint32_t n = FIELD_MAX - m->field_len;

    m->field_cut |= bytes.len > n;
    n = bytes.len < n ? bytes.len : n;
    if (n)
        memcpy(m->field + m->field_len, bytes.at, n);
    m->field_len += n;
}

static void header_begins(struct mime *m)
{
    m->in_body = false;
    m->epilogue = false;
    m->field_len = 0;
    m->field_cut = false;
    m->part = (struct part){.text = true};
}

static void push_boundary(struct run *r)
{
    struct mime *m = r->mime;
    const struct part *part = &m->part;

    if (part->boundary_too_long) {
        app_note(r->app, r->tx, SMTP_MIME_LONG_BOUNDARY);
        r->mail->failed = true;
        return;
    }
    if (!part->boundary_len)
        return;
    if (m->depth == DEPTH_MAX) {
        app_note(r->app, r->tx, SMTP_MIME_FAILED);
        r->mail->failed = true;
        return;
    }
    struct boundary *b = &m->stack[m->depth++];
    memcpy(b->bytes, part->boundary, part->boundary_len);
    b->len = part->boundary_len;
}

static void header_ends(struct run *r)
{
    struct mime *m = r->mime;

    field_done(r);
    m->field_cut = false;
    if (m->main_part) {
        r->mail->headers_done = true;
        app_progress(r->app, r->tx, TO_SERVER, TX_BODY);
    }
    m->main_part = false;
    if (m->part.multipart)
        push_boundary(r);
    if (m->part.message && !m->part.named && !m->part.multipart) {
        header_begins(m); /* a message inside: its header comes now */
        return;
    }
    body_begins(r);
}

static void header_line(struct run *r, struct slice line)
{
    struct mime *m = r->mime;

    if (!line.len && !m->line_cut) {
        header_ends(r);
        return;
    }
    bool folded = m->line_cut || line.at[0] == ' ' || line.at[0] == '\t';
    if (!folded) {
        field_done(r);
        m->field_cut = false;
        if (slice_find_byte(line, ':') <= 0)
            return;
    } else if (!m->field_len) {
        app_note(r->app, r->tx, SMTP_MIME_MALFORMED);
        return;
    }
    field_add(m, line);
}

/* ---- lines -------------------------------------------------------------------------------- */

/* "--boundary" or "--boundary--" of any multipart that is open, the innermost first. */
static bool is_boundary(struct run *r, struct slice line)
{
    struct mime *m = r->mime;

    if (m->line_cut || !m->depth || !slice_starts(line, SLICE_LIT("--")))
        return false;
    for (uint32_t i = m->depth; i > 0; i--) {
        const struct boundary *b = &m->stack[i - 1];
        struct slice rest = slice_from(line, 2);
        if (!slice_starts(rest, (struct slice){b->bytes, b->len}))
            continue;
        rest = slice_from(rest, b->len);
        bool closes = slice_starts(rest, SLICE_LIT("--"));
        if (!closes && slice_trim(rest).len)
            continue;
        if (!m->in_body)
            field_done(r);
        body_ends(r);
        m->depth = closes ? i - 1 : i;
        header_begins(m);
        m->in_body = m->epilogue = closes;
        r->mail->status = MAIL_BODY_END_BOUND;
        return true;
    }
    return false;
}

static void take_line(struct run *r, struct slice line, uint32_t end_len)
{
    struct mime *m = r->mime;
    bool main_header = m->main_part && !m->in_body;

    if (!main_header && m->md5_on) {
        static const struct slice ends[] = {SLICE_LIT(""), SLICE_LIT("\n"), SLICE_LIT("\r\n")};
        if (m->dotted)
            digest_update(&m->md5, SLICE_LIT("."));
        digest_update(&m->md5, line);
        digest_update(&m->md5, ends[end_len]);
    }
    if (line.len > LINE_LIMIT && (!m->in_body || m->part.encoding != AS_IS))
        app_note(r->app, r->tx, SMTP_MIME_LONG_LINE);
    if (!is_boundary(r, line)) {
        if (!m->in_body) {
            header_line(r, line);
        } else if (!m->epilogue && !m->part.multipart) {
            r->mail->status = MAIL_BODY_STARTED;
            body_line(r, line, end_len);
        }
    }
    m->line_cut = end_len == 0;
    m->dotted = false;
}

void mime_dot(struct mime *mime)
{
    mime->dotted = true;
}

void mime_bytes(struct mime *mime, struct app *app, struct tx *tx, struct slice bytes)
{
    struct run r = run_of(mime, app, tx);

    if (mime->raw) {
        app_file_data(app, tx, TO_SERVER, bytes);
        return;
    }
    while (bytes.len) {
        uint32_t room = LINE_MAX - mime->line_len;
        struct slice head = slice_head(bytes, room);
        int64_t eol = slice_find_byte(head, '\n');
        uint32_t n = eol < 0 ? head.len : (uint32_t)eol + 1;
        struct slice line = slice_head(bytes, n);
        if (mime->line_len || eol < 0) {
            memcpy(mime->line + mime->line_len, bytes.at, n);
            mime->line_len += n;
            line = (struct slice){mime->line, mime->line_len};
        }
        bytes = slice_from(bytes, n);
        if (eol < 0 && mime->line_len < LINE_MAX)
            return;
        uint32_t end = eol < 0 ? 0 : line.len > 1 && line.at[line.len - 2] == '\r' ? 2 : 1;
        mime->line_len = 0;
        take_line(&r, slice_head(line, line.len - end), end);
    }
}

void mime_end(struct mime *mime, struct app *app, struct tx *tx)
{
    struct run r = run_of(mime, app, tx);
    uint8_t digest[DIGEST_MAX];
    char hex[DIGEST_TEXT_MAX];

    if (mime->raw) {
        body_ends(&r);
        return;
    }
    if (mime->line_len) {
        uint32_t len = mime->line_len;
        mime->line_len = 0;
        take_line(&r, (struct slice){mime->line, len}, 0);
    }
    if (!mime->in_body)
        field_done(&r);
    body_ends(&r);
    if (mime->md5_on) {
        digest_final(&mime->md5, digest);
        digest_text(digest, digest_size(DIGEST_MD5), hex);
        r.mail->body_md5 = app_keep(app, tx, slice_of_str(hex));
    }
    r.mail->headers_done = true;
    r.mail->status = MAIL_PARSE_DONE;
}

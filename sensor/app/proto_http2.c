/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/2 over TCP, with prior knowledge or after an upgrade from HTTP/1.
 * Spec: RFC 9113 (frames, streams), RFC 7541 (headers; decoded by common/hpack.h).
 * One transaction = a stream with its request and response, whose buffers and files are those of
 * HTTP/1; a frame of the connection itself (stream 0) is a transaction of its own.
 * Limits: frames other than DATA up to 64 KB; FRAMES_MAX frames and SETTINGS_MAX settings of a
 * transaction's direction are kept; BODIES_MAX coded bodies are unpacked at the same time.
 */
#include "sensor/app/http2_tx.h"

#include "common/hpack.h"

enum {
    HEADER_BYTES = 9,
    FRAME_MAX = 65536 - HEADER_BYTES,
    FRAMES_MAX = 64,
    SETTINGS_MAX = 64,
    SIZES_MAX = 16,
    BODIES_MAX = 16,
    SETTING_BYTES = 6,
    SETTING_TABLE_SIZE = 1,
    SETTING_LAST = 8,
    FIRST_SETTINGS_MAX = 16, /* in the server's first frame, to be recognised by */
    FLAG_END_STREAM = 1,
    FLAG_ACK = 1,
    FLAG_END_HEADERS = 4,
    FLAG_PADDED = 8,
    FLAG_PRIORITY = 32,
};

static const struct slice magic = SLICE_LIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

struct http2_side {
    struct hpack *hpack;
    bool lost;       /* a block of headers could not be decoded: no later one can */
    bool in_block;   /* headers are being continued */
    uint32_t stream; /* of the block, or of the DATA in hand */
    bool ends;       /* the stream ends with it */
    bool promised;   /* the block is a pushed request */
    uint32_t left;   /* of DATA, without padding */
    uint32_t padding;
    uint32_t last_stream; /* highest seen */
};

struct http2_coded {
    uint32_t stream;
    enum dir dir;
    struct http_body *body;
};

struct http2_state {
    struct http2_side side[2];
    struct http2_coded coded[BODIES_MAX];
    uint32_t next_coded; /* replaced when all are in use */
    bool greeted;
};

enum {
    NOTE_FRAME_HEADER,
    NOTE_MAGIC,
    NOTE_FRAME_DATA,
    NOTE_HEADER,
    NOTE_LENGTH,
    NOTE_EXTRA,
    NOTE_LONG,
    NOTE_REUSE,
    NOTE_SETTINGS1,
    NOTE_DECOMPRESSION,
    NOTE_RANGE,
    NOTE_INTEGER,
    NOTE_STREAMS,
    NOTE_AUTHORITY,
    NOTE_USERINFO,
    NOTE_LIMIT,
};
static const char *const http2_notes[] = {
    "invalid_frame_header",
    "invalid_client_magic",
    "invalid_frame_data",
    "invalid_header",
    "invalid_frame_length",
    "extra_header_data",
    "long_frame_data",
    "stream_id_reuse",
    "invalid_http1_settings",
    "failed_decompression",
    "invalid_range",
    "header_integer_overflow",
    "too_many_streams",
    "authority_host_mismatch",
    "userinfo_in_uri",
    "reassembly_limit_reached",
    NULL,
};

struct incoming {
    uint32_t length, stream;
    uint8_t type, flags;
    enum dir dir;
    struct slice body;
};

/* ---- transactions ------------------------------------------------------------------------- */

static bool read_frame(struct slice in, struct incoming *f)
{
    struct cursor c = cursor_of(in);
    f->length = cursor_be24(&c);
    f->type = cursor_u8(&c);
    f->flags = cursor_u8(&c);
    f->stream = cursor_be32(&c) & 0x7fffffff;
    return cursor_ok(&c);
}

static struct tx *stream_new(struct app *app, uint32_t stream)
{
    struct tx *tx = app_tx_new(app, stream);
    if (tx)
        ((struct http2_tx *)tx_data(tx))->stream = stream;
    return tx;
}

static void both_done(struct app *app, struct tx *tx)
{
    app_progress(app, tx, TO_SERVER, TX_DONE);
    app_progress(app, tx, TO_CLIENT, TX_DONE);
}

static bool stands_alone(const struct incoming *f)
{
    return !f->stream || f->type == HTTP2_RST_STREAM || f->type == HTTP2_PRIORITY ||
           f->type == HTTP2_WINDOW_UPDATE;
}

/* What may come, with no meaning, for a stream that is over. */
static bool is_late(const struct http2_state *state, const struct incoming *f)
{
    if (f->type == HTTP2_HEADERS && f->dir == TO_CLIENT)
        return f->stream <= state->side[TO_SERVER].last_stream;
    if (f->type == HTTP2_RST_STREAM) /* odd ones are the client's */
        return f->stream &&
               f->stream <= state->side[f->stream & 1 ? TO_SERVER : TO_CLIENT].last_stream;
    return f->type == HTTP2_WINDOW_UPDATE && f->stream &&
           f->stream <= state->side[f->dir].last_stream;
}

static struct tx *stream_begin(struct app *app, const struct incoming *f)
{
    struct http2_state *state = app_state(app);
    struct http2_side *side = &state->side[f->dir];
    struct tx *tx = stream_new(app, f->stream);

    if (tx && f->stream <= side->last_stream && f->dir == TO_SERVER)
        app_note(app, tx, NOTE_REUSE);
    if (f->stream > side->last_stream)
        side->last_stream = f->stream;
    return tx;
}

/* The transaction a frame belongs to; NULL when it says nothing. Of a stream that is over, or none,
 * only what ends or ranks it is worth one: then it is `*single`, over with this frame. */
static struct tx *tx_of(struct app *app, const struct incoming *f, bool *single)
{
    struct tx *tx = f->stream ? app_tx_find(app, f->stream) : NULL;

    *single = !tx && stands_alone(f);
    if (tx || is_late(app_state(app), f))
        return tx;
    return *single ? stream_new(app, f->stream) : stream_begin(app, f);
}

static struct http2_frame *add_frame(struct app *app, struct tx *tx, const struct incoming *f)
{
    struct http2_tx *http2 = tx_data(tx);
    struct list *frames = &http2->frames[f->dir];

    if (frames->n >= FRAMES_MAX)
        return NULL;
    struct http2_frame *frame = app_append(app, tx, frames, sizeof *frame);
    if (frame)
        frame->type = f->type;
    return frame;
}

/* ---- bodies ------------------------------------------------------------------------------- */

static struct http2_coded *coded_of(struct http2_state *state, uint32_t stream, enum dir dir)
{
    for (uint32_t i = 0; i < BODIES_MAX; i++) {
        struct http2_coded *coded = &state->coded[i];
        if (coded->body && coded->stream == stream && coded->dir == dir)
            return coded;
    }
    return NULL;
}

static void coded_begin(struct http2_state *state, uint32_t stream, enum dir dir,
                        struct slice encoding)
{
    struct http2_coded *place = coded_of(state, stream, dir);
    for (uint32_t i = 0; !place && i < BODIES_MAX; i++)
        if (!state->coded[i].body)
            place = &state->coded[i];
    if (!place)
        place = &state->coded[state->next_coded++ % BODIES_MAX];
    http_body_free(&place->body);
    *place = (struct http2_coded){stream, dir, http_body_new(encoding, HTTP_LAYERS)};
}

static struct slice file_name(struct tx *tx, enum dir dir)
{
    const struct http_tx *http = tx_data(tx);
    const struct http_message *m = http_tx_message(tx, dir);
    struct slice name =
        http_head_parameter(m->known[HTTP_CONTENT_DISPOSITION], SLICE_LIT("filename"));
    return name.len ? name : http->path;
}

static void body_begin(struct app *app, struct tx *tx, uint32_t stream, enum dir dir)
{
    struct slice encoding = http_tx_message(tx, dir)->known[HTTP_CONTENT_ENCODING];
    if (encoding.len)
        coded_begin(app_state(app), stream, dir, encoding);
    app_file_begin(app, tx, dir, file_name(tx, dir));
}

static void body_bytes(struct app *app, struct tx *tx, uint32_t stream, enum dir dir,
                       struct slice data)
{
    struct http_message *m = http_tx_message(tx, dir);

    if (!data.len)
        return;
    if (!m->length)
        body_begin(app, tx, stream, dir);
    struct http2_coded *coded = coded_of(app_state(app), stream, dir);
    m->length += data.len;
    if (!http_body_data(coded ? coded->body : NULL, app, tx, dir, data)) {
        app_note(app, tx, NOTE_DECOMPRESSION);
        if (coded)
            http_body_free(&coded->body);
        app_file_end(app, tx, dir, false);
    }
}

static void side_done(struct app *app, struct tx *tx, uint32_t stream, enum dir dir)
{
    struct http2_coded *coded = coded_of(app_state(app), stream, dir);
    if (coded)
        http_body_free(&coded->body);
    app_file_end(app, tx, dir, true);
    app_progress(app, tx, dir, TX_DONE);
}

/* ---- headers ------------------------------------------------------------------------------ */

static void take_target(struct tx *tx, struct slice target)
{
    struct http_tx *http = tx_data(tx);
    struct http_uri uri = http_uri_split(target, false);

    http->uri_raw = target;
    http->uri = http_uri_normal(tx, &uri, &http->path);
}

static void take_authority(struct app *app, struct tx *tx, struct slice authority)
{
    struct http_tx *http = tx_data(tx);

    http->host_raw = authority;
    http->host = http_uri_host(tx, authority, &http->port);
    if (slice_find_byte(authority, '@') >= 0)
        app_note(app, tx, NOTE_USERINFO);
}

static void take_status(struct tx *tx, struct slice text)
{
    struct http_tx *http = tx_data(tx);
    uint64_t status;

    if (!slice_to_u64(text, &status) || status > 999)
        return;
    http->status_text = text;
    http->status = (uint16_t)status;
}

static void take_header(struct app *app, struct tx *tx, enum dir dir, struct slice name,
                        struct slice value)
{
    struct http_tx *http = tx_data(tx);

    name = app_keep(app, tx, name);
    if (!name.at)
        name = SLICE_LIT("");
    struct slice kept = app_keep(app, tx, value);
    value = kept.at ? kept : SLICE_LIT("");
    if (!http_head_add(app, tx, dir, name, value))
        return;
    if (dir == TO_CLIENT && slice_eq(name, SLICE_LIT(":status")))
        take_status(tx, value);
    if (dir == TO_CLIENT)
        return;
    if (slice_eq(name, SLICE_LIT(":method")))
        http->method = value;
    else if (slice_eq(name, SLICE_LIT(":path")))
        take_target(tx, value);
    else if (slice_eq(name, SLICE_LIT(":authority")))
        take_authority(app, tx, value);
}

/* "GET /x HTTP/2", or "HTTP/2 200", with the end of the line. */
static struct slice line_of(struct tx *tx, struct slice a, struct slice b, struct slice c)
{
    uint32_t len = a.len + b.len + c.len + 4;
    uint8_t *at = app_tx_alloc(tx, len);
    struct slice words[] = {a, SLICE_LIT(" "),   b, c.len ? SLICE_LIT(" ") : SLICE_NONE,
                            c, SLICE_LIT("\r\n")};
    uint32_t n = 0;

    for (uint32_t i = 0; at && i < sizeof words / sizeof *words; i++) {
        if (words[i].len)
            memcpy(&at[n], words[i].at, words[i].len);
        n += words[i].len;
    }
    return (struct slice){at, n};
}

/* A Host header may say something else than :authority, but should not. */
static void compare_hosts(struct app *app, struct tx *tx)
{
    struct http_tx *http = tx_data(tx);
    struct slice host = http->request.known[HTTP_HOST];

    if (!host.at)
        return;
    if (!http->host_raw.at)
        take_authority(app, tx, host);
    else if (!slice_ieq(host, http->host_raw))
        app_note(app, tx, NOTE_AUTHORITY);
}

static bool good_range(struct slice range)
{
    struct slice unit = SLICE_LIT("bytes ");
    return slice_starts(range, unit) && slice_find_byte(slice_from(range, unit.len), '/') >= 0;
}

static void headers_done(struct app *app, struct tx *tx, enum dir dir)
{
    struct http_tx *http = tx_data(tx);
    struct http_message *m = http_tx_message(tx, dir);

    m->protocol = SLICE_LIT("HTTP/2");
    if (dir == TO_SERVER) {
        m->line = line_of(tx, http->method, http->uri_raw, m->protocol);
        compare_hosts(app, tx);
    } else {
        m->line = line_of(tx, m->protocol, http->status_text, SLICE_NONE);
        if (m->known[HTTP_CONTENT_RANGE].len && !good_range(m->known[HTTP_CONTENT_RANGE]))
            app_note(app, tx, NOTE_RANGE);
    }
    app_progress(app, tx, dir, TX_HEADERS);
}

/* Announcements of the table's size stand at the start of a block (RFC 7541, 6.3). */
static void read_sizes(struct app *app, struct tx *tx, enum dir dir, struct slice block)
{
    struct http2_tx *http2 = tx_data(tx);
    struct cursor c = cursor_of(block);

    while (cursor_left(&c) && http2->sizes[dir].n < SIZES_MAX) {
        uint8_t b = cursor_u8(&c);
        if ((b & 0xe0) != 0x20)
            return;
        uint64_t bytes = b & 0x1f;
        uint32_t shift = 0;
        for (bool more = bytes == 0x1f; more && cursor_ok(&c); shift += 7) {
            b = cursor_u8(&c);
            more = (b & 0x80) != 0;
            if (shift > 28) {
                app_note(app, tx, NOTE_INTEGER);
                return;
            }
            bytes += (uint64_t)(b & 0x7f) << shift;
        }
        struct http2_size *size = app_append(app, tx, &http2->sizes[dir], sizeof *size);
        if (size)
            size->bytes = bytes;
    }
}

/* Decodes a part of a block into the message of `to`. */
static void decode_block(struct app *app, struct tx *tx, struct http2_side *side, enum dir to,
                         struct slice part, bool last)
{
    struct slice name, value;
    enum err err = ERR_OK;

    if (!side->hpack && !side->lost)
        side->hpack = hpack_new();
    if (!side->hpack)
        return;
    while ((err = hpack_next(side->hpack, &part, last, &name, &value)) == ERR_OK)
        if (tx)
            take_header(app, tx, to, name, value);
    if (err == ERR_INPUT) {
        app_note(app, tx, NOTE_HEADER);
        side->lost = true;
        hpack_free(&side->hpack);
    }
}

static void take_block(struct app *app, struct tx *tx, struct http2_side *side,
                       const struct incoming *f, struct slice part)
{
    bool last = (f->flags & FLAG_END_HEADERS) != 0;
    enum dir to = side->promised ? TO_SERVER : f->dir;

    decode_block(app, tx, side, to, part, last);
    side->in_block = !last;
    if (!last || !tx)
        return;
    headers_done(app, tx, to);
    if (side->promised)
        app_progress(app, tx, TO_SERVER, TX_DONE);
    else if (side->ends)
        side_done(app, tx, side->stream, f->dir);
}

/* Without the padding the flags announce. */
static bool unpadded(const struct incoming *f, struct cursor *c)
{
    *c = cursor_of(f->body);
    if (!(f->flags & FLAG_PADDED))
        return true;
    uint8_t padding = cursor_u8(c);
    if (!cursor_ok(c) || padding > cursor_left(c))
        return false;
    *c = cursor_of(cursor_take(c, cursor_left(c) - padding));
    return true;
}

static void read_weight(struct cursor *c, struct http2_frame *kept)
{
    cursor_skip(c, 4);
    uint8_t weight = cursor_u8(c);
    if (kept && cursor_ok(c)) {
        kept->has_priority = true;
        kept->priority = weight;
    }
}

static void take_headers(struct app *app, struct tx *tx, struct http2_side *side,
                         const struct incoming *f, struct http2_frame *kept)
{
    struct cursor c;

    if (!unpadded(f, &c)) {
        app_note(app, tx, NOTE_FRAME_DATA);
        return;
    }
    side->promised = f->type == HTTP2_PUSH_PROMISE;
    side->stream = f->stream;
    side->ends = !side->promised && (f->flags & FLAG_END_STREAM);
    if (side->promised) {
        struct incoming pushed = {.stream = cursor_be32(&c) & 0x7fffffff, .type = HTTP2_HEADERS};
        side->stream = pushed.stream;
        tx = cursor_ok(&c) && pushed.stream ? stream_new(app, pushed.stream) : NULL;
    } else if (f->flags & FLAG_PRIORITY) {
        read_weight(&c, kept);
    }
    struct slice block = cursor_rest(&c);
    if (tx)
        read_sizes(app, tx, side->promised ? TO_SERVER : f->dir, block);
    take_block(app, tx, side, f, block);
}

/* ---- other frames ------------------------------------------------------------------------- */

static void take_settings(struct app *app, struct tx *tx, const struct incoming *f)
{
    struct http2_state *state = app_state(app);
    struct http2_tx *http2 = tx_data(tx);
    struct cursor c = cursor_of(f->body);

    if (f->length % SETTING_BYTES || ((f->flags & FLAG_ACK) && f->length))
        app_note(app, tx, NOTE_LENGTH);
    while (cursor_left(&c) >= SETTING_BYTES && http2->settings[f->dir].n < SETTINGS_MAX) {
        uint16_t id = cursor_be16(&c);
        uint32_t value = cursor_be32(&c);
        struct http2_side *other = &state->side[dir_other(f->dir)];
        if (id == SETTING_TABLE_SIZE && !other->hpack && !other->lost)
            other->hpack = hpack_new();
        if (id == SETTING_TABLE_SIZE && other->hpack)
            hpack_allow(other->hpack, value);
        struct http2_setting *s = app_append(app, tx, &http2->settings[f->dir], sizeof *s);
        if (s)
            *s = (struct http2_setting){id, value};
    }
}

static void take_error(struct app *app, struct tx *tx, const struct incoming *f,
                       struct http2_frame *kept)
{
    struct cursor c = cursor_of(f->body);

    if (f->type == HTTP2_GOAWAY)
        cursor_skip(&c, 4);
    uint32_t error = cursor_be32(&c);
    if (!cursor_ok(&c) || (f->type == HTTP2_RST_STREAM && f->length != 4))
        app_note(app, tx, NOTE_LENGTH);
    if (kept && cursor_ok(&c)) {
        kept->has_error = true;
        kept->error = error;
    }
    if (f->type == HTTP2_RST_STREAM) /* the other side may have sent more before it hears of it */
        app_progress(app, tx, f->dir, TX_DONE);
}

static void take_small(struct app *app, struct tx *tx, const struct incoming *f,
                       struct http2_frame *kept)
{
    struct cursor c = cursor_of(f->body);
    uint32_t right = f->type == HTTP2_PRIORITY ? 5 : f->type == HTTP2_PING ? 8 : 4;

    if (f->length != right)
        app_note(app, tx, NOTE_LENGTH);
    if (f->type == HTTP2_PRIORITY)
        read_weight(&c, kept);
    if (f->type == HTTP2_WINDOW_UPDATE && kept) {
        kept->window = cursor_be32(&c) & 0x7fffffff;
        kept->has_window = cursor_ok(&c);
    }
}

static void take_frame(struct app *app, struct tx *tx, const struct incoming *f)
{
    struct http2_state *state = app_state(app);
    struct http2_frame *kept = add_frame(app, tx, f);

    switch (f->type) {
    case HTTP2_HEADERS:
    case HTTP2_PUSH_PROMISE:
        take_headers(app, tx, &state->side[f->dir], f, kept);
        break;
    case HTTP2_SETTINGS:
        take_settings(app, tx, f);
        break;
    case HTTP2_GOAWAY:
    case HTTP2_RST_STREAM:
        take_error(app, tx, f, kept);
        break;
    case HTTP2_PRIORITY:
    case HTTP2_PING:
    case HTTP2_WINDOW_UPDATE:
        take_small(app, tx, f, kept);
        break;
    default:
        app_note(app, tx, NOTE_FRAME_HEADER);
        break;
    }
}

static void take_continuation(struct app *app, struct http2_side *side, const struct incoming *f)
{
    struct tx *tx = app_tx_find(app, side->stream);

    if (!side->in_block || (f->stream != side->stream && !side->promised)) {
        app_note(app, NULL, NOTE_FRAME_DATA);
        return;
    }
    if (tx)
        (void)add_frame(app, tx, f);
    take_block(app, tx, side, f, f->body);
}

/* Too long to be kept: its headers, and those after it, cannot be decoded. */
static struct parsed skip_frame(struct app *app, struct http2_side *side, const struct incoming *f)
{
    app_note(app, NULL, NOTE_LONG);
    if (f->type == HTTP2_HEADERS || f->type == HTTP2_CONTINUATION ||
        f->type == HTTP2_PUSH_PROMISE) {
        app_note(app, NULL, NOTE_LIMIT);
        side->lost = true;
        side->in_block = false;
        hpack_free(&side->hpack);
    }
    return parse_done(HEADER_BYTES + f->length);
}

/* ---- DATA --------------------------------------------------------------------------------- */

static struct parsed data_begin(struct app *app, struct http2_side *side, const struct incoming *f,
                                struct slice in)
{
    struct cursor c = cursor_of(slice_from(in, HEADER_BYTES));
    uint32_t used = 0, padding = 0;

    if (f->flags & FLAG_PADDED) {
        padding = cursor_u8(&c);
        used = 1;
        if (!cursor_ok(&c) && f->length)
            return parse_more(HEADER_BYTES + 1);
    }
    struct tx *tx = app_tx_find(app, f->stream);
    if (used + padding > f->length) {
        app_note(app, tx, NOTE_FRAME_DATA);
        return parse_done(HEADER_BYTES + f->length);
    }
    if (tx)
        (void)add_frame(app, tx, f);
    side->stream = f->stream;
    side->ends = f->flags & FLAG_END_STREAM;
    side->left = f->length - used - padding;
    side->padding = padding;
    if (!side->left && side->ends && tx)
        side_done(app, tx, f->stream, f->dir);
    return parse_done(HEADER_BYTES + used + (side->left ? 0 : padding));
}

static struct parsed data_bytes(struct app *app, struct http2_side *side, enum dir dir,
                                struct slice in)
{
    struct tx *tx = app_tx_find(app, side->stream);
    struct slice data = slice_head(in, side->left);

    if (tx && tx->progress[dir] != TX_DONE)
        body_bytes(app, tx, side->stream, dir, data);
    side->left -= data.len;
    if (side->left)
        return parse_done(data.len);
    if (side->ends && tx)
        side_done(app, tx, side->stream, dir);
    return parse_done(data.len + side->padding);
}

/* ---- connection --------------------------------------------------------------------------- */

static struct parsed greeting(struct app *app, struct slice in)
{
    struct http2_state *state = app_state(app);

    if (!slice_eq(slice_head(in, magic.len), slice_head(magic, in.len))) {
        app_note(app, NULL, NOTE_MAGIC);
        return parse_bad();
    }
    if (in.len < magic.len)
        return parse_more(magic.len);
    state->greeted = true;
    return parse_done(magic.len);
}

static void take_whole(struct app *app, struct http2_side *side, const struct incoming *f)
{
    bool single;

    if (f->type == HTTP2_CONTINUATION) {
        take_continuation(app, side, f);
        return;
    }
    if (f->type == HTTP2_SETTINGS && (f->flags & FLAG_ACK) && !f->length)
        return;
    struct tx *tx = tx_of(app, f, &single);
    if (tx)
        take_frame(app, tx, f);
    else if (f->type == HTTP2_HEADERS)
        take_headers(app, NULL, side, f, NULL);
    if (tx && single)
        both_done(app, tx);
}

static struct parsed http2_parse(struct app *app, enum dir dir, struct slice in)
{
    struct http2_state *state = app_state(app);
    struct http2_side *side = &state->side[dir];
    struct incoming f = {.dir = dir};

    if (!in.len)
        return parse_more(1);
    if (dir == TO_SERVER && !state->greeted)
        return greeting(app, in);
    if (side->left)
        return data_bytes(app, side, dir, in);
    if (!read_frame(in, &f))
        return parse_more(HEADER_BYTES);
    if (f.type == HTTP2_DATA)
        return data_begin(app, side, &f, in);
    if (f.length > FRAME_MAX)
        return skip_frame(app, side, &f);
    if (in.len < HEADER_BYTES + f.length)
        return parse_more(HEADER_BYTES + f.length);
    f.body = slice_head(slice_from(in, HEADER_BYTES), f.length);
    take_whole(app, side, &f);
    return parse_done(HEADER_BYTES + f.length);
}

/* After an upgrade the request that asked for it is stream 1. */
static void http2_take_over(struct app *app, struct tx *before)
{
    if (!before || strcmp(before->proto->name, "http") != 0)
        return;
    const struct http_tx *old = tx_data(before);
    struct tx *tx = stream_new(app, 1);
    if (!tx)
        return;
    const struct http_field *fields = old->request.fields.at;
    take_header(app, tx, TO_SERVER, SLICE_LIT(":method"), old->method);
    take_header(app, tx, TO_SERVER, SLICE_LIT(":path"), old->uri_raw);
    for (uint32_t i = 0; i < old->request.fields.n; i++)
        take_header(app, tx, TO_SERVER, fields[i].name, fields[i].value);
    headers_done(app, tx, TO_SERVER);
    app_progress(app, tx, TO_SERVER, TX_DONE);
}

static void http2_state_fini(void *at)
{
    struct http2_state *state = at;
    hpack_free(&state->side[TO_SERVER].hpack);
    hpack_free(&state->side[TO_CLIENT].hpack);
    for (uint32_t i = 0; i < BODIES_MAX; i++)
        http_body_free(&state->coded[i].body);
}

/* A server may speak first: then with its settings. */
static enum probe probe_settings(struct slice head)
{
    static const uint8_t begin[] = {0, 0};
    struct incoming f;

    if (!slice_starts(head, slice_head((struct slice){begin, 2}, head.len)))
        return PROBE_NO;
    if (!read_frame(head, &f))
        return head.len > 3 && head.at[3] != HTTP2_SETTINGS ? PROBE_NO : PROBE_MORE;
    if (f.type != HTTP2_SETTINGS || f.flags || f.stream || f.length % SETTING_BYTES ||
        f.length > SETTING_BYTES * FIRST_SETTINGS_MAX)
        return PROBE_NO;
    struct cursor c = cursor_of(slice_head(slice_from(head, HEADER_BYTES), f.length));
    if (cursor_left(&c) < f.length)
        return PROBE_MORE;
    for (uint32_t n = f.length / SETTING_BYTES; n; n--) {
        uint16_t id = cursor_be16(&c);
        cursor_skip(&c, 4);
        if (id == 0 || (id > SETTING_LAST && (id & 0x0f0f) != 0x0a0a))
            return PROBE_NO;
    }
    return PROBE_YES;
}

static enum probe http2_probe(struct slice head, enum dir dir)
{
    if (dir == TO_CLIENT)
        return probe_settings(head);
    if (!slice_eq(slice_head(head, magic.len), slice_head(magic, head.len)))
        return PROBE_NO;
    return head.len < magic.len ? PROBE_MORE : PROBE_YES;
}

const struct proto_def proto_http2 = {
    .name = "http2",
    .eve = "http",
    .spec = "RFC 9113, RFC 7541",
    .doc = "Web requests and responses in the binary form, unencrypted",
    .l4 = L4_TCP,
    .ports = {80, 8080, 50051},
    .tx_size = sizeof(struct http2_tx),
    .state_size = sizeof(struct http2_state),
    .probe = http2_probe,
    .parse = http2_parse,
    .take_over = http2_take_over,
    .state_fini = http2_state_fini,
    .events = http2_event_count,
    .write_event = http2_event_write,
    .fields = http2_fields,
    .notes = http2_notes,
};

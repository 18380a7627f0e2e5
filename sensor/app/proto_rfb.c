/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFB (VNC): remote desktops, panels of machines, port 5900.
 * Spec: RFC 6143, section 7.1 to 7.3 (handshake); versions 3.3, 3.7, 3.8.
 * One transaction = the handshake of a connection; what follows is not parsed.
 * Limits: names and reasons TEXT_MAX bytes.
 */
#include "sensor/app/proto.h"

#include "common/jsonw.h"

enum {
    VERSION_BYTES = 12,
    CHALLENGE_BYTES = 16,
    SERVER_INIT_BYTES = 24,
    FORMAT_BYTES = 16,
    TEXT_MAX = 4096,
    SECURITY_NONE = 1,
    SECURITY_VNC = 2,
    RESULT_OK = 0,
    RESULT_FAIL = 1,
    MINOR_OLD = 3,
    MINOR_RESULT = 8, /* from here on a result comes without authentication too */
};

enum { NOTE_MALFORMED, NOTE_SECURITY, NOTE_RESULT, NOTE_CONFUSED };
static const char *const rfb_notes[] = {"malformed_message", "unimplemented_security_type",
                                        "unknown_security_result", "confused_state", NULL};

/** What a side sends next. */
enum step {
    VERSION,
    SECURITY_TYPES, /* server: a list; client: its choice */
    CHALLENGE,      /* server; the client's response */
    RESULT,
    REASON,
    INIT,
    OVER,
};

struct rfb_state {
    enum step step[2];
    uint8_t minor; /* agreed on */
};

struct rfb_tx {
    struct slice server_version, client_version; /* "003.008" */
    bool has_type, has_result, has_shared, has_frame;
    uint32_t type, result;
    struct slice challenge, response, reason, name;
    uint8_t shared;
    uint16_t width, height;
    struct slice format;
};

/* ---- server ------------------------------------------------------------------------------- */

static struct parsed bad(struct app *app, struct tx *tx)
{
    app_note(app, tx, NOTE_MALFORMED);
    return parse_bad();
}

/* What comes once the security type is settled. */
static void settle(struct app *app, struct tx *tx, uint32_t type)
{
    struct rfb_state *state = app_state(app);
    struct rfb_tx *rfb = tx_data(tx);

    rfb->type = type;
    rfb->has_type = true;
    app_progress(app, tx, TO_SERVER, TX_HEADERS);
    if (type == SECURITY_VNC) {
        state->step[TO_CLIENT] = state->step[TO_SERVER] = CHALLENGE;
    } else if (type == SECURITY_NONE) {
        state->step[TO_CLIENT] = state->minor >= MINOR_RESULT ? RESULT : INIT;
        state->step[TO_SERVER] = INIT;
    } else {
        app_note(app, tx, NOTE_SECURITY);
        state->step[TO_CLIENT] = state->step[TO_SERVER] = OVER;
    }
}

static struct parsed take_types(struct app *app, struct tx *tx, struct slice in)
{
    struct rfb_state *state = app_state(app);
    struct cursor c = cursor_of(in);

    if (state->minor == MINOR_OLD) {
        uint32_t type = cursor_be32(&c);
        if (!cursor_ok(&c))
            return parse_more(4);
        if (type)
            settle(app, tx, type);
        else
            state->step[TO_CLIENT] = REASON;
        return parse_done(4);
    }
    uint8_t n = cursor_u8(&c);
    cursor_skip(&c, n);
    if (!cursor_ok(&c))
        return parse_more(n + 1u);
    state->step[TO_CLIENT] = n ? OVER : REASON; /* until the client has chosen */
    return parse_done(n + 1u);
}

static struct parsed take_result(struct app *app, struct tx *tx, struct slice in)
{
    struct rfb_state *state = app_state(app);
    struct rfb_tx *rfb = tx_data(tx);
    struct cursor c = cursor_of(in);

    rfb->result = cursor_be32(&c);
    if (!cursor_ok(&c))
        return parse_more(4);
    rfb->has_result = true;
    if (rfb->result > 2)
        app_note(app, tx, NOTE_RESULT);
    state->step[TO_CLIENT] = rfb->result == RESULT_OK       ? INIT
                             : state->minor >= MINOR_RESULT ? REASON
                                                            : OVER;
    app_progress(app, tx, TO_CLIENT, TX_HEADERS);
    if (rfb->result == RESULT_OK)
        return parse_done(4);
    app_progress(app, tx, TO_SERVER, TX_DONE);
    if (state->step[TO_CLIENT] == OVER)
        app_progress(app, tx, TO_CLIENT, TX_DONE);
    return parse_done(4);
}

static struct parsed take_reason(struct app *app, struct tx *tx, struct slice in)
{
    struct rfb_state *state = app_state(app);
    struct rfb_tx *rfb = tx_data(tx);
    struct cursor c = cursor_of(in);
    uint32_t length = cursor_be32(&c);

    if (!cursor_ok(&c))
        return parse_more(4);
    if (length > TEXT_MAX)
        return bad(app, tx);
    struct slice text = cursor_take(&c, length);
    if (!cursor_ok(&c))
        return parse_more(4 + length);
    rfb->reason = app_keep(app, tx, text);
    state->step[TO_CLIENT] = OVER;
    app_progress(app, tx, TO_SERVER, TX_DONE);
    app_progress(app, tx, TO_CLIENT, TX_DONE);
    return parse_done(4 + length);
}

static struct parsed take_server_init(struct app *app, struct tx *tx, struct slice in)
{
    struct rfb_state *state = app_state(app);
    struct rfb_tx *rfb = tx_data(tx);
    struct cursor c = cursor_of(in);
    uint16_t width = cursor_be16(&c), height = cursor_be16(&c);
    struct slice format = cursor_take(&c, FORMAT_BYTES);
    uint32_t length = cursor_be32(&c);

    if (!cursor_ok(&c))
        return parse_more(SERVER_INIT_BYTES);
    if (length > TEXT_MAX)
        return bad(app, tx);
    struct slice name = cursor_take(&c, length);
    if (!cursor_ok(&c))
        return parse_more(SERVER_INIT_BYTES + length);
    rfb->width = width;
    rfb->height = height;
    rfb->format = app_keep(app, tx, format);
    rfb->name = app_keep(app, tx, name);
    rfb->has_frame = true;
    state->step[TO_CLIENT] = OVER;
    app_progress(app, tx, TO_SERVER, TX_DONE);
    app_progress(app, tx, TO_CLIENT, TX_DONE);
    return parse_done(SERVER_INIT_BYTES + length);
}

/* ---- both --------------------------------------------------------------------------------- */

static bool is_version(struct slice line)
{
    return line.len == VERSION_BYTES && slice_starts(line, SLICE_LIT("RFB ")) &&
           line.at[7] == '.' && line.at[11] == '\n';
}

static struct parsed take_version(struct app *app, struct tx *tx, enum dir dir, struct slice in)
{
    struct rfb_state *state = app_state(app);
    struct rfb_tx *rfb = tx_data(tx);
    struct slice line = slice_head(in, VERSION_BYTES);

    if (line.len < VERSION_BYTES)
        return parse_more(VERSION_BYTES);
    if (!is_version(line))
        return bad(app, tx);
    struct slice version = app_keep(app, tx, slice_head(slice_from(line, 4), 7));
    uint64_t minor = 0;
    if (dir == TO_CLIENT)
        rfb->server_version = version;
    else
        rfb->client_version = version;
    (void)slice_to_u64(slice_from(version, 4), &minor);
    uint8_t known = minor >= MINOR_RESULT ? MINOR_RESULT : minor == 7 ? 7 : MINOR_OLD;
    if (!state->minor || known < state->minor)
        state->minor = known;
    state->step[dir] = SECURITY_TYPES;
    app_progress(app, tx, dir, TX_LINE);
    return parse_done(VERSION_BYTES);
}

static struct parsed take_challenge(struct app *app, struct tx *tx, enum dir dir, struct slice in)
{
    struct rfb_state *state = app_state(app);
    struct rfb_tx *rfb = tx_data(tx);

    if (in.len < CHALLENGE_BYTES)
        return parse_more(CHALLENGE_BYTES);
    struct slice bytes = app_keep(app, tx, slice_head(in, CHALLENGE_BYTES));
    if (dir == TO_CLIENT)
        rfb->challenge = bytes;
    else
        rfb->response = bytes;
    state->step[dir] = dir == TO_CLIENT ? RESULT : INIT;
    return parse_done(CHALLENGE_BYTES);
}

static struct parsed parse_client(struct app *app, struct tx *tx, struct slice in)
{
    struct rfb_state *state = app_state(app);
    struct rfb_tx *rfb = tx_data(tx);

    switch (state->step[TO_SERVER]) {
    case VERSION:
        return take_version(app, tx, TO_SERVER, in);
    case SECURITY_TYPES:
        if (state->minor == MINOR_OLD) { /* the server has not told yet what it wants */
            app_note(app, tx, NOTE_CONFUSED);
            return parse_bad();
        }
        settle(app, tx, in.at[0]);
        return parse_done(1);
    case CHALLENGE:
        return take_challenge(app, tx, TO_SERVER, in);
    case INIT:
        rfb->shared = in.at[0];
        rfb->has_shared = true;
        state->step[TO_SERVER] = OVER;
        return parse_done(1);
    default:
        return parse_done(in.len);
    }
}

static struct parsed parse_server(struct app *app, struct tx *tx, struct slice in)
{
    struct rfb_state *state = app_state(app);

    switch (state->step[TO_CLIENT]) {
    case VERSION:
        return take_version(app, tx, TO_CLIENT, in);
    case SECURITY_TYPES:
        return take_types(app, tx, in);
    case CHALLENGE:
        return take_challenge(app, tx, TO_CLIENT, in);
    case RESULT:
        return take_result(app, tx, in);
    case REASON:
        return take_reason(app, tx, in);
    case INIT:
        return take_server_init(app, tx, in);
    case OVER:
        break;
    }
    return parse_done(in.len);
}

static struct parsed rfb_parse(struct app *app, enum dir dir, struct slice in)
{
    struct rfb_state *state = app_state(app);
    struct tx *tx = app_tx_find(app, 0);

    if (!in.len)
        return parse_more(1);
    if (!tx && (state->step[TO_SERVER] != VERSION || state->step[TO_CLIENT] != VERSION))
        return parse_off(); /* the handshake is over */
    if (!tx && !(tx = app_tx_new(app, 0)))
        return parse_full();
    return dir == TO_SERVER ? parse_client(app, tx, in) : parse_server(app, tx, in);
}

static enum probe rfb_probe(struct slice head, enum dir dir)
{
    struct slice mark = SLICE_LIT("RFB ");

    (void)dir;
    if (!slice_eq(slice_head(head, mark.len), slice_head(mark, head.len)))
        return PROBE_NO;
    if (head.len < VERSION_BYTES)
        return PROBE_MORE;
    return is_version(slice_head(head, VERSION_BYTES)) ? PROBE_YES : PROBE_NO;
}

/* ---- fields ------------------------------------------------------------------------------- */

static bool has_type(const struct tx *tx, const void *data)
{
    (void)tx;
    const struct rfb_tx *rfb = data;
    return rfb->has_type && rfb->has_frame;
}

static bool has_result(const struct tx *tx, const void *data)
{
    (void)tx;
    const struct rfb_tx *rfb = data;
    return rfb->has_result && rfb->has_frame;
}

static const struct label results[] = {
    {0, "ok"}, {1, "fail"}, {2, "toomany"}, {3, "unknown"}, {0, NULL}};

static const struct field rfb_fields[] = {
    {.name = "rfb.sectype",
     .uses = IN_RULES,
     .type = FIELD_U32,
     .offset = offsetof(struct rfb_tx, type),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .has = has_type,
     .doc = "Security type chosen, told when the session begins: 1 none, 2 VNC authentication"},
    {.name = "rfb.secresult",
     .uses = IN_RULES,
     .type = FIELD_U32,
     .offset = offsetof(struct rfb_tx, result),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .labels = results,
     .has = has_result,
     .doc = "Result of the authentication: ok, fail, toomany"},
    {.name = "rfb.name",
     .uses = IN_RULES | IN_IDENTITY,
     .type = FIELD_BYTES,
     .offset = offsetof(struct rfb_tx, name),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .doc = "Name of the desktop"},
    FIELD_END,
};

static void write_version(struct jsonw *w, const char *key, struct slice version)
{
    if (!version.len)
        return;
    jsonw_obj_open(w, key);
    jsonw_text(w, "major", slice_head(version, 3));
    jsonw_text(w, "minor", slice_from(version, 4));
    jsonw_obj_close(w);
}

static void write_authentication(struct jsonw *w, const struct rfb_tx *rfb)
{
    static const char *const names[] = {"OK", "FAIL", "TOOMANY"};

    if (!rfb->has_type)
        return;
    jsonw_obj_open(w, "authentication");
    jsonw_u64(w, "security_type", rfb->type);
    if (rfb->type == SECURITY_VNC) {
        jsonw_obj_open(w, "vnc");
        jsonw_hex(w, "challenge", rfb->challenge, 0);
        jsonw_hex(w, "response", rfb->response, 0);
        jsonw_obj_close(w);
    }
    if (rfb->has_result && rfb->result != RESULT_FAIL)
        jsonw_str(w, "security_result", rfb->result < 3 ? names[rfb->result] : "UNKNOWN");
    else if (rfb->has_result && !rfb->reason.len)
        jsonw_str(w, "security_result", names[RESULT_FAIL]);
    jsonw_obj_close(w);
}

static void write_frame(struct jsonw *w, const struct rfb_tx *rfb)
{
    static const char *const maxima[] = {"red_max", "green_max", "blue_max"};
    static const char *const shifts[] = {"red_shift", "green_shift", "blue_shift"};
    struct cursor c = cursor_of(rfb->format);

    jsonw_obj_open(w, "framebuffer");
    jsonw_u64(w, "width", rfb->width);
    jsonw_u64(w, "height", rfb->height);
    jsonw_text(w, "name", rfb->name);
    jsonw_obj_open(w, "pixel_format");
    jsonw_u64(w, "bits_per_pixel", cursor_u8(&c));
    jsonw_u64(w, "depth", cursor_u8(&c));
    jsonw_bool(w, "big_endian", cursor_u8(&c) != 0);
    jsonw_bool(w, "true_color", cursor_u8(&c) != 0);
    for (uint32_t i = 0; i < 3; i++)
        jsonw_u64(w, maxima[i], cursor_be16(&c));
    for (uint32_t i = 0; i < 3; i++)
        jsonw_u64(w, shifts[i], cursor_u8(&c));
    jsonw_obj_close(w);
    jsonw_obj_close(w);
}

static void rfb_write(struct tx *tx, uint32_t i, struct jsonw *w)
{
    const struct rfb_tx *rfb = tx_data_const(tx);

    (void)i;
    write_version(w, "server_protocol_version", rfb->server_version);
    write_version(w, "client_protocol_version", rfb->client_version);
    write_authentication(w, rfb);
    if (rfb->reason.len)
        jsonw_text(w, "server_security_failure_reason", rfb->reason);
    if (rfb->has_shared)
        jsonw_bool(w, "screen_shared", rfb->shared != 0);
    if (rfb->has_frame)
        write_frame(w, rfb);
}

const struct proto_def proto_rfb = {
    .name = "rfb",
    .spec = "RFC 6143",
    .doc = "Remote desktops and panels (VNC)",
    .l4 = L4_TCP,
    .ports = {5900, 5901, 5902, 5800},
    .tx_size = sizeof(struct rfb_tx),
    .state_size = sizeof(struct rfb_state),
    .probe = rfb_probe,
    .parse = rfb_parse,
    .write_event = rfb_write,
    .fields = rfb_fields,
    .notes = rfb_notes,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RDP: Windows remote desktops, port 3389: the connection sequence in clear.
 * Spec: MS-RDPBCGR 1.3.1.1 and 2.2.1, X.224 (RFC 1006 framing), T.125 (BER) around T.124 (PER).
 * One transaction = one message: connection request and confirm, Connect-Initial and -Response, or
 * the certificates of TLS when the two sides have agreed on it. Then parsing ends.
 * Limits: CERTIFICATES_MAX certificates, each message of TLS within one record.
 */
#include "sensor/app/der.h"
#include "sensor/app/rdp_tx.h"
#include "sensor/app/x509.h"

enum {
    TPKT_HEADER = 4,
    TPKT_VERSION = 3,
    X224_REST = 6, /* code, two references, class: what its length counts at least */
    X224_DATA = 2,
    X224_REQUEST = 0xe0,
    X224_CONFIRM = 0xd0,
    X224_DT = 0xf0,
    NEGOTIATION = 8,
    NEGOTIATE_REQUEST = 1,
    NEGOTIATE_RESPONSE = 2,
    NEGOTIATE_FAILURE = 3,
    REQUEST_FLAGS = 0x0b,
    RESPONSE_FLAGS = 0x1f,
    CONNECT_INITIAL = 0x7f65,
    CONNECT_RESPONSE = 0x7f66,
    GCC_KEY = 7,   /* object identifier of T.124 before the length */
    GCC_HEAD = 12, /* of the conference request, up to "Duca" */
    TLS_RECORD = 5,
    TLS_FIRST = 20, /* types of records */
    TLS_LAST = 23,
    TLS_HANDSHAKE = 22,
    TLS_CERTIFICATE = 11,
    CERTIFICATES_MAX = 8,
    SERIAL_TEXT = 256,
};

enum { NOTE_MALFORMED };
static const char *const rdp_notes[] = {[NOTE_MALFORMED] = "malformed_message", NULL};

struct rdp_state {
    bool tls;  /* records of TLS from here on */
    bool over; /* nothing more is said in clear */
};

static struct tx *message(struct app *app, enum dir dir, enum rdp_kind kind)
{
    struct tx *tx = app_tx_new(app, 0);

    if (!tx)
        return NULL;
    ((struct rdp_tx *)tx_data(tx))->kind = (uint8_t)kind;
    app_progress(app, tx, dir, TX_DONE);
    return tx;
}

/* ---- connection request and confirm ------------------------------------------------------- */

/* "Cookie: mstshash=name" up to the line's end, or a routing token, before the negotiation. */
static void take_cookie(struct app *app, struct tx *tx, struct cursor *c)
{
    static const struct slice mark = SLICE_LIT("Cookie: mstshash=");
    struct rdp_tx *rdp = tx_data(tx);
    struct cursor ahead = *c;
    struct slice rest = cursor_rest(&ahead);
    int64_t end = slice_find_byte(rest, '\n');

    if (end < 1 || !slice_starts(rest, SLICE_LIT("Cookie:")))
        return;
    struct slice line = slice_head(rest, (uint32_t)end);
    if (line.at[line.len - 1] == '\r')
        line.len--;
    if (slice_starts(line, mark))
        rdp->cookie = app_keep(app, tx, slice_from(line, mark.len));
    cursor_skip(c, (uint32_t)end + 1);
}

static void take_negotiation(struct tx *tx, struct cursor *c, bool request)
{
    struct rdp_tx *rdp = tx_data(tx);
    uint8_t type = cursor_u8(c);
    uint8_t flags = cursor_u8(c);
    uint16_t length = cursor_le16(c);
    uint32_t value = cursor_le32(c);

    if (!cursor_ok(c) || length != NEGOTIATION)
        return;
    if (!request && type == NEGOTIATE_FAILURE) {
        rdp->error = value;
        return;
    }
    if (type != (request ? NEGOTIATE_REQUEST : NEGOTIATE_RESPONSE) ||
        flags & ~(request ? REQUEST_FLAGS : RESPONSE_FLAGS))
        return;
    rdp->negotiates = true;
    rdp->flags = flags;
    rdp->protocol = value;
}

static bool take_connection(struct app *app, enum dir dir, struct cursor *c)
{
    bool request = dir == TO_SERVER;
    struct tx *tx = message(app, dir, request ? RDP_INITIAL_REQUEST : RDP_INITIAL_RESPONSE);

    if (!tx)
        return false;
    cursor_skip(c, 5); /* references, class */
    if (request)
        take_cookie(app, tx, c);
    take_negotiation(tx, c, request);
    return true;
}

/* ---- Connect-Initial ---------------------------------------------------------------------- */

static uint32_t per_length(struct cursor *c)
{
    uint32_t first = cursor_u8(c);
    return first & 0x80 ? (first & 0x7f) << 8 | cursor_u8(c) : first;
}

/* Behind the tag: length, selectors, three sets of parameters, then the user data. */
static struct slice user_data(struct cursor *c)
{
    struct der part = {.tag = 0};

    uint8_t length = cursor_u8(c); /* BER: short, or how many bytes it takes */
    if (length & 0x80)
        cursor_skip(c, length & 0x7f);
    for (uint32_t i = 0; i < 7; i++) { /* calling, called, upward, 3 × parameters, user data */
        if (!der_next(c, &part))
            return SLICE_NONE;
    }
    return part.body;
}

static bool take_connect(struct app *app, struct cursor *c)
{
    struct tx *tx = message(app, TO_SERVER, RDP_CONNECT_REQUEST);

    if (!tx)
        return false;
    struct cursor gcc = cursor_of(user_data(c));
    cursor_skip(&gcc, GCC_KEY);
    (void)per_length(&gcc);
    cursor_skip(&gcc, GCC_HEAD);
    uint32_t length = per_length(&gcc);
    if (!cursor_ok(&gcc)) {
        app_note(app, tx, NOTE_MALFORMED);
        return true;
    }
    rdp_client_read(app, tx, slice_head(cursor_rest(&gcc), length));
    return true;
}

/* ---- certificates ------------------------------------------------------------------------- */

/* "00:C7:D4" as a number in hex: "c7d4". */
static struct slice number_text(struct tx *tx, struct slice serial)
{
    uint8_t text[SERIAL_TEXT];
    uint32_t n = 0;

    for (uint32_t i = 0; i < serial.len && n < SERIAL_TEXT; i++) {
        uint8_t digit = serial.at[i];
        if (digit == ':' || (digit == '0' && !n))
            continue;
        text[n++] = digit >= 'A' && digit <= 'F' ? (uint8_t)(digit | 0x20) : digit;
    }
    return app_tx_keep(tx, (struct slice){text, n});
}

static bool take_certificates(struct app *app, struct slice body)
{
    struct tx *tx = message(app, TO_CLIENT, RDP_TLS_HANDSHAKE);
    struct cursor outer = cursor_of(body);
    struct cursor c = cursor_of(cursor_take(&outer, cursor_be24(&outer)));

    if (!tx)
        return false;
    struct rdp_tx *rdp = tx_data(tx);
    while (cursor_left(&c) && rdp->serials.n < CERTIFICATES_MAX) {
        struct x509 x509 = {.fault = 0};
        struct slice der = cursor_take(&c, cursor_be24(&c));
        struct rdp_text *item = cursor_ok(&c) && x509_read(tx, der, &x509)
                                    ? app_append(app, tx, &rdp->serials, sizeof *item)
                                    : NULL;
        if (!item)
            break;
        item->text = number_text(tx, x509.serial);
    }
    return true;
}

/* A record of TLS: after the server's certificates nothing more is looked at. */
static struct parsed take_record(struct app *app, struct slice in)
{
    struct rdp_state *state = app_state(app);
    struct cursor c = cursor_of(in);
    uint8_t type = cursor_u8(&c);
    cursor_skip(&c, 2);
    uint32_t length = cursor_be16(&c);

    if (!cursor_ok(&c))
        return parse_more(TLS_RECORD);
    struct slice record = cursor_take(&c, length);
    if (!cursor_ok(&c))
        return parse_more(TLS_RECORD + length);
    if (type != TLS_HANDSHAKE) {
        state->over = true;
        return parse_done(in.len);
    }
    struct cursor r = cursor_of(record);
    while (cursor_left(&r) && cursor_ok(&r)) {
        uint8_t kind = cursor_u8(&r);
        struct slice body = cursor_take(&r, cursor_be24(&r));
        if (!cursor_ok(&r) || kind != TLS_CERTIFICATE)
            continue;
        state->over = true;
        return take_certificates(app, body) ? parse_done(in.len) : parse_full();
    }
    return parse_done(TLS_RECORD + length);
}

/* ---- bytes -------------------------------------------------------------------------------- */

static bool take_data(struct app *app, enum dir dir, struct cursor *c)
{
    struct rdp_state *state = app_state(app);

    cursor_skip(c, 1); /* end of a unit */
    uint16_t tag = cursor_be16(c);
    if (!cursor_ok(c))
        return true;
    if (dir == TO_SERVER && tag == CONNECT_INITIAL)
        return take_connect(app, c);
    if (dir == TO_CLIENT && tag == CONNECT_RESPONSE) {
        state->over = true;
        return message(app, dir, RDP_CONNECT_RESPONSE) != NULL;
    }
    return true;
}

/* One unit of X.224; false at the flow's cap. */
static bool take_unit(struct app *app, enum dir dir, struct slice unit)
{
    struct cursor c = cursor_of(unit);
    uint8_t rest = cursor_u8(&c);
    uint8_t code = cursor_u8(&c);

    if (code == (dir == TO_SERVER ? X224_REQUEST : X224_CONFIRM) && rest >= X224_REST)
        return take_connection(app, dir, &c);
    if (code == X224_DT && rest == X224_DATA)
        return take_data(app, dir, &c);
    return true;
}

static struct parsed take_tpkt(struct app *app, enum dir dir, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint8_t version = cursor_u8(&c);
    cursor_skip(&c, 1);
    uint32_t length = cursor_be16(&c);

    if (!cursor_ok(&c))
        return parse_more(TPKT_HEADER);
    if (version != TPKT_VERSION || length < TPKT_HEADER + 1 + X224_DATA)
        return parse_bad();
    struct slice unit = cursor_take(&c, length - TPKT_HEADER);
    if (!cursor_ok(&c))
        return parse_more(length);
    return take_unit(app, dir, unit) ? parse_done(length) : parse_full();
}

static struct parsed rdp_parse(struct app *app, enum dir dir, struct slice in)
{
    struct rdp_state *state = app_state(app);

    if (!in.len)
        return parse_more(1);
    if (state->over)
        return parse_off();
    state->tls |= in.at[0] >= TLS_FIRST && in.at[0] <= TLS_LAST;
    if (!state->tls)
        return take_tpkt(app, dir, in);
    return dir == TO_CLIENT ? take_record(app, in) : parse_done(in.len);
}

/* What stands behind the addresses of X.224 when it is RDP's. */
static bool is_ours(uint8_t first, enum dir dir)
{
    if (dir == TO_SERVER)
        return first == 'C' || first == NEGOTIATE_REQUEST;
    return first == NEGOTIATE_RESPONSE || first == NEGOTIATE_FAILURE;
}

/* Other protocols stand behind the same two headers; what the connection asks for is RDP's own. */
static enum probe rdp_probe(struct slice head, enum dir dir)
{
    static const uint8_t mark[] = {TPKT_VERSION, 0};
    struct cursor c = cursor_of(head);
    uint32_t n = head.len < sizeof mark ? head.len : (uint32_t)sizeof mark;

    if (n && memcmp(head.at, mark, n) != 0)
        return PROBE_NO;
    cursor_skip(&c, sizeof mark);
    uint16_t length = cursor_be16(&c);
    uint8_t rest = cursor_u8(&c);
    uint8_t code = cursor_u8(&c);
    if (!cursor_ok(&c))
        return PROBE_MORE;
    if (code != (dir == TO_SERVER ? X224_REQUEST : X224_CONFIRM) || rest < X224_REST ||
        length != TPKT_HEADER + 1u + rest)
        return PROBE_NO;
    if (rest == X224_REST)
        return PROBE_LIKELY;
    cursor_skip(&c, 5);
    uint8_t first = cursor_u8(&c);
    if (!cursor_ok(&c))
        return PROBE_MORE;
    return is_ours(first, dir) ? PROBE_YES : PROBE_NO;
}

static const struct field rdp_fields[] = {
    {.name = "rdp.cookie",
     .uses = IN_RULES | IN_BASELINE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct rdp_tx, cookie),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "Name of the user, as the client's cookie says it (9 signs at most)"},
    {.name = "rdp.client_name",
     .uses = IN_RULES | IN_IDENTITY,
     .type = FIELD_BYTES,
     .offset = offsetof(struct rdp_tx, client.name),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "Name of the client's computer"},
    FIELD_END,
};

const struct proto_def proto_rdp = {
    .name = "rdp",
    .spec = "MS-RDPBCGR",
    .doc = "Windows remote desktops: how they connect",
    .l4 = L4_TCP,
    .ports = {3389},
    .tx_size = sizeof(struct rdp_tx),
    .state_size = sizeof(struct rdp_state),
    .one_sided = true,
    .ends = TX_ENDS_PACKET,
    .probe = rdp_probe,
    .parse = rdp_parse,
    .write_event = rdp_event_write,
    .fields = rdp_fields,
    .notes = rdp_notes,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IKE, versions 1 and 2, over UDP: how tunnels agree on keys, and on weak ones.
 * Spec: RFC 2408 section 3.1, RFC 7296 section 3.1 (header), RFC 3948 section 2 (port 4500: four
 * zero bytes stand before IKE, anything else is ESP).
 * One transaction = a message.
 */
#include "sensor/app/ike_tx.h"

enum {
    SPI = 8,
    HEADER = 28,
    MARKER = 4,
    FLAG_ENCRYPTED = 1,
    EXCHANGE_FIRST = 34,
    EXCHANGE_LAST = 37,
    V1_EXCHANGE_LAST = 33, /* new group mode; those of other uses go up to 37 */
    V1_PAYLOAD_LAST = 22,
};

static const char *const ike_notes[] = {
    [IKE_MALFORMED] = "malformed_data",
    [IKE_NO_ENCRYPTION] = "no_encryption",
    [IKE_WEAK_ENC] = "weak_crypto_enc",
    [IKE_WEAK_PRF] = "weak_crypto_prf",
    [IKE_WEAK_DH] = "weak_crypto_dh",
    [IKE_WEAK_AUTH] = "weak_crypto_auth",
    [IKE_NO_DH] = "weak_crypto_no_dh",
    [IKE_NO_AUTH] = "weak_crypto_no_auth",
    [IKE_INVALID] = "invalid_proposal",
    [IKE_UNKNOWN] = "unknown_proposal",
    [IKE_EXTRA] = "payload_extra_data",
    [IKE_MULTIPLE] = "multiple_server_proposal",
    NULL,
};

struct header {
    struct slice init_spi, resp_spi;
    uint8_t next, version, exchange, flags;
    uint32_t message, length;
};

static bool read_header(struct cursor *c, struct header *h)
{
    *h = (struct header){.init_spi = cursor_take(c, SPI), .resp_spi = cursor_take(c, SPI)};
    h->next = cursor_u8(c);
    h->version = cursor_u8(c);
    h->exchange = cursor_u8(c);
    h->flags = cursor_u8(c);
    h->message = cursor_be32(c);
    h->length = cursor_be32(c);
    return cursor_ok(c);
}

static bool is_zero(struct slice bytes)
{
    for (uint32_t i = 0; i < bytes.len; i++)
        if (bytes.at[i])
            return false;
    return true;
}

/* The message behind the marker, when there is one: its length says so. */
static struct slice unmark(struct slice in)
{
    struct slice rest = slice_from(in, MARKER);
    struct cursor c = cursor_of(rest);
    struct header h;

    return is_zero(slice_head(in, MARKER)) && read_header(&c, &h) && h.length == rest.len ? rest
                                                                                          : in;
}

/* ---- messages ----------------------------------------------------------------------------- */

/* Who began, when the first packet of the flow was an answer (version 1). */
static enum dir side_of(struct app *app, enum dir dir, const struct header *h)
{
    struct ike_state *state = app_state(app);

    if (h->version >> 4 == 1 && is_zero(h->resp_spi))
        state->swapped = dir == TO_CLIENT;
    return state->swapped ? (dir == TO_CLIENT ? TO_SERVER : TO_CLIENT) : dir;
}

static struct parsed read_message(struct app *app, enum dir dir, const struct header *h,
                                  struct cursor *c, uint32_t used)
{
    struct tx *tx = app_tx_new(app, 0);
    enum dir side = side_of(app, dir, h);

    if (!tx)
        return parse_full();
    struct ike_tx *ike = tx_data(tx);
    ike->version = h->version >> 4;
    ike->minor = h->version & 15;
    ike->exchange = h->exchange;
    ike->flags = h->flags;
    ike->message = h->message;
    ike->to_server = side == TO_SERVER;
    ike->init_spi = ike_v1_hex(app, tx, h->init_spi);
    ike->resp_spi = ike_v1_hex(app, tx, h->resp_spi);
    ike->encrypted = ike->version == 1 && (h->flags & FLAG_ENCRYPTED);
    if (ike->version == 2)
        ike_v2_read(app, tx, side, h->next, cursor_rest(c));
    else
        tx->silent = !ike_v1_read(app, tx, side, h->next, cursor_rest(c));
    app_progress(app, tx, dir, TX_DONE);
    return parse_done(used);
}

static struct parsed ike_parse(struct app *app, enum dir dir, struct slice in)
{
    struct ike_state *state = app_state(app);
    struct slice message = unmark(in);
    struct cursor c = cursor_of(message);
    struct header h;

    if (!in.len)
        return parse_done(0);
    state->marked = state->marked || message.len != in.len;
    if ((state->marked && message.len == in.len) || !read_header(&c, &h))
        return parse_done(in.len); /* ESP, keep-alives */
    if (h.version >> 4 != 1 && h.version >> 4 != 2)
        return parse_done(in.len);
    return read_message(app, dir, &h, &c, in.len);
}

static enum probe probe_1(const struct header *h, bool fits)
{
    if (h->version >> 4 != 1)
        return PROBE_NO;
    bool sure = fits && h->version == 0x10 && h->next && h->next <= V1_PAYLOAD_LAST &&
                h->exchange && h->exchange <= V1_EXCHANGE_LAST && h->flags <= 7;
    return sure ? PROBE_YES : PROBE_LIKELY;
}

static enum probe probe_2(const struct header *h, uint32_t length, bool fits)
{
    if (h->exchange < EXCHANGE_FIRST || h->exchange > EXCHANGE_LAST || h->length != length)
        return PROBE_NO;
    return fits && (!h->next || ike_names_payload(2, h->next)) ? PROBE_YES : PROBE_LIKELY;
}

static enum probe ike_probe(struct slice head, enum dir dir)
{
    struct slice message = unmark(head);
    struct cursor c = cursor_of(message);
    struct header h;

    (void)dir;
    if (!read_header(&c, &h))
        return PROBE_NO;
    bool fits = h.length == message.len && !is_zero(h.init_spi);
    return h.version == 0x20 ? probe_2(&h, message.len, fits) : probe_1(&h, fits);
}

/* ---- fields ------------------------------------------------------------------------------- */

static bool has_key(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct ike_tx *)data)->key_length > 0;
}

static bool has_nonce(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct ike_tx *)data)->nonce_length > 0;
}

static const struct field vendor_fields[] = {
    {.name = "ike.vendor",
     .uses = IN_RULES | IN_IDENTITY,
     .type = FIELD_BYTES,
     .offset = offsetof(struct ike_text, text),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "Each vendor id of a request (version 1), as hexadecimal digits"},
    FIELD_END,
};

static const struct field ike_fields[] = {
    {.name = "ike.version_major",
     .eve = "version_major",
     .uses = IN_EVE,
     .type = FIELD_U8,
     .offset = offsetof(struct ike_tx, version),
     .progress = TX_DONE,
     .doc = "Version: 1, 2"},
    {.name = "ike.version_minor",
     .eve = "version_minor",
     .uses = IN_EVE,
     .type = FIELD_U8,
     .offset = offsetof(struct ike_tx, minor),
     .progress = TX_DONE,
     .zero = true,
     .doc = "Minor version"},
    {.name = "ike.init_spi",
     .eve = "init_spi",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct ike_tx, init_spi),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "Initiator's SPI, as hexadecimal digits"},
    {.name = "ike.resp_spi",
     .eve = "resp_spi",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct ike_tx, resp_spi),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .doc = "Responder's SPI, as hexadecimal digits"},
    {.name = "ike.message_id",
     .eve = "message_id",
     .uses = IN_EVE,
     .type = FIELD_U32,
     .offset = offsetof(struct ike_tx, message),
     .progress = TX_DONE,
     .zero = true,
     .doc = "Number of the message"},
    {.name = "ike.exchtype",
     .eve = "exchange_type",
     .uses = IN_RULES | IN_EVE | IN_BASELINE,
     .type = FIELD_U8,
     .offset = offsetof(struct ike_tx, exchange),
     .progress = TX_DONE,
     .zero = true,
     .doc = "Kind of exchange: 2 main mode, 4 aggressive; 34 SA_INIT, 35 AUTH"},
    {.name = "ike.key_exchange_payload",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct ike_tx, key),
     .progress = TX_DONE,
     .doc = "Key exchange payload (version 1)"},
    {.name = "ike.key_exchange_payload_length",
     .uses = IN_RULES,
     .type = FIELD_U32,
     .offset = offsetof(struct ike_tx, key_length),
     .progress = TX_DONE,
     .has = has_key,
     .doc = "Its length"},
    {.name = "ike.nonce_payload",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct ike_tx, nonce),
     .progress = TX_DONE,
     .doc = "Nonce payload (version 1)"},
    {.name = "ike.nonce_payload_length",
     .uses = IN_RULES,
     .type = FIELD_U32,
     .offset = offsetof(struct ike_tx, nonce_length),
     .progress = TX_DONE,
     .has = has_nonce,
     .doc = "Its length"},
    {.name = "ike.vendors",
     .type = FIELD_LIST,
     .offset = offsetof(struct ike_tx, vendors),
     .progress = TX_DONE,
     .items = vendor_fields,
     .item_size = sizeof(struct ike_text),
     .doc = "Vendor ids"},
    FIELD_END,
};

const struct proto_def proto_ike = {
    .name = "ike",
    .spec = "RFC 2408, RFC 2409, RFC 7296",
    .doc = "Keys of IPsec tunnels",
    .l4 = L4_UDP,
    .ports = {500, 4500},
    .breadth = "IPsec",
    .tx_size = sizeof(struct ike_tx),
    .state_size = sizeof(struct ike_state),
    .one_sided = true,
    .ends = TX_ENDS_PACKET,
    .probe = ike_probe,
    .parse = ike_parse,
    .write_event = ike_event_write,
    .fields = ike_fields,
    .notes = ike_notes,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QUIC over UDP: version, and the TLS hellos in the Initial packets.
 * Spec: RFC 8999, RFC 9000, RFC 9001 (keys of Initial packets), RFC 9369 (version 2); drafts from
 * 23 on; Google's Q0xx (quic_google.c). One transaction = one packet with a long header. When both
 * hellos were seen the rest is encrypted. Limits: CRYPTO_MAX bytes of a hello that is spread over
 * packets, RANGES_MAX pieces of it.
 */
#include "sensor/app/quic_tx.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    CRYPTO_MAX = 16384,
    RANGES_MAX = 64,
    DATAGRAM_MAX = 65536,
    PACKET_MAX = 9216, /* that is opened */
    ID_MAX = 20,
    OLD_ID = 8,
    HASH_BYTES = 12, /* of Google's unencrypted packets */
    VERSION_2 = 0x6b3343cf,
    HANDSHAKE_HEADER = 4,
    CLIENT_HELLO = 1,
    SERVER_HELLO = 2,
    VALUES_MAX = 64,
    EXTENSIONS_MAX = 128,
};

enum { NOTE_DECRYPT, NOTE_DATA, NOTE_LONG };
static const char *const quic_notes[] = {"failed_decrypt", "error_on_data", "crypto_frag_too_long",
                                         NULL};

enum type { INITIAL, ZERO_RTT, HANDSHAKE, RETRY, NEGOTIATION, OTHER };

struct header {
    enum type type;
    bool is_long, google;
    uint32_t version;
    struct slice version_bytes, id; /* the destination's */
    uint32_t number_at;             /* where the packet number begins */
    uint32_t end;                   /* of the packet in the datagram */
};

/** Pieces of a hello that came in several frames. */
struct crypto {
    uint32_t n;
    struct {
        uint32_t from, to;
    } ranges[RANGES_MAX];
    uint8_t bytes[CRYPTO_MAX];
};

struct quic_state {
    struct quic_keys keys;
    bool hello[2];
    struct crypto *crypto[2];
};

/* ---- headers ------------------------------------------------------------------------------ */

/* RFC 9000, section 16. */
static uint64_t variable(struct cursor *c)
{
    uint64_t value = cursor_u8(c);
    uint32_t more = (1u << (value >> 6)) - 1;

    value &= 0x3f;
    while (more--)
        value = value << 8 | cursor_u8(c);
    return value;
}

static bool is_google(uint32_t version)
{
    return version >> 24 == 'Q' && (version >> 16 & 0xff) == '0';
}

static enum type type_of(uint8_t first, uint32_t version)
{
    static const enum type first_order[] = {INITIAL, ZERO_RTT, HANDSHAKE, RETRY};
    static const enum type second_order[] = {RETRY, INITIAL, ZERO_RTT, HANDSHAKE};
    uint32_t bits = first >> 4 & 3;

    if (!version)
        return NEGOTIATION;
    return version == VERSION_2 ? second_order[bits] : first_order[bits];
}

/* Versions Q0xx up to Q043: flags, connection id, version, number. */
static bool read_old(struct cursor *c, uint8_t flags, struct slice in, struct header *h)
{
    static const uint8_t number_bytes[] = {1, 2, 4, 6};

    h->google = true;
    h->type = OTHER;
    if (!(flags & 1) || !(flags & 8))
        return false;
    h->id = cursor_take(c, OLD_ID);
    h->version = cursor_be32(c);
    if (!is_google(h->version))
        return false;
    cursor_skip(c, number_bytes[flags >> 4 & 3]);
    h->type = INITIAL;
    h->number_at = in.len - cursor_left(c);
    h->end = in.len;
    return cursor_ok(c);
}

/* Q044 to Q049: a long header with both lengths of connection ids in one byte. */
static bool read_google(struct cursor *c, uint8_t first, struct slice in, struct header *h)
{
    uint8_t lengths = cursor_u8(c);
    uint32_t to = lengths >> 4, from = lengths & 15;

    h->google = true;
    h->id = cursor_take(c, to ? to + 3 : 0);
    cursor_skip(c, from ? from + 3 : 0);
    cursor_skip(c, (first & 3u) + 1);
    h->number_at = in.len - cursor_left(c);
    h->end = in.len;
    return cursor_ok(c);
}

static bool read_header(struct slice in, struct header *h)
{
    struct cursor c = cursor_of(in);
    uint8_t first = cursor_u8(&c);

    *h = (struct header){.type = OTHER, .is_long = (first & 0x80) != 0, .end = in.len};
    if (!h->is_long)
        return (first & 0x40) || read_old(&c, first, in, h);
    struct cursor version = c;
    h->version_bytes = cursor_take(&version, 4);
    h->version = cursor_be32(&c);
    h->type = type_of(first, h->version);
    if (is_google(h->version))
        return read_google(&c, first, in, h);
    h->id = cursor_take(&c, cursor_u8(&c));
    struct slice source = cursor_take(&c, cursor_u8(&c));
    if (!cursor_ok(&c) || source.len > ID_MAX || h->id.len > ID_MAX)
        return false;
    if (h->type == NEGOTIATION || h->type == RETRY)
        return true;
    if (h->type == INITIAL) {
        uint64_t token = variable(&c);
        cursor_skip(&c, token < DATAGRAM_MAX ? (uint32_t)token : UINT32_MAX);
    }
    uint64_t length = variable(&c);
    h->number_at = in.len - cursor_left(&c);
    if (!cursor_ok(&c) || length > cursor_left(&c))
        return false;
    h->end = h->number_at + (uint32_t)length;
    return true;
}

/* ---- hellos ------------------------------------------------------------------------------- */

static void add_value(struct app *app, struct tx *tx, struct quic_extension *e, struct slice text)
{
    struct quic_value *value =
        e->values.n < VALUES_MAX ? app_append(app, tx, &e->values, sizeof *value) : NULL;
    if (value)
        value->text = app_keep(app, tx, text);
}

static void version_value(struct app *app, struct tx *tx, struct quic_extension *e, uint16_t v)
{
    static const struct label names[] = {{0x0300, "Ssl30"}, {0x0301, "Tls10"}, {0x0302, "Tls11"},
                                         {0x0303, "Tls12"}, {0x0304, "Tls13"}, {0, NULL}};
    char text[32];

    if ((v & 0x0f0f) == 0x0a0a)
        return;
    snprintf(text, sizeof text, "TlsVersion(%u / %#x)", v, v);
    for (const struct label *l = names; l->name; l++)
        if (l->value == v)
            snprintf(text, sizeof text, "%s", l->name);
    add_value(app, tx, e, slice_of_str(text));
}

/* What an event shows of an extension besides its name. */
static void read_values(struct app *app, struct tx *tx, struct quic_extension *e,
                        const struct tls_hello *hello, struct slice body, bool client)
{
    struct cursor c = cursor_of(body);
    char text[8];

    if (e->type == 0 && client && hello->server_name.len)
        add_value(app, tx, e, hello->server_name);
    if (e->type == 16) {
        for (c = cursor_of(hello->alpn); cursor_left(&c);)
            add_value(app, tx, e, cursor_take(&c, cursor_u8(&c)));
    } else if (e->type == 13) {
        for (c = cursor_of(hello->signatures); cursor_left(&c) >= 2;) {
            snprintf(text, sizeof text, "%u", cursor_be16(&c));
            add_value(app, tx, e, slice_of_str(text));
        }
    } else if (e->type == 43) {
        cursor_skip(&c, client ? 1 : 0);
        while (cursor_left(&c) >= 2)
            version_value(app, tx, e, cursor_be16(&c));
    }
}

static void read_extensions(struct app *app, struct tx *tx, const struct tls_hello *hello,
                            bool client)
{
    struct quic_tx *quic = tx_data(tx);
    struct cursor c = cursor_of(hello->extensions);

    while (cursor_left(&c) >= 4 && quic->extensions.n < EXTENSIONS_MAX) {
        uint16_t type = cursor_be16(&c);
        struct slice body = cursor_take(&c, cursor_be16(&c));
        if (!cursor_ok(&c) || (type & 0x0f0f) == 0x0a0a)
            continue;
        struct quic_extension *e = app_append(app, tx, &quic->extensions, sizeof *e);
        if (!e)
            return;
        e->type = type;
        read_values(app, tx, e, hello, body, client);
    }
}

static void read_hello(struct app *app, struct tx *tx, enum dir dir, struct slice body)
{
    struct quic_tx *quic = tx_data(tx);
    bool client = dir == TO_SERVER;
    struct tls_hello hello = {.version = 0};

    if (!tls_hello_read(body, client, &hello))
        app_note(app, tx, NOTE_DATA);
    if (client) {
        quic->tls.server_name = app_keep(app, tx, hello.server_name);
        tls_finger_client(tx, &hello);
    } else {
        tls_finger_server(tx, &hello);
    }
    read_extensions(app, tx, &hello, client);
}

/* ---- CRYPTO frames ------------------------------------------------------------------------ */

/* Bytes known from the start on. */
static uint32_t known_length(const struct crypto *crypto)
{
    uint32_t known = 0;

    for (uint32_t pass = 0; pass < crypto->n; pass++) {
        uint32_t before = known;
        for (uint32_t i = 0; i < crypto->n; i++)
            if (crypto->ranges[i].from <= known && crypto->ranges[i].to > known)
                known = crypto->ranges[i].to;
        if (known == before)
            break;
    }
    return known;
}

static void keep_piece(struct app *app, struct tx *tx, enum dir dir, uint64_t offset,
                       struct slice data)
{
    struct quic_state *state = app_state(app);
    struct crypto *crypto = state->crypto[dir];

    if (!crypto)
        crypto = state->crypto[dir] = calloc(1, sizeof *crypto);
    if (!crypto || !data.len)
        return;
    if (offset > CRYPTO_MAX || data.len > CRYPTO_MAX - offset || crypto->n == RANGES_MAX) {
        app_note(app, tx, NOTE_LONG);
        return;
    }
    memcpy(&crypto->bytes[offset], data.at, data.len);
    crypto->ranges[crypto->n].from = (uint32_t)offset;
    crypto->ranges[crypto->n++].to = (uint32_t)offset + data.len;
}

/* The hello, when it is whole. */
static void try_hello(struct app *app, struct tx *tx, enum dir dir)
{
    struct quic_state *state = app_state(app);
    const struct crypto *crypto = state->crypto[dir];

    if (!crypto)
        return;
    struct cursor c = cursor_of((struct slice){crypto->bytes, known_length(crypto)});
    uint8_t type = cursor_u8(&c);
    struct slice body = cursor_take(&c, cursor_be24(&c));
    if (!cursor_ok(&c) || type != (dir == TO_SERVER ? CLIENT_HELLO : SERVER_HELLO))
        return;
    read_hello(app, tx, dir, body);
    state->hello[dir] = true;
    free(state->crypto[dir]);
    state->crypto[dir] = NULL;
}

static void skip_ack(struct cursor *c, bool counts)
{
    variable(c);
    variable(c);
    uint64_t ranges = variable(c);
    variable(c);
    while (ranges-- && cursor_ok(c)) {
        variable(c);
        variable(c);
    }
    for (uint32_t i = 0; counts && i < 3; i++)
        variable(c);
}

/* False when nothing comes behind it. */
static bool skip_padding(struct cursor *c)
{
    struct cursor ahead = *c;

    while (cursor_left(&ahead) && cursor_u8(&ahead) == 0)
        *c = ahead;
    return cursor_left(c) != 0;
}

static void read_frames(struct app *app, struct tx *tx, enum dir dir, struct slice payload)
{
    enum { PADDING, PING, ACK, ACK_ECN, CRYPTO = 6 };
    struct cursor c = cursor_of(payload);

    while (cursor_left(&c) && cursor_ok(&c)) {
        if (!skip_padding(&c))
            break;
        uint64_t type = variable(&c);
        if (type == ACK || type == ACK_ECN) {
            skip_ack(&c, type == ACK_ECN);
        } else if (type == CRYPTO) {
            uint64_t offset = variable(&c), length = variable(&c);
            struct slice data =
                cursor_take(&c, length < UINT32_MAX ? (uint32_t)length : UINT32_MAX);
            keep_piece(app, tx, dir, offset, data);
        } else if (type != PADDING && type != PING) {
            break; /* a close, or nothing an Initial packet may hold */
        }
    }
    if (!cursor_ok(&c))
        app_note(app, tx, NOTE_DATA);
    try_hello(app, tx, dir);
}

/* ---- packets ------------------------------------------------------------------------------ */

static void take_packet(struct app *app, struct tx *tx, enum dir dir, const struct header *h,
                        struct slice packet)
{
    struct quic_state *state = app_state(app);
    uint8_t opened[PACKET_MAX];
    struct slice payload;

    if (h->google) {
        if (h->type == INITIAL && !state->hello[dir])
            quic_google_read(app, tx, slice_from(packet, h->number_at + HASH_BYTES));
        return;
    }
    if (h->type == RETRY && dir == TO_CLIENT) /* the client begins anew with other keys */
        state->keys.set = state->hello[TO_SERVER] = false;
    if (h->type != INITIAL ||
        (!state->keys.set && !quic_crypt_keys(&state->keys, h->version, h->id)))
        return;
    if (packet.len > sizeof opened)
        return;
    if (quic_crypt_open(&state->keys, dir, packet, h->number_at, opened, &payload))
        read_frames(app, tx, dir, payload);
    else
        app_note(app, tx, NOTE_DECRYPT);
}

static struct parsed quic_parse(struct app *app, enum dir dir, struct slice in)
{
    struct quic_state *state = app_state(app);
    struct header h;

    if (!in.len)
        return parse_more(1);
    if (!read_header(in, &h))
        return parse_done(in.len);
    if (state->hello[TO_SERVER] && state->hello[TO_CLIENT])
        return parse_off();
    if (state->hello[dir] || (!h.is_long && !h.google))
        return parse_done(in.len);
    struct tx *tx = app_tx_new(app, 0);
    if (!tx)
        return parse_full();
    struct quic_tx *quic = tx_data(tx);
    quic->tls.config = app_config(app);
    quic->tls.ja4_mark = app_as_suricata(app);
    quic->version = h.version;
    quic->version_bytes = app_keep(app, tx, h.version_bytes);
    take_packet(app, tx, dir, &h, slice_head(in, h.end));
    app_progress(app, tx, dir, TX_DONE);
    return parse_done(h.end);
}

static bool is_known(uint32_t version)
{
    return version == 1 || version == VERSION_2 || is_google(version) ||
           (version >= 0xff000014 && version <= 0xff000022) || version >> 4 == 0xfaceb00;
}

static enum probe quic_probe(struct slice head, enum dir dir)
{
    struct header h;

    (void)dir;
    if (!read_header(head, &h))
        return PROBE_NO;
    if (!h.is_long)
        return h.google ? PROBE_YES : PROBE_NO;
    if (is_known(h.version))
        return PROBE_YES;
    bool fixed = (head.at[0] & 0x40) != 0;
    return fixed && h.version && h.id.len >= OLD_ID ? PROBE_LIKELY : PROBE_NO;
}

static void quic_state_fini(void *at)
{
    struct quic_state *state = at;
    free(state->crypto[TO_SERVER]);
    free(state->crypto[TO_CLIENT]);
}

const struct proto_def proto_quic = {
    .name = "quic",
    .spec = "RFC 9000, RFC 9001, RFC 9369",
    .doc = "Encrypted transport of HTTP/3: who is asked, by which software",
    .l4 = L4_UDP,
    .ports = {443, 80, 8443},
    .tx_size = sizeof(struct quic_tx),
    .state_size = sizeof(struct quic_state),
    .one_sided = true,
    .ends = TX_ENDS_PACKET,
    .probe = quic_probe,
    .parse = quic_parse,
    .state_fini = quic_state_fini,
    .write_event = quic_fields_event,
    .options = quic_options,
    .config_size = sizeof(struct tls_config),
    .configure = quic_configure,
    .fields = quic_fields,
    .notes = quic_notes,
};

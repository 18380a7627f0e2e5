/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS 1.0 to 1.3 and SSL 3 over TCP: what the handshake shows in clear.
 * Spec: RFC 5246, RFC 8446, RFC 6066 (server name), RFC 7301 (ALPN), RFC 5280 (certificates).
 * One transaction = the handshake of a connection. When both sides encrypt, parsing ends.
 * Limits: handshake messages of HANDSHAKE_MAX bytes (longer ones are passed over), CERTIFICATES_MAX
 * certificates.
 */
#include "sensor/app/tls_tx.h"

#include "common/digest.h"
#include "common/pen.h"

#include <time.h>

enum {
    RECORD_HEADER = 5,
    RECORD_MAX = 16384 + 2048,
    HANDSHAKE_HEADER = 4,
    HANDSHAKE_MAX = 128 << 10,
    CERTIFICATES_MAX = 16,
    ALPNS_MAX = 16,
    TLS_1_3 = 0x0304,
    TLS_DRAFTS = 0x7f, /* its first byte in drafts of 1.3 */
    OLD_HELLO_MIN = 9, /* type, version, three lengths */
};

enum record_type {
    CHANGE_CIPHER = 20,
    ALERT = 21,
    HANDSHAKE = 22,
    APPLICATION = 23,
    HEARTBEAT = 24,
};

enum handshake_type {
    CLIENT_HELLO = 1,
    SERVER_HELLO = 2,
    CERTIFICATE = 11,
    SERVER_KEY_EXCHANGE = 12,
    CERTIFICATE_REQUEST = 13,
    SERVER_HELLO_DONE = 14,
    CLIENT_KEY_EXCHANGE = 16,
};

enum {
    NOTE_HELLO,
    NOTE_RECORD,
    NOTE_HEARTBEAT_OVERFLOW,
    NOTE_TOO_LONG,
    NOTE_HEADER,
    NOTE_VERSION,
    NOTE_OLD_HEADER,
    NOTE_SSL_RECORD,
    NOTE_HEARTBEAT,
    NOTE_HEARTBEAT_BAD,
    NOTE_HEARTBEAT_LEAK,
    NOTE_SNI_MANY,
    NOTE_SNI_TYPE,
    NOTE_SNI_LENGTH,
    NOTE_RECORDS,
    NOTE_ALERT,
    NOTE_X509, /* and the following, by enum x509_part */
};
static const char *const tls_notes[] = {
    [NOTE_HELLO] = "invalid_handshake_message",
    [NOTE_RECORD] = "invalid_record_type",
    [NOTE_HEARTBEAT_OVERFLOW] = "overflow_heartbeat_message",
    [NOTE_TOO_LONG] = "handshake_invalid_length",
    [NOTE_HEADER] = "invalid_tls_header",
    [NOTE_VERSION] = "invalid_record_version",
    [NOTE_OLD_HEADER] = "invalid_sslv2_header",
    [NOTE_SSL_RECORD] = "invalid_ssl_record",
    [NOTE_HEARTBEAT] = "heartbeat_message",
    [NOTE_HEARTBEAT_BAD] = "invalid_heartbeat_message",
    [NOTE_HEARTBEAT_LEAK] = "dataleak_heartbeat_mismatch",
    [NOTE_SNI_MANY] = "multiple_sni_extensions",
    [NOTE_SNI_TYPE] = "invalid_sni_type",
    [NOTE_SNI_LENGTH] = "invalid_sni_length",
    [NOTE_RECORDS] = "too_many_records_in_packet",
    [NOTE_ALERT] = "error_message_encountered",
    [NOTE_X509 + X509_DER] = "certificate_invalid_der",
    [NOTE_X509 + X509_LENGTH] = "certificate_invalid_length",
    [NOTE_X509 + X509_VERSION] = "certificate_invalid_version",
    [NOTE_X509 + X509_SERIAL] = "certificate_invalid_serial",
    [NOTE_X509 + X509_ALGORITHM] = "certificate_invalid_algorithmidentifier",
    [NOTE_X509 + X509_ISSUER] = "certificate_invalid_issuer",
    [NOTE_X509 + X509_VALIDITY] = "certificate_invalid_validity",
    [NOTE_X509 + X509_DATE] = "certificate_invalid_date",
    [NOTE_X509 + X509_SUBJECT] = "certificate_invalid_subject",
    [NOTE_X509 + X509_NAME] = "certificate_invalid_x509name",
    [NOTE_X509 + X509_CERTIFICATE] = "invalid_certificate",
    [NOTE_X509 + X509_EXTENSIONS] = "certificate_invalid_extensions",
    NULL,
};

struct tls_side {
    struct slice pending; /* start of a handshake message that spans records; in the transaction */
    uint32_t skip;        /* bytes of a message that is too long */
    bool encrypted;
    bool broken; /* a message could not be read: what follows of the handshake is not looked at */
};

struct tls_state {
    struct tls_side side[2];
    uint32_t heartbeat_len; /* of the last request's record */
    bool old;               /* the client began with SSL 2 */
    bool only_old;          /* and knows nothing newer */
    bool retry;             /* HelloRetryRequest: both hellos come once more */
};

/* ---- hellos ------------------------------------------------------------------------------- */

static void keep_alpns(struct app *app, struct tx *tx, struct slice alpn)
{
    struct tls_tx *tls = tx_data(tx);
    struct cursor c = cursor_of(alpn);
    while (cursor_left(&c) && tls->alpns.n < ALPNS_MAX) {
        struct slice name = cursor_take(&c, cursor_u8(&c));
        struct tls_alpn *item =
            cursor_ok(&c) && name.len ? app_append(app, tx, &tls->alpns, sizeof *item) : NULL;
        if (!item)
            return;
        item->name = app_keep(app, tx, name);
    }
}

static void client_hello(struct app *app, struct tx *tx, struct slice body)
{
    struct tls_tx *tls = tx_data(tx);
    struct tls_hello hello = {.version = 0};

    if (tls->client_random.len) /* after a HelloRetryRequest: the first one is shown */
        return;
    tls->config = app_config(app);
    tls->ja4_mark = app_as_suricata(app);
    if (!tls_hello_read(body, true, &hello))
        app_note(app, tx, NOTE_HELLO);
    if (hello.sni_fault)
        app_note(app, tx, NOTE_SNI_MANY + hello.sni_fault - 1u);
    if (!tls->version)
        tls->version = hello.version;
    tls->client_random = app_keep(app, tx, hello.random);
    tls->server_name = app_keep(app, tx, hello.server_name);
    keep_alpns(app, tx, hello.alpn);
    tls_finger_client(tx, &hello);
    app_progress(app, tx, TO_SERVER, TX_HEADERS);
}

/* RFC 8446, 4.1.3: a ServerHello with this random asks for another ClientHello. */
static const struct slice retry_random =
    SLICE_LIT("\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
              "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c");

static void server_hello(struct app *app, struct tx *tx, struct slice body)
{
    struct tls_state *state = app_state(app);
    struct tls_tx *tls = tx_data(tx);
    struct tls_hello hello = {.version = 0};

    bool whole = tls_hello_read(body, false, &hello);
    if (!whole && hello.version >> 8 != TLS_DRAFTS) /* early drafts of 1.3 have other hellos */
        app_note(app, tx, NOTE_HELLO);
    tls->version = hello.top_version;
    state->retry = slice_eq(hello.random, retry_random);
    if (state->retry)
        return;
    struct cursor c = cursor_of(hello.ciphers);
    tls->cipher = cursor_be16(&c);
    tls->server_random = app_keep(app, tx, hello.random);
    struct cursor alpn = cursor_of(hello.alpn);
    tls->server_alpn = app_keep(app, tx, cursor_take(&alpn, cursor_u8(&alpn)));
    tls_finger_server(tx, &hello);
    app_progress(app, tx, TO_CLIENT, TX_LINE);
}

/* ---- certificates ------------------------------------------------------------------------- */

static struct slice fingerprint(struct tx *tx, struct slice der)
{
    uint8_t digest[DIGEST_MAX];
    char text[3 * DIGEST_MAX];
    uint32_t size = digest_size(DIGEST_SHA1);

    digest_of(DIGEST_SHA1, der, digest);
    for (uint32_t i = 0; i < size; i++)
        *pen_hex(&text[3 * i], digest[i]) = ':';
    return app_tx_keep(tx, (struct slice){(const uint8_t *)text, 3 * size - 1});
}

static struct slice time_text(struct tx *tx, int64_t seconds)
{
    char text[32];
    struct tm tm;
    time_t time = (time_t)seconds;
    if (!gmtime_r(&time, &tm) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm))
        return SLICE_NONE;
    return app_tx_keep(tx, slice_of_str(text));
}

static void no_certificate(struct app *app, struct tx *tx, enum dir dir, uint32_t fault)
{
    struct tls_state *state = app_state(app);

    app_note(app, tx, NOTE_HELLO);
    app_note(app, tx, (uint32_t)NOTE_X509 + fault);
    state->side[dir].broken = true;
}

static void first_certificate(struct app *app, struct tx *tx, enum dir dir, struct slice der,
                              struct tls_identity *who)
{
    if (!x509_read(tx, der, &who->x509)) {
        no_certificate(app, tx, dir, who->x509.fault);
    } else {
        who->not_before = time_text(tx, who->x509.not_before);
        who->not_after = time_text(tx, who->x509.not_after);
        if (who->x509.extensions_fault)
            app_note(app, tx, (uint32_t)NOTE_X509 + who->x509.extensions_fault);
    }
    who->fingerprint = fingerprint(tx, der);
}

static void certificates(struct app *app, struct tx *tx, enum dir dir, struct slice body)
{
    struct tls_tx *tls = tx_data(tx);
    struct tls_identity *who = dir == TO_CLIENT ? &tls->server : &tls->client;
    struct cursor outer = cursor_of(body);
    struct cursor c = cursor_of(cursor_take(&outer, cursor_be24(&outer)));

    if (!cursor_ok(&outer))
        no_certificate(app, tx, dir, X509_CERTIFICATE);
    while (cursor_left(&c) && who->certificates.n < CERTIFICATES_MAX) {
        struct slice der = cursor_take(&c, cursor_be24(&c));
        struct tls_certificate *item =
            cursor_ok(&c) ? app_append(app, tx, &who->certificates, sizeof *item) : NULL;
        if (!item)
            break;
        item->der = app_keep(app, tx, der);
        if (who->certificates.n == 1)
            first_certificate(app, tx, dir, der, who);
    }
    who->chain_length = (uint16_t)who->certificates.n;
    app_progress(app, tx, dir, TX_BODY);
}

/* ---- handshake messages ------------------------------------------------------------------- */

static void message(struct app *app, struct tx *tx, enum dir dir, uint8_t type, struct slice body)
{
    struct tls_tx *tls = tx_data(tx);

    uint8_t state = type == CLIENT_HELLO          ? TLS_CLIENT_HELLO
                    : type == SERVER_HELLO        ? TLS_SERVER_HELLO
                    : type == CLIENT_KEY_EXCHANGE ? TLS_CLIENT_KEYX
                    : type == SERVER_KEY_EXCHANGE ? TLS_SERVER_KEYX
                                                  : 0;
    tls->state = state ? state : tls->state;
    if (type == CLIENT_HELLO && dir == TO_SERVER)
        client_hello(app, tx, body);
    else if (type == SERVER_HELLO && dir == TO_CLIENT)
        server_hello(app, tx, body);
    else if (type == CERTIFICATE)
        certificates(app, tx, dir, body);
    else if (type == CERTIFICATE_REQUEST && dir == TO_CLIENT)
        tls->asks_client = true;
    else if (type == SERVER_HELLO_DONE && dir == TO_CLIENT)
        tx->told = !tls->asks_client;
}

/* Bytes of whole messages used from the front of `in`. */
static uint32_t messages(struct app *app, struct tx *tx, enum dir dir, struct tls_side *side,
                         struct slice in)
{
    struct cursor c = cursor_of(in);

    for (;;) {
        struct cursor ahead = c;
        uint8_t type = cursor_u8(&ahead);
        uint32_t len = cursor_be24(&ahead);
        if (!cursor_ok(&ahead))
            break;
        if (len > HANDSHAKE_MAX) {
            app_note(app, tx, NOTE_TOO_LONG);
            side->skip = len - (len < cursor_left(&ahead) ? len : cursor_left(&ahead));
            cursor_skip(&ahead, len < cursor_left(&ahead) ? len : cursor_left(&ahead));
        } else {
            struct slice body = cursor_take(&ahead, len);
            if (!cursor_ok(&ahead))
                break;
            message(app, tx, dir, type, body);
        }
        c = ahead;
        if (side->broken)
            return in.len;
    }
    return in.len - cursor_left(&c);
}

static void handshake(struct app *app, struct tx *tx, enum dir dir, struct slice record)
{
    struct tls_state *state = app_state(app);
    struct tls_side *side = &state->side[dir];
    uint32_t skip = side->skip < record.len ? side->skip : record.len;
    struct slice in = slice_from(record, skip);

    if (side->broken)
        return;
    side->skip -= skip;
    if (side->pending.len) {
        app_grow(app, tx, &side->pending, in, HANDSHAKE_MAX + HANDSHAKE_HEADER + RECORD_MAX);
        in = side->pending;
    }
    struct slice rest = slice_from(in, messages(app, tx, dir, side, in));
    if (!rest.len || rest.at != side->pending.at) {
        struct slice fresh = SLICE_NONE;
        app_grow(app, tx, &fresh, rest, HANDSHAKE_MAX + HANDSHAKE_HEADER + RECORD_MAX);
        side->pending = fresh;
    }
}

/* ---- records ------------------------------------------------------------------------------ */

enum { HEARTBEAT_REQUEST = 1, HEARTBEAT_RESPONSE = 2, HEARTBEAT_PADDING = 16 };

/* RFC 6520 with the fault of CVE-2014-0160: a payload length beyond the record, or so near its end
 * that the padding does not fit. */
static void heartbeat(struct app *app, struct tx *tx, struct slice record)
{
    struct cursor c = cursor_of(record);
    uint8_t type = cursor_u8(&c);
    uint32_t len = cursor_be16(&c);
    struct tls_state *state = app_state(app);

    app_note(app, tx, NOTE_HEARTBEAT);
    if (!cursor_ok(&c) || (type != HEARTBEAT_REQUEST && type != HEARTBEAT_RESPONSE)) {
        app_note(app, tx, NOTE_HEARTBEAT_BAD);
        return;
    }
    if (len > cursor_left(&c))
        app_note(app, tx, NOTE_HEARTBEAT_OVERFLOW);
    else if (cursor_left(&c) - len < HEARTBEAT_PADDING)
        app_note(app, tx, NOTE_HEARTBEAT_BAD);
    if (type == HEARTBEAT_REQUEST)
        state->heartbeat_len = record.len;
    else if (state->heartbeat_len && record.len > state->heartbeat_len)
        app_note(app, tx, NOTE_HEARTBEAT_LEAK);
}

static void encrypts(struct app *app, struct tx *tx, enum dir dir)
{
    struct tls_state *state = app_state(app);
    struct tls_tx *tls = tx_data(tx);

    if (state->retry && tls->version >= TLS_1_3)
        return; /* middlebox compatibility: hellos follow in clear */
    if (dir == TO_CLIENT && tls->server_random.len && !tls->server.certificates.n &&
        tls->version < TLS_1_3)
        tls->resumed = true;
    state->side[dir].encrypted = true;
    app_progress(app, tx, dir, TX_DONE);
}

static void take_record(struct app *app, struct tx *tx, enum dir dir, uint8_t type,
                        struct slice body)
{
    const struct tls_state *state = app_state(app);
    struct tls_tx *tls = tx_data(tx);

    if (app_stir(app, tx))
        tls->state = 0;
    if (type == APPLICATION) {
        tx->told = true;
        app_dark(app);
    }
    if (state->side[dir].encrypted)
        return;
    switch (type) {
    case HANDSHAKE:
        handshake(app, tx, dir, body);
        break;
    case CHANGE_CIPHER:
    case APPLICATION:
        encrypts(app, tx, dir);
        break;
    case HEARTBEAT:
        heartbeat(app, tx, body);
        break;
    default:
        break;
    }
}

enum { OLD_ERROR = 0, OLD_SERVER_HELLO = 4, SSL_2 = 0x0002 }; /* of SSL 2 */

/* More records than their headers have room for in what came: those of SSL 2 are shorter. */
static struct parsed old_records(struct app *app, struct slice in)
{
    struct tx *tx = app_tx_find(app, 0);
    struct cursor c = cursor_of(in);
    uint32_t n = 0;

    while (cursor_left(&c)) {
        uint32_t length = cursor_be16(&c) & 0x7fff;
        struct cursor record = cursor_of(cursor_take(&c, length));
        if (!cursor_ok(&c) || !length)
            break;
        if (cursor_u8(&record) == OLD_ERROR)
            app_note(app, tx, NOTE_ALERT);
        n++;
    }
    if (n > in.len / RECORD_HEADER)
        app_note(app, tx, NOTE_RECORDS);
    return parse_bad();
}

/* SSL 2 framing of a first hello: two bytes of length with the top bit set, then the type. */
static bool is_old_hello(struct slice in)
{
    struct cursor c = cursor_of(in);
    uint16_t length = cursor_be16(&c);
    uint8_t type = cursor_u8(&c);
    uint16_t version = cursor_be16(&c);
    return cursor_ok(&c) && length >> 15 && type == CLIENT_HELLO &&
           (version == 0x0002 || (version >= 0x0300 && version <= 0x0303));
}

/* The server takes SSL 2: its records have nothing in them that could be told. */
static bool is_old_answer(const struct tls_state *state, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint16_t length = cursor_be16(&c);

    return state->only_old && length >> 15 && cursor_u8(&c) == OLD_SERVER_HELLO;
}

static struct parsed old_hello(struct app *app, struct slice in)
{
    struct tls_state *state = app_state(app);
    struct cursor c = cursor_of(in);
    uint32_t length = cursor_be16(&c) & 0x7fff;
    cursor_skip(&c, 1);
    uint16_t version = cursor_be16(&c);
    struct tx *tx = app_tx(app, 0);
    if (!tx)
        return parse_full();
    struct tls_tx *tls = tx_data(tx);
    tls->version = version;
    tls->state = TLS_CLIENT_HELLO;
    (void)app_stir(app, tx);
    app_progress(app, tx, TO_SERVER, TX_HEADERS);
    state->old = true;
    state->only_old = version == SSL_2;
    if (length >= OLD_HELLO_MIN)
        return parse_done(2 + length);
    app_note(app, tx, NOTE_OLD_HEADER);
    app_note(app, tx, NOTE_SSL_RECORD);
    return parse_bad();
}

/* Both sides encrypt: nothing is left to be read. */
static bool is_over(const struct tls_state *state)
{
    return state->side[TO_SERVER].encrypted && state->side[TO_CLIENT].encrypted;
}

static bool known_type(uint8_t type)
{
    return type >= CHANGE_CIPHER && type <= HEARTBEAT;
}

/* A record that is none: its version, its type or its length. */
static struct parsed no_record(struct app *app, enum dir dir, struct slice in, uint8_t type,
                               uint8_t major)
{
    if (dir == TO_CLIENT && is_old_answer(app_state(app), in))
        return parse_off();
    struct tx *tx = app_tx_find(app, 0);

    if (major != 3)
        app_note(app, tx, NOTE_VERSION);
    else
        app_note(app, tx, known_type(type) ? NOTE_HEADER : NOTE_RECORD);
    app_note(app, tx, NOTE_SSL_RECORD);
    return parse_bad();
}

static struct parsed tls_parse(struct app *app, enum dir dir, struct slice in)
{
    const struct tls_state *state = app_state(app);
    struct cursor c = cursor_of(in);
    uint8_t type = cursor_u8(&c);
    uint8_t major = cursor_u8(&c);
    cursor_skip(&c, 1);
    uint32_t length = cursor_be16(&c);

    if (!cursor_ok(&c))
        return parse_more(RECORD_HEADER);
    if (dir == TO_SERVER && type >> 7 && (state->old || is_old_hello(in)))
        return state->old ? old_records(app, in) : old_hello(app, in);
    if (!known_type(type) || major != 3 || length > RECORD_MAX)
        return no_record(app, dir, in, type, major);
    if (!state->side[dir].encrypted && type != APPLICATION) {
        cursor_skip(&c, length);
        if (!cursor_ok(&c))
            return parse_more(RECORD_HEADER + length);
    }
    struct tx *tx = app_tx(app, 0);
    if (!tx)
        return parse_full();
    take_record(app, tx, dir, type, slice_head(slice_from(in, RECORD_HEADER), length));
    app_raw_look(app, dir);
    return is_over(state) ? parse_off() : parse_done(RECORD_HEADER + length);
}

static enum probe tls_probe(struct slice head, enum dir dir)
{
    struct cursor c = cursor_of(head);

    if (dir == TO_SERVER && is_old_hello(head))
        return PROBE_LIKELY;
    uint8_t type = cursor_u8(&c);
    uint8_t major = cursor_u8(&c), minor = cursor_u8(&c);
    if (!known_type(type) || (head.len > 1 && major != 3) || (head.len > 2 && minor > 4))
        return PROBE_NO;
    uint32_t length = cursor_be16(&c);
    uint8_t message_type = cursor_u8(&c);
    if (!cursor_ok(&c))
        return PROBE_MORE;
    if (length == 0 || length > RECORD_MAX)
        return PROBE_NO;
    if (type == HANDSHAKE && message_type == (dir == TO_SERVER ? CLIENT_HELLO : SERVER_HELLO))
        return PROBE_YES;
    return PROBE_LIKELY;
}

const struct proto_def proto_tls = {
    .name = "tls",
    .spec = "RFC 8446, RFC 5246",
    .doc = "Encrypted connections: their handshakes",
    .l4 = L4_TCP,
    .ports = {443, 8443, 8883, 993, 995, 465, 853, 4433, 9443},
    .tx_size = sizeof(struct tls_tx),
    .state_size = sizeof(struct tls_state),
    .probe = tls_probe,
    .parse = tls_parse,
    .options = tls_options,
    .config_size = sizeof(struct tls_config),
    .configure = tls_configure,
    .fields = tls_fields,
    .notes = tls_notes,
};

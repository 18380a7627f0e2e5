/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of TLS handshakes, named as Suricata's rules and EVE name them.
 */
#include "sensor/app/tls_tx.h"

static const struct label versions[] = {
    {0x0002, "2.0"}, {0x0300, "3.0"}, {0x0301, "1.0"}, {0x0302, "1.1"},
    {0x0303, "1.2"}, {0x0304, "1.3"}, {0, NULL},
};

static const struct label version_names[] = {
    {0x0002, "SSLv2"},
    {0x0300, "SSLv3"},
    {0x0301, "TLSv1"},
    {0x0302, "TLS 1.1"},
    {0x0303, "TLS 1.2"},
    {0x0304, "TLS 1.3"},
    {0x7f10, "TLS 1.3 draft-16"},
    {0x7f11, "TLS 1.3 draft-17"},
    {0x7f12, "TLS 1.3 draft-18"},
    {0x7f13, "TLS 1.3 draft-19"},
    {0x7f14, "TLS 1.3 draft-20"},
    {0x7f15, "TLS 1.3 draft-21"},
    {0x7f16, "TLS 1.3 draft-22"},
    {0x7f17, "TLS 1.3 draft-23"},
    {0x7f18, "TLS 1.3 draft-24"},
    {0x7f19, "TLS 1.3 draft-25"},
    {0x7f1a, "TLS 1.3 draft-26"},
    {0x7f1b, "TLS 1.3 draft-27"},
    {0x7f1c, "TLS 1.3 draft-28"},
    {0, NULL},
};

enum { TIME_BYTES = 4, RANDOM_BYTES = 32 };

static bool client_random_time(struct tx *tx, struct slice *out)
{
    const struct tls_tx *tls = tx_data_const(tx);
    *out = slice_head(tls->client_random, TIME_BYTES);
    return out->at != NULL;
}

static bool client_random_rest(struct tx *tx, struct slice *out)
{
    const struct tls_tx *tls = tx_data_const(tx);
    *out = slice_from(tls->client_random, TIME_BYTES);
    return out->at != NULL;
}

/* Before the server has said anything its bytes are zeros, as rules of Suricata see them. */
static bool server_random(struct tx *tx, struct slice *out)
{
    static const uint8_t none[RANDOM_BYTES];
    const struct tls_tx *tls = tx_data_const(tx);

    *out = tls->server_random.len ? tls->server_random : (struct slice){none, RANDOM_BYTES};
    return true;
}

static bool server_random_time(struct tx *tx, struct slice *out)
{
    (void)server_random(tx, out);
    *out = slice_head(*out, TIME_BYTES);
    return true;
}

static bool server_random_rest(struct tx *tx, struct slice *out)
{
    (void)server_random(tx, out);
    *out = slice_from(*out, TIME_BYTES);
    return true;
}

/* ---- certificates as they are, when asked for --------------------------------------------- */

const struct option tls_options[] = {
    {"tls.custom", CONF_LIST, "",
     "More in events, in base64: certificate, chain, client_certificate, client_chain"},
    {"tls.ja4", CONF_BOOL, "true", "Events of handshakes carry the client's JA4; alerts always do"},
    OPTION_END,
};

void tls_configure(const struct conf *conf, void *config)
{
    struct tls_config *c = config;
    const char *item;

    c->no_ja4 = !conf_bool(conf, "tls.ja4");
    for (uint32_t i = 0; (item = conf_item(conf, "tls.custom", i)); i++) {
        c->certificate |= strcmp(item, "certificate") == 0;
        c->chain |= strcmp(item, "chain") == 0;
        c->client_certificate |= strcmp(item, "client_certificate") == 0;
        c->client_chain |= strcmp(item, "client_chain") == 0;
    }
}

static bool ja4_shown(const struct tx *tx, const void *item)
{
    const struct tls_tx *tls = tx_data_const(tx);

    (void)item;
    return !tx->writes_event || !tls->config || !tls->config->no_ja4;
}

static bool first_of(const struct tls_identity *who, struct slice *out)
{
    const struct tls_certificate *first = who->certificates.at;

    if (!who->certificates.n)
        return false;
    *out = first->der;
    return true;
}

static bool server_first(struct tx *tx, struct slice *out)
{
    const struct tls_tx *tls = tx_data_const(tx);
    return tls->config && tls->config->certificate && first_of(&tls->server, out);
}

static bool client_first(struct tx *tx, struct slice *out)
{
    const struct tls_tx *tls = tx_data_const(tx);
    return tls->config && tls->config->client_certificate && first_of(&tls->client, out);
}

static bool chain_wanted(const struct tx *tx, const void *item)
{
    const struct tls_tx *tls = tx_data_const(tx);

    (void)item;
    return tls->config && tls->config->chain;
}

static bool client_chain_wanted(const struct tx *tx, const void *item)
{
    const struct tls_tx *tls = tx_data_const(tx);

    (void)item;
    return tls->config && tls->config->client_chain;
}

static const struct field server_link_fields[] = {
    {.name = "tls.chain.der",
     .eve = "",
     .uses = IN_EVE,
     .type = FIELD_BYTES,
     .form = FORM_BASE64,
     .offset = offsetof(struct tls_certificate, der),
     .side = SIDE_SERVER,
     .progress = TX_BODY,
     .doc = "A certificate of the server's chain, when `tls.custom` asks for them"},
    FIELD_END,
};

static const struct field client_link_fields[] = {
    {.name = "tls.client.chain.der",
     .eve = "",
     .uses = IN_EVE,
     .type = FIELD_BYTES,
     .form = FORM_BASE64,
     .offset = offsetof(struct tls_certificate, der),
     .side = SIDE_CLIENT,
     .progress = TX_BODY,
     .doc = "A certificate of the client's chain, when `tls.custom` asks for them"},
    FIELD_END,
};

static const struct field alpn_fields[] = {
    {.name = "tls.alpn",
     .eve = "",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_alpn, name),
     .side = SIDE_CLIENT,
     .progress = TX_HEADERS,
     .doc = "An application protocol the client offers"},
    FIELD_END,
};

static const struct field server_certificate_fields[] = {
    {.name = "tls.certs",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_certificate, der),
     .side = SIDE_SERVER,
     .progress = TX_BODY,
     .doc = "A certificate of the chain, DER"},
    FIELD_END,
};

static const struct field client_certificate_fields[] = {
    {.name = "tls.certs",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_certificate, der),
     .side = SIDE_CLIENT,
     .progress = TX_BODY,
     .doc = "A certificate of the client, DER"},
    FIELD_END,
};

const struct field tls_fields[] = {
    {.name = "tls.resumed",
     .eve = "session_resumed",
     .uses = IN_EVE,
     .type = FIELD_BOOL,
     .offset = offsetof(struct tls_tx, resumed),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .doc = "The session goes on without a new certificate"},
    {.name = "tls.cert_subject",
     .eve = "subject",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, server.x509.subject),
     .side = SIDE_SERVER,
     .progress = TX_BODY,
     .alias = "tls_cert_subject",
     .doc = "Subject of the server certificate"},
    {.name = "tls.cert_issuer",
     .eve = "issuerdn",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, server.x509.issuer),
     .side = SIDE_SERVER,
     .progress = TX_BODY,
     .alias = "tls_cert_issuer",
     .doc = "Issuer of the server certificate"},
    {.name = "tls.cert_serial",
     .eve = "serial",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, server.x509.serial),
     .side = SIDE_SERVER,
     .progress = TX_BODY,
     .alias = "tls_cert_serial",
     .doc = "Serial number of the server certificate, hex with colons"},
    {.name = "tls.cert_fingerprint",
     .eve = "fingerprint",
     .uses = IN_RULES | IN_IDENTITY | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, server.fingerprint),
     .side = SIDE_SERVER,
     .progress = TX_BODY,
     .alias = "tls_cert_fingerprint",
     .doc = "SHA-1 of the server certificate, hex with colons"},
    {.name = "tls.sni",
     .eve = "sni",
     .uses = IN_RULES | IN_BASELINE | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, server_name),
     .side = SIDE_CLIENT,
     .progress = TX_HEADERS,
     .alias = "tls_sni",
     .doc = "Server name the client asks for"},
    {.name = "tls.version",
     .uses = IN_RULES,
     .type = FIELD_U16,
     .offset = offsetof(struct tls_tx, version),
     .progress = TX_LINE,
     .labels = versions,
     .doc = "Version agreed on"},
    {.name = "tls.version.text",
     .eve = "version",
     .uses = IN_EVE,
     .type = FIELD_U16,
     .offset = offsetof(struct tls_tx, version),
     .progress = TX_LINE,
     .labels = version_names,
     .doc = "Version agreed on, as EVE names it"},
    {.name = "tls.notbefore",
     .eve = "notbefore",
     .uses = IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, server.not_before),
     .side = SIDE_SERVER,
     .progress = TX_BODY,
     .doc = "Start of the validity of the server certificate"},
    {.name = "tls.notafter",
     .eve = "notafter",
     .uses = IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, server.not_after),
     .side = SIDE_SERVER,
     .progress = TX_BODY,
     .doc = "End of the validity of the server certificate"},
    {.name = "tls.cert_not_before",
     .uses = IN_RULES,
     .type = FIELD_U64,
     .offset = offsetof(struct tls_tx, server.x509.not_before),
     .side = SIDE_SERVER,
     .progress = TX_BODY,
     .doc = "Start of validity, seconds since 1970"},
    {.name = "tls.cert_not_after",
     .uses = IN_RULES,
     .type = FIELD_U64,
     .offset = offsetof(struct tls_tx, server.x509.not_after),
     .side = SIDE_SERVER,
     .progress = TX_BODY,
     .doc = "End of validity, seconds since 1970"},
    {.name = "tls.cert_chain_len",
     .uses = IN_RULES,
     .type = FIELD_U16,
     .offset = offsetof(struct tls_tx, server.chain_length),
     .side = SIDE_SERVER,
     .progress = TX_BODY,
     .doc = "Certificates in the chain"},
    {.name = "tls.cipher",
     .uses = IN_RULES,
     .type = FIELD_U16,
     .offset = offsetof(struct tls_tx, cipher),
     .side = SIDE_SERVER,
     .progress = TX_LINE,
     .doc = "Cipher suite chosen"},
    {.name = "tls.random",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, client_random),
     .side = SIDE_CLIENT,
     .progress = TX_HEADERS,
     .doc = "Random bytes of the ClientHello"},
    {.name = "tls.random",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, server_random),
     .side = SIDE_SERVER,
     .progress = TX_LINE,
     .early = true,
     .get = server_random,
     .doc = "Random bytes of the ServerHello"},
    {.name = "tls.random_time",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, client_random),
     .side = SIDE_CLIENT,
     .progress = TX_HEADERS,
     .get = client_random_time,
     .doc = "The first four of the random bytes of the ClientHello"},
    {.name = "tls.random_time",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, server_random),
     .side = SIDE_SERVER,
     .progress = TX_LINE,
     .early = true,
     .get = server_random_time,
     .doc = "The first four of the random bytes of the ServerHello"},
    {.name = "tls.random_bytes",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, client_random),
     .side = SIDE_CLIENT,
     .progress = TX_HEADERS,
     .get = client_random_rest,
     .doc = "The random bytes but the first four of the ClientHello"},
    {.name = "tls.random_bytes",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, server_random),
     .side = SIDE_SERVER,
     .progress = TX_LINE,
     .early = true,
     .get = server_random_rest,
     .doc = "The random bytes but the first four of the ServerHello"},
    {.name = "ja3.hash",
     .eve = "ja3.hash",
     .uses = IN_RULES | IN_IDENTITY | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, ja3_hash),
     .side = SIDE_CLIENT,
     .progress = TX_HEADERS,
     .alias = "ja3_hash",
     .doc = "JA3 of the ClientHello, MD5"},
    {.name = "ja3.string",
     .eve = "ja3.string",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, ja3),
     .side = SIDE_CLIENT,
     .progress = TX_HEADERS,
     .alias = "ja3_string",
     .doc = "JA3 of the ClientHello before hashing"},
    {.name = "ja3s.hash",
     .eve = "ja3s.hash",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, ja3s_hash),
     .side = SIDE_SERVER,
     .progress = TX_LINE,
     .doc = "JA3S of the ServerHello, MD5"},
    {.name = "ja3s.string",
     .eve = "ja3s.string",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, ja3s),
     .side = SIDE_SERVER,
     .progress = TX_LINE,
     .doc = "JA3S of the ServerHello before hashing"},
    {.name = "ja4.hash",
     .eve = "ja4",
     .uses = IN_RULES | IN_IDENTITY | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, ja4),
     .side = SIDE_CLIENT,
     .progress = TX_HEADERS,
     .has = ja4_shown,
     .doc = "JA4 of the ClientHello"},
    {.name = "tls.cert_subject",
     .eve = "client.subject",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, client.x509.subject),
     .side = SIDE_CLIENT,
     .progress = TX_BODY,
     .alias = "tls_cert_subject",
     .doc = "Subject of the client certificate"},
    {.name = "tls.cert_issuer",
     .eve = "client.issuerdn",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, client.x509.issuer),
     .side = SIDE_CLIENT,
     .progress = TX_BODY,
     .alias = "tls_cert_issuer",
     .doc = "Issuer of the client certificate"},
    {.name = "tls.cert_serial",
     .eve = "client.serial",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, client.x509.serial),
     .side = SIDE_CLIENT,
     .progress = TX_BODY,
     .alias = "tls_cert_serial",
     .doc = "Serial number of the client certificate"},
    {.name = "tls.cert_fingerprint",
     .eve = "client.fingerprint",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, client.fingerprint),
     .side = SIDE_CLIENT,
     .progress = TX_BODY,
     .alias = "tls_cert_fingerprint",
     .doc = "SHA-1 of the client certificate"},
    {.name = "tls.client.notbefore",
     .eve = "client.notbefore",
     .uses = IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, client.not_before),
     .side = SIDE_CLIENT,
     .progress = TX_BODY,
     .doc = "Start of the validity of the client certificate"},
    {.name = "tls.client.notafter",
     .eve = "client.notafter",
     .uses = IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, client.not_after),
     .side = SIDE_CLIENT,
     .progress = TX_BODY,
     .doc = "End of the validity of the client certificate"},
    {.name = "tls.client.certificate",
     .eve = "client.certificate",
     .uses = IN_EVE,
     .type = FIELD_BYTES,
     .form = FORM_BASE64,
     .get = client_first,
     .side = SIDE_CLIENT,
     .progress = TX_BODY,
     .doc = "Certificate of the client, when `tls.custom` asks for it"},
    {.name = "tls.client.links",
     .eve = "client.chain",
     .uses = IN_EVE,
     .type = FIELD_LIST,
     .offset = offsetof(struct tls_tx, client.certificates),
     .has = client_chain_wanted,
     .side = SIDE_CLIENT,
     .progress = TX_BODY,
     .items = client_link_fields,
     .item_size = sizeof(struct tls_certificate),
     .doc = "Certificates of the client, when `tls.custom` asks for them"},
    {.name = "tls.certificate",
     .eve = "certificate",
     .uses = IN_EVE,
     .type = FIELD_BYTES,
     .form = FORM_BASE64,
     .get = server_first,
     .side = SIDE_SERVER,
     .progress = TX_BODY,
     .doc = "Certificate of the server, when `tls.custom` asks for it"},
    {.name = "tls.links",
     .eve = "chain",
     .uses = IN_EVE,
     .type = FIELD_LIST,
     .offset = offsetof(struct tls_tx, server.certificates),
     .has = chain_wanted,
     .side = SIDE_SERVER,
     .progress = TX_BODY,
     .items = server_link_fields,
     .item_size = sizeof(struct tls_certificate),
     .doc = "Certificates of the server, when `tls.custom` asks for them"},
    {.name = "tls.server_alpn",
     .eve = "server_alpn",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct tls_tx, server_alpn),
     .side = SIDE_SERVER,
     .progress = TX_LINE,
     .doc = "Application protocol chosen"},
    {.name = "tls.alpns",
     .eve = "client_alpns",
     .uses = IN_EVE,
     .type = FIELD_LIST,
     .offset = offsetof(struct tls_tx, alpns),
     .side = SIDE_CLIENT,
     .progress = TX_HEADERS,
     .items = alpn_fields,
     .item_size = sizeof(struct tls_alpn),
     .doc = "Application protocols offered"},
    {.name = "tls.chain",
     .uses = 0,
     .type = FIELD_LIST,
     .offset = offsetof(struct tls_tx, server.certificates),
     .side = SIDE_SERVER,
     .progress = TX_BODY,
     .items = server_certificate_fields,
     .item_size = sizeof(struct tls_certificate),
     .doc = "Certificates of the server"},
    {.name = "tls.client.chain",
     .uses = 0,
     .type = FIELD_LIST,
     .offset = offsetof(struct tls_tx, client.certificates),
     .side = SIDE_CLIENT,
     .progress = TX_BODY,
     .items = client_certificate_fields,
     .item_size = sizeof(struct tls_certificate),
     .doc = "Certificates of the client"},
    FIELD_END,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of QUIC, and its event in the form of Suricata.
 */
#include "sensor/app/quic_tx.h"

#include "common/jsonw.h"
#include "sensor/app/app.h"

#include <stdio.h>

/* IANA's registry of TLS extensions. */
static const struct label extension_names[] = {
    {0, "server_name"},
    {1, "max_fragment_length"},
    {2, "client_certificate_url"},
    {3, "trusted_ca_keys"},
    {4, "truncated_hmac"},
    {5, "status_request"},
    {6, "user_mapping"},
    {7, "client_authz"},
    {8, "server_authz"},
    {9, "cert_type"},
    {10, "supported_groups"},
    {11, "ec_point_formats"},
    {12, "srp"},
    {13, "signature_algorithms"},
    {14, "use_srtp"},
    {15, "heartbeat"},
    {16, "alpn"},
    {17, "status_request_v2"},
    {18, "signed_certificate_timestamp"},
    {19, "client_certificate_type"},
    {20, "server_certificate_type"},
    {21, "padding"},
    {22, "encrypt_then_mac"},
    {23, "extended_master_secret"},
    {24, "token_binding"},
    {25, "cached_info"},
    {26, "tls_lts"},
    {27, "compress_certificate"},
    {28, "record_size_limit"},
    {29, "pwd_protect"},
    {30, "pwd_clear"},
    {31, "password_salt"},
    {32, "ticket_pinning"},
    {33, "tls_cert_with_extern_psk"},
    {34, "delegated_credentials"},
    {35, "session_ticket"},
    {41, "pre_shared_key"},
    {42, "early_data"},
    {43, "supported_versions"},
    {44, "cookie"},
    {45, "psk_key_exchange_modes"},
    {47, "certificate_authorities"},
    {48, "oid_filters"},
    {49, "post_handshake_auth"},
    {50, "signature_algorithms_cert"},
    {51, "key_share"},
    {52, "transparency_info"},
    {53, "connection_id"},
    {55, "external_id_hash"},
    {56, "external_session_id"},
    {57, "quic_transport_parameters"},
    {58, "ticket_request"},
    {65281, "renegotiation_info"},
    {0, NULL},
};

static const struct field cyu_fields[] = {
    {.name = "quic.cyu.hash",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct quic_cyu, hash),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "MD5 of quic.cyu.string"},
    {.name = "quic.cyu.string",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct quic_cyu, string),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "Version and tags of the hello"},
    FIELD_END,
};

const struct field quic_fields[] = {
    {.name = "quic.version",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct quic_tx, version_bytes),
     .side = SIDE_BOTH,
     .progress = TX_DONE,
     .doc = "Version in a long header, four bytes as sent"},
    {.name = "quic.sni",
     .uses = IN_RULES | IN_BASELINE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct quic_tx, tls.server_name),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "Server name that the client asks for"},
    {.name = "quic.ua",
     .uses = IN_RULES | IN_IDENTITY,
     .type = FIELD_BYTES,
     .offset = offsetof(struct quic_tx, user_agent),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "Software of the client, in Google's older versions"},
    {.name = "ja3.hash",
     .uses = IN_RULES | IN_IDENTITY,
     .type = FIELD_BYTES,
     .offset = offsetof(struct quic_tx, tls.ja3_hash),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "MD5 of ja3.string"},
    {.name = "ja3.string",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct quic_tx, tls.ja3),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "Numbers in the ClientHello"},
    {.name = "ja3s.hash",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct quic_tx, tls.ja3s_hash),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .doc = "MD5 of ja3s.string"},
    {.name = "ja3s.string",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct quic_tx, tls.ja3s),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .doc = "Numbers in the ServerHello"},
    {.name = "ja4.hash",
     .uses = IN_RULES | IN_IDENTITY,
     .type = FIELD_BYTES,
     .offset = offsetof(struct quic_tx, tls.ja4),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .doc = "JA4 fingerprint of the ClientHello"},
    {.name = "quic.cyus",
     .type = FIELD_LIST,
     .offset = offsetof(struct quic_tx, cyus),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .items = cyu_fields,
     .item_size = sizeof(struct quic_cyu),
     .doc = "Fingerprints of hellos of Google's older versions"},
    FIELD_END,
};

static bool is_sign(uint32_t b)
{
    return b >= '0' && b <= 'Z';
}

static void write_version(struct jsonw *w, uint32_t version)
{
    char text[16];
    uint32_t a = version >> 24, b = version >> 16 & 0xff, c = version >> 8 & 0xff,
             d = version & 0xff;

    if (version == 1)
        snprintf(text, sizeof text, "1");
    else if (version == 0x6b3343cf)
        snprintf(text, sizeof text, "v2");
    else if (is_sign(a) && is_sign(b) && is_sign(c) && is_sign(d))
        snprintf(text, sizeof text, "%c%c%c%c", (int)a, (int)b, (int)c, (int)d);
    else
        snprintf(text, sizeof text, "%x", version);
    jsonw_str(w, "version", text);
}

static void write_text(struct jsonw *w, const char *key, struct slice text)
{
    if (text.len)
        jsonw_text(w, key, text);
}

static void write_ja3(struct jsonw *w, const char *key, struct slice hash, struct slice string)
{
    if (!hash.len)
        return;
    jsonw_obj_open(w, key);
    jsonw_text(w, "hash", hash);
    jsonw_text(w, "string", string);
    jsonw_obj_close(w);
}

static void write_cyus(struct jsonw *w, const struct list *list)
{
    const struct quic_cyu *cyus = list->at;

    if (!list->n)
        return;
    jsonw_arr_open(w, "cyu");
    for (uint32_t i = 0; i < list->n; i++) {
        jsonw_obj_open(w, NULL);
        jsonw_text(w, "hash", cyus[i].hash);
        jsonw_text(w, "string", cyus[i].string);
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
}

static void write_extension(struct jsonw *w, const struct quic_extension *e)
{
    const struct quic_value *values = e->values.at;
    const struct label *l = extension_names;

    while (l->name && l->value != e->type)
        l++;
    jsonw_obj_open(w, NULL);
    if (l->name)
        jsonw_str(w, "name", l->name);
    jsonw_u64(w, "type", e->type);
    if (e->values.n) {
        jsonw_arr_open(w, "values");
        for (uint32_t i = 0; i < e->values.n; i++)
            jsonw_text(w, NULL, values[i].text);
        jsonw_arr_close(w);
    }
    jsonw_obj_close(w);
}

const struct option quic_options[] = {
    {"quic.ja4", CONF_BOOL, "true", "Events carry the client's JA4; alerts always do"},
    OPTION_END,
};

void quic_configure(const struct conf *conf, void *config)
{
    struct tls_config *c = config;

    c->no_ja4 = !conf_bool(conf, "quic.ja4");
}

void quic_fields_event(struct tx *tx, uint32_t i, struct jsonw *w)
{
    const struct quic_tx *quic = tx_data_const(tx);
    const struct quic_extension *extensions = quic->extensions.at;

    (void)i;
    write_version(w, quic->version);
    write_text(w, "sni", quic->tls.server_name);
    write_text(w, "ua", quic->user_agent);
    write_cyus(w, &quic->cyus);
    write_ja3(w, "ja3", quic->tls.ja3_hash, quic->tls.ja3);
    write_ja3(w, "ja3s", quic->tls.ja3s_hash, quic->tls.ja3s);
    if (!tx->writes_event || !quic->tls.config || !quic->tls.config->no_ja4)
        write_text(w, "ja4", quic->tls.ja4);
    if (!quic->extensions.n)
        return;
    jsonw_arr_open(w, "extensions");
    for (uint32_t n = 0; n < quic->extensions.n; n++)
        write_extension(w, &extensions[n]);
    jsonw_arr_close(w);
}

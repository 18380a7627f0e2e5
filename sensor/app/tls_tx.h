/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the TLS parser share: the handshake of a connection.
 */
#ifndef TRAMGAC_SENSOR_APP_TLS_TX_H
#define TRAMGAC_SENSOR_APP_TLS_TX_H

#include "sensor/app/proto.h"
#include "sensor/app/x509.h"

/** What is wrong with the name a client asks for. */
enum tls_sni { TLS_SNI_GOOD, TLS_SNI_MANY, TLS_SNI_TYPE, TLS_SNI_LENGTH };

/** A hello as it stands in the handshake; slices point into it. */
struct tls_hello {
    uint16_t version;     /* legacy_version */
    uint16_t top_version; /* the highest of supported_versions, or `version` */
    struct slice random;
    struct slice ciphers;       /* 2 bytes each; the chosen one in a ServerHello */
    struct slice extensions;    /* the whole block */
    struct slice groups;        /* 2 bytes each */
    struct slice point_formats; /* 1 byte each */
    struct slice signatures;    /* 2 bytes each */
    struct slice server_name;
    struct slice alpn; /* protocol list: length byte and name, repeated */
    uint8_t sni_fault; /* enum tls_sni */
    bool has_server_name, has_alpn;
};

struct tls_certificate {
    struct slice der;
};

struct tls_alpn {
    struct slice name;
};

enum { TLS_HASH_TEXT = 33, TLS_JA4_TEXT = 37 };

/** What one side shows of itself. */
struct tls_identity {
    struct list certificates; /* struct tls_certificate */
    uint16_t chain_length;
    struct x509 x509;         /* of the first one */
    struct slice fingerprint; /* SHA-1 of the first one, hex with colons */
    struct slice not_before, not_after;
};

/** Messages of the handshake, for ssl_state. */
enum tls_state_bit {
    TLS_CLIENT_HELLO = 1,
    TLS_SERVER_HELLO = 2,
    TLS_CLIENT_KEYX = 4,
    TLS_SERVER_KEYX = 8,
    TLS_STATE_OTHER = 16, /* never */
};

struct tls_tx {
    uint16_t version; /* agreed on, or offered while there is no answer */
    uint16_t cipher;
    uint8_t state; /* enum tls_state_bit: the last of them that came with the last packet */
    bool resumed;
    bool asks_client; /* the server wants the client's certificate */
    struct slice server_name;
    struct slice client_random, server_random;
    struct list alpns;        /* struct tls_alpn, offered */
    struct slice server_alpn; /* chosen */
    struct tls_identity server, client;
    struct slice ja3, ja3s, ja3_hash, ja3s_hash, ja4;
    const struct tls_config *config;
    bool ja4_mark; /* as Suricata has it: the underscore also before no signatures */
};

/** Options, read once: what stands in events. */
struct tls_config {
    bool certificate, chain, client_certificate, client_chain;
    bool no_ja4;
};

/* ---- tls_fields.c ------------------------------------------------------------------------- */

extern const struct field tls_fields[];
extern const struct option tls_options[];
void tls_configure(const struct conf *conf, void *config);

/* ---- tls_hello.c -------------------------------------------------------------------------- */

/** Reads the body of a ClientHello (`client`) or ServerHello; slices point into it. False when it
 * is damaged: what was read until there is filled in. */
bool tls_hello_read(struct slice body, bool client, struct tls_hello *hello);

/* ---- tls_finger.c ------------------------------------------------------------------------- */

/** Fingerprints of a hello into the transaction, whose data begins with a struct tls_tx. */
void tls_finger_client(struct tx *tx, const struct tls_hello *hello);
void tls_finger_server(struct tx *tx, const struct tls_hello *hello);

#endif

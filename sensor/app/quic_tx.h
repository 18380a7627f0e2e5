/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the QUIC parser share: one packet with a long header.
 */
#ifndef TRAMGAC_SENSOR_APP_QUIC_TX_H
#define TRAMGAC_SENSOR_APP_QUIC_TX_H

#include "sensor/app/tls_tx.h"

/** Tags of Google's older hello. */
struct quic_cyu {
    struct slice hash, string;
};

struct quic_value {
    struct slice text;
};

struct quic_extension {
    uint16_t type;
    struct list values; /* struct quic_value */
};

struct quic_tx {
    struct tls_tx tls; /* first: fingerprints are written there */
    uint32_t version;
    struct slice version_bytes; /* as sent, in a long header */
    struct slice user_agent;
    struct list cyus;       /* struct quic_cyu */
    struct list extensions; /* struct quic_extension */
};

/* ---- quic_fields.c ------------------------------------------------------------------------ */

extern const struct field quic_fields[];
extern const struct option quic_options[];
void quic_configure(const struct conf *conf, void *config);
void quic_fields_event(struct tx *tx, uint32_t i, struct jsonw *w);

/* ---- quic_crypt.c ------------------------------------------------------------------------- */

struct quic_keys {
    bool set;
    uint8_t key[2][16], iv[2][12], mask[2][16]; /* by direction */
};

/** Keys of Initial packets, from the client's first connection id. False: an unknown version. */
bool quic_crypt_keys(struct quic_keys *keys, uint32_t version, struct slice id);
/** Removes the protection of `packet`, whose packet number begins at `number_at`; `out` has room
 * for the whole packet. False when it was sealed otherwise. */
bool quic_crypt_open(const struct quic_keys *keys, enum dir dir, struct slice packet,
                     uint32_t number_at, uint8_t *out, struct slice *payload);

/* ---- quic_google.c ------------------------------------------------------------------------ */

/** Reads the frames of an unencrypted packet of Google's QUIC into the transaction. */
void quic_google_read(struct app *app, struct tx *tx, struct slice frames);

#endif

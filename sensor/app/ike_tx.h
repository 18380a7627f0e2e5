/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IKE: what the files of the parser share. One message of either version; ike_v1.c and ike_v2.c
 * read its payloads, ike_names.c knows names of numbers, ike_event.c writes.
 */
#ifndef TRAMGAC_SENSOR_APP_IKE_TX_H
#define TRAMGAC_SENSOR_APP_IKE_TX_H

#include "sensor/app/proto.h"

enum {
    IKE_PAYLOADS_MAX = 64,
    IKE_TRANSFORMS_MAX = 64,
    IKE_ATTRIBUTES_MAX = 24,
    IKE_KEPT_MAX = 1100, /* bytes of a key or nonce kept for later messages: 8192 bits and more */
};

enum ike_note {
    IKE_MALFORMED,
    IKE_NO_ENCRYPTION,
    IKE_WEAK_ENC,
    IKE_WEAK_PRF,
    IKE_WEAK_DH,
    IKE_WEAK_AUTH,
    IKE_NO_DH,
    IKE_NO_AUTH,
    IKE_INVALID,
    IKE_UNKNOWN,
    IKE_EXTRA,
    IKE_MULTIPLE,
};

struct ike_text {
    struct slice text;
};

/** An attribute of a transform of version 1 (RFC 2409, appendix A). */
struct ike_attribute {
    uint16_t type;
    bool has_number;
    uint32_t number;
    struct slice bytes; /* when it is no number */
};

struct ike_transform {
    struct list attributes; /* struct ike_attribute */
};

/** What one side of a version 1 exchange sent last. */
struct ike_offer {
    struct slice key, nonce;
};

/** Kinds of transforms of version 2 that a responder chooses (RFC 7296, 3.3.2). */
enum ike_kind { IKE_ENC = 1, IKE_PRF, IKE_AUTH, IKE_DH, IKE_ESN, IKE_KINDS };

struct ike_tx {
    uint8_t version, minor, exchange, flags;
    bool to_server, encrypted, has_doi, has_chosen;
    uint32_t message, doi;
    struct slice init_spi, resp_spi; /* as hexadecimal digits */
    struct list payloads;            /* uint8_t: types */
    struct list vendors;             /* struct ike_text */
    struct slice key, nonce;
    uint32_t key_length, nonce_length;
    struct list transforms;      /* struct ike_transform */
    struct ike_transform chosen; /* by the responder of this flow, so far */
    struct ike_offer offer[2];   /* by enum dir */
    uint32_t errors;
    struct list notifies;    /* uint16_t */
    uint16_t alg[IKE_KINDS]; /* by enum ike_kind: chosen so far in this flow */
    uint8_t chose;           /* bits by enum ike_kind: in this message */
};

struct ike_kept {
    uint16_t len;
    uint8_t at[IKE_KEPT_MAX];
};

struct ike_state {
    bool swapped; /* the flow's first packet was an answer */
    bool marked;  /* behind a marker, among ESP (RFC 3948) */
    bool has_doi;
    uint32_t doi;
    uint32_t offers; /* transforms the responder sent, first message with some */
    uint32_t n_chosen;
    struct ike_attribute chosen[IKE_ATTRIBUTES_MAX]; /* numbers only */
    struct ike_kept *key[2], *nonce[2];
    uint16_t alg[IKE_KINDS];
};

/** Payloads behind the header, the first of type `next`. False: not to be read, no transaction. */
bool ike_v1_read(struct app *app, struct tx *tx, enum dir dir, uint8_t next, struct slice body);
void ike_v2_read(struct app *app, struct tx *tx, enum dir dir, uint8_t next, struct slice body);

/** Bytes as hexadecimal digits, kept in the transaction. */
struct slice ike_v1_hex(struct app *app, struct tx *tx, struct slice bytes);
/** Adds a type to the list of payloads; `once`: only when it is not there. */
void ike_v1_payload(struct app *app, struct tx *tx, uint8_t type, bool once);

/** NULL when it has no name. */
const char *ike_names_payload(uint8_t version, uint8_t type);
/** Name of an attribute of version 1, as key of its value: "alg_enc". */
const char *ike_names_attribute(uint16_t type);
const char *ike_names_value(uint16_t type, uint32_t value);
const char *ike_names_transform(enum ike_kind kind, uint16_t id);
const char *ike_names_notify(uint16_t type);

void ike_event_write(struct tx *tx, uint32_t i, struct jsonw *w);

#endif

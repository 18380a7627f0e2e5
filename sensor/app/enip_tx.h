/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the EtherNet/IP parser share: one encapsulated message.
 */
#ifndef TRAMGAC_SENSOR_APP_ENIP_TX_H
#define TRAMGAC_SENSOR_APP_ENIP_TX_H

#include "sensor/app/proto.h"

/** A CIP request or response; a multiple service packet gives several. */
struct enip_cip {
    uint8_t service; /* without the response bit */
    bool is_response;
    bool has_class, has_instance, has_attribute;
    uint8_t status; /* of a response */
    uint32_t class, instance, attribute;
};

/** What a device tells of itself (ListIdentity). */
struct enip_identity {
    bool seen;
    uint16_t vendor, type, product, status, protocol;
    uint8_t major, minor, state;
    uint32_t serial;
    struct slice name;
};

struct enip_tx {
    uint16_t command;
    uint32_t status, session;
    struct list cips; /* struct enip_cip */
    struct enip_identity identity;
};

/* ---- enip_fields.c ------------------------------------------------------------------------ */

extern const struct field enip_fields[];

/* ---- enip_cip.c --------------------------------------------------------------------------- */

/** Reads a CIP message (Volume 1, chapter 2) into the transaction. False when it is cut short. */
bool enip_cip_read(struct app *app, struct tx *tx, struct slice message);

/** Little-endian numbers, as everything in EtherNet/IP is. */
static inline uint16_t enip_tx_u16(struct cursor *c)
{
    uint8_t low = cursor_u8(c);
    return (uint16_t)(low | cursor_u8(c) << 8);
}

static inline uint32_t enip_tx_u32(struct cursor *c)
{
    uint16_t low = enip_tx_u16(c);
    return low | (uint32_t)enip_tx_u16(c) << 16;
}

#endif

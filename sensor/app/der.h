/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DER (ITU-T X.690): one element after the other, inside a bounded cursor. Definite lengths of at
 * most four bytes and tags of one byte; anything else is an error.
 */
#ifndef TRAMGAC_SENSOR_APP_DER_H
#define TRAMGAC_SENSOR_APP_DER_H

#include "common/cursor.h"

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTETS = 0x04,
    DER_OID = 0x06,
    DER_UTF8 = 0x0c,
    DER_NUMERIC = 0x12,
    DER_PRINTABLE = 0x13,
    DER_T61 = 0x14,
    DER_IA5 = 0x16,
    DER_UTC_TIME = 0x17,
    DER_TIME = 0x18,
    DER_VISIBLE = 0x1a,
    DER_BMP = 0x1e,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_CONTEXT_0 = 0xa0,
};

struct der {
    uint8_t tag;
    struct slice body;
};

/** The next element; false at the end or when it is malformed. */
bool der_next(struct cursor *c, struct der *element);
/** The next element's body when it has this tag; false otherwise. */
bool der_expect(struct cursor *c, enum der_tag tag, struct slice *body);
/** Dotted form of an object identifier ("2.5.4.3"); its length, cut at `room`. */
uint32_t der_oid_text(struct slice oid, char *out, uint32_t room);
/** Seconds since 1970 of a UTCTime or GeneralizedTime; false when malformed. */
bool der_time(const struct der *element, int64_t *seconds);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the DNP3 parser share: one application message.
 */
#ifndef TRAMGAC_SENSOR_APP_DNP3_TX_H
#define TRAMGAC_SENSOR_APP_DNP3_TX_H

#include "sensor/app/proto.h"

struct dnp3_object {
    uint8_t group, variation, qualifier;
    uint32_t start, stop, count;
    struct slice points; /* of all points, prefixes included */
};

struct dnp3_tx {
    uint8_t link_control;
    uint16_t source, destination;
    struct slice message; /* application layer, reassembled: rules' dnp3_data */
    uint8_t control, function;
    bool is_response, is_complete;
    uint16_t indications; /* of a response: first octet high */
    struct list objects;  /* struct dnp3_object */
};

enum { DNP3_PREFIX_SHIFT = 4, DNP3_RANGE_MASK = 15, DNP3_UNSOLICITED = 130, DNP3_RESPONSE = 129 };

static inline uint32_t dnp3_tx_prefix(const struct dnp3_object *o)
{
    return o->qualifier >> DNP3_PREFIX_SHIFT & 7u;
}

/* ---- dnp3_object.c ------------------------------------------------------------------------ */

/** Reads the objects of the message. False when it does not make sense to its end; `*note` then
 * says which fault, or is left alone. */
bool dnp3_object_read(struct app *app, struct tx *tx, struct cursor *c, bool with_points,
                      uint32_t *note);
/** Values of the points as an array "points"; nothing where their form is not known. */
void dnp3_object_write(struct jsonw *w, const struct dnp3_object *o);
/** Points of files and authentication; false: it is another object. */
bool dnp3_sized_write(struct jsonw *w, const struct dnp3_object *object);

enum dnp3_note {
    DNP3_FLOODED,
    DNP3_TOO_SMALL,
    DNP3_LINK_CRC,
    DNP3_TRANSPORT_CRC,
    DNP3_MALFORMED,
    DNP3_UNKNOWN_OBJECT,
    DNP3_MANY_POINTS,
    DNP3_MANY_OBJECTS,
    DNP3_LONG
};

/* ---- dnp3_fields.c ------------------------------------------------------------------------ */

extern const struct field dnp3_fields[];
extern const struct label dnp3_fields_indications[];
void dnp3_fields_event(struct tx *tx, uint32_t i, struct jsonw *w);

#endif

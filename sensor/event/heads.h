/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heads of a flow's events as text: written once, then copied; the time and the frame's number
 * are put in. A bounded table of one thread; an entry is used only while all that its text was made
 * of is the same, so it decides how fast events are written, never what they say.
 */
#ifndef TRAMGAC_SENSOR_EVENT_HEADS_H
#define TRAMGAC_SENSOR_EVENT_HEADS_H

#include "common/strbuf.h"
#include "sensor/flow/flow.h"

enum {
    HEADS_TEXT_MAX = 480,
    HEADS_MORE_MAX = 256, /* number, another type and origin than the kept ones */
    HEADS_TIME_AT = 14    /* behind {"timestamp":" */
};

struct heads;

/** Whose head it is. */
struct heads_key {
    const struct flow *flow;
    const char *iface; /* the same text has the same address; NULL = none */
    enum dir dir;      /* its sender is src */
};

/** A head in two pieces; between them stands the frame's number, if there is one. */
struct heads_text {
    struct slice front; /* {"timestamp":"...","flow_id":..., the time at HEADS_TIME_AT */
    struct slice back;  /* ,"event_type":... to its end */
    /* `back` was written with this type and origin, by their addresses: the type up to `ends`, the
     * origin from `middle` to `what` */
    const char *type;
    const uint8_t *origin;
    uint32_t ends, middle, what;
};

/** NULL without memory: events are written without it. */
struct heads *heads_new(void);
void heads_free(struct heads **heads);

/** NULL: it is not kept. */
const struct heads_text *heads_find(const struct heads *heads, const struct heads_key *key);
/** What is too long is not kept. */
void heads_keep(struct heads *heads, const struct heads_key *key, const struct heads_text *text);
/** clock_text() with the second kept, no zero behind it; returns the place behind it. */
char *heads_time(struct heads *heads, uint64_t ts_ns, char *at);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of an event's head that stay the same for a flow, as text: written once, then copied.
 * A bounded table of one thread; an entry is used only while all that its text was made of is the
 * same, so it decides how fast events are written, never what they say.
 */
#ifndef TRAMGAC_SENSOR_EVENT_HEADS_H
#define TRAMGAC_SENSOR_EVENT_HEADS_H

#include "common/addr.h"
#include "common/strbuf.h"
#include "sensor/decode/packet.h"

enum heads_part { HEADS_FLOW, HEADS_ENDS, HEADS_WHAT, HEADS_PARTS };

/** All that the text is made of, but for the flow's unchanging Community
 * ID. */
struct heads_key {
    uint64_t flow_id;
    const char *iface; /* NULL = none; the same text has the same address */
    const char *app;   /* the same */
    const struct addr *src, *dst;
    const uint16_t *vlan;
    uint16_t src_port, dst_port;
    uint8_t proto, icmp_type, icmp_code, vlans;
};

struct heads;
struct heads_entry;

/** NULL without memory: events are written without it. */
struct heads *heads_new(void);
void heads_free(struct heads **heads);

/** The entry of the key; an empty one when it was not there. */
struct heads_entry *heads_of(struct heads *heads, const struct heads_key *key);
/** Members as they were kept; false: write them, then keep them. */
bool heads_get(const struct heads_entry *entry, enum heads_part part, struct slice *members);
/** All parts as they were kept, in their order; false: not all are. */
bool heads_all(const struct heads_entry *entry, struct slice members[HEADS_PARTS]);
/** clock_text() with the second kept, no zero behind it; returns the place behind it. */
char *heads_time(struct heads *heads, uint64_t ts_ns, char *at);
/** What is too long is not kept. */
void heads_keep(struct heads_entry *entry, enum heads_part part, struct slice members);

#endif

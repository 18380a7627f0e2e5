/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches each interface and VLAN for what its mirror port does to packets, and says it once when
 * it is certain. From then on packets carry the finding in `view`.
 */
#ifndef TRAMGAC_SENSOR_DECODE_VIEWS_H
#define TRAMGAC_SENSOR_DECODE_VIEWS_H

#include "sensor/decode/packet.h"

enum { VIEW_SAMPLE_MAX = 96, VIEW_PENDING_MAX = 16, VIEW_PLACES_MAX = 256 };

struct view_finding {
    uint64_t ts_ns, number;  /* of the packet that made it certain */
    uint64_t count, packets; /* with the finding, of all of this place */
    uint16_t iface, vlan;    /* 0 = untagged */
    uint16_t ethertype;
    uint8_t proto;
    uint8_t view; /* enum view_kind */
    uint8_t sample_len;
    uint8_t sample[VIEW_SAMPLE_MAX]; /* the frame's first bytes */
};

struct views;

struct views *views_new(void);
void views_free(struct views **views);

/** Counts the packet's `view` bits at its place, and adds those that were found there before. */
void views_packet(struct views *views, struct packet *p);

/** The input has ended: what a small place showed, and is not certain yet, is told. */
void views_end(struct views *views);

/** Next finding; false when there is none. */
bool views_next(struct views *views, struct view_finding *finding);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers of rules, side by side in memory of their own: most rules whose literal is found go no
 * further, and what a rule is otherwise made of is not read for them.
 */
#ifndef TRAMGAC_SENSOR_DETECT_HEADER_H
#define TRAMGAC_SENSOR_DETECT_HEADER_H

#include "sensor/detect/rule.h"

struct detect;

enum { HEADER_ANY = 0, HEADER_BYTES = 32 }; /* so that each lies in one line of the cache */

struct header {
    _Alignas(HEADER_BYTES) uint32_t uid;
    uint32_t net[2];            /* ids of the address sets, source and destination; HEADER_ANY */
    uint16_t least[2], most[2]; /* ports */
    uint16_t app;
    int16_t ip_proto;
    uint8_t ip, dirs;
    bool both_ways;
    bool alone; /* not of protocols that the rules of `app` hold for, too */
    bool holes; /* of the ports between least and most some are not meant */
    bool early; /* its literal is looked for in the file that its buffer repeats */
};

/** The headers of `n` rules, to be freed; NULL without memory. */
struct header *header_freeze(const struct rule *rules, uint32_t n);
/** Whether the packet in hand, with the ends and the protocol of `d`, is one the rule is about. */
bool header_ok(struct detect *d, uint32_t rule, enum dir dir);
/** Its ends fit either way round: with <> it is two rules, and both match. */
bool header_twice(struct detect *d, uint32_t rule);
/** Parts of it: the application's protocol, or the one it is carried in; the packet's. */
bool header_app_ok(const struct detect *d, const struct header *h);
bool header_proto_ok(const struct header *h, const struct packet *p);

#endif

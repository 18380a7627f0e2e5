/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds packets that a mirror sent before: the same frame twice, the copy behind a router (TTL
 * lower), the copy in another VLAN or tunnel. Only packets equal in all else are copies: a TCP
 * retransmission has another IP identification or comes later.
 */
#ifndef TRAMGAC_SENSOR_DECODE_DEDUP_H
#define TRAMGAC_SENSOR_DECODE_DEDUP_H

#include "common/conf.h"
#include "sensor/decode/packet.h"

struct dedup;

extern const struct option dedup_options[];
extern const struct counter dedup_counters[];

struct dedup *dedup_new(const struct conf *conf, struct stats *stats);
void dedup_free(struct dedup **dedup);

/** Sets `duplicate` and the `view` bit of a decoded IP packet that was seen before. All its bytes
 * are read for that: when `sum` is not NULL and true comes back, it is the sum of the words of
 * `l4`. */
bool dedup_look(struct dedup *dedup, struct packet *p, uint64_t *sum);

/** The same for a fragment of IP, before it is put together with others. */
void dedup_fragment(struct dedup *dedup, struct packet *p);
/** The packet looked at last is set aside: what comes after it is no copy of it. */
void dedup_disown(struct dedup *dedup);

#endif

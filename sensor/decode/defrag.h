/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts fragmented IP packets together again (RFC 791, RFC 8200). Bounded: a fixed number of packets
 * at a time, the oldest is given up for a new one. Overlaps: by the
 * policy of the receiving host (os_policy.h).
 */
#ifndef TRAMGAC_SENSOR_DECODE_DEFRAG_H
#define TRAMGAC_SENSOR_DECODE_DEFRAG_H

#include "common/arena.h"
#include "common/conf.h"
#include "common/stat.h"
#include "sensor/decode/packet.h"

struct defrag;

extern const struct counter defrag_counters[];

/** Options defrag.trackers, defrag.timeout, defrag.overlap and host-os-policy of `conf`. */
struct defrag *defrag_new(const struct conf *conf, struct stats *stats);
void defrag_free(struct defrag **defrag);

/** Takes the fragment `p`. When its packet is whole: the packet from the IP header on, kept in
 * `arena`; else an empty slice. */
struct slice defrag_take(struct defrag *defrag, struct packet *p, struct arena *arena);

#endif

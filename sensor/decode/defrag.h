/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts fragmented IP packets together again (RFC 791, RFC 8200). Bounded: a fixed number of packets
 * at a time, the oldest is given up for a new one. Overlaps: the bytes that came first stay.
 */
#ifndef TRAMGAC_SENSOR_DECODE_DEFRAG_H
#define TRAMGAC_SENSOR_DECODE_DEFRAG_H

#include "common/arena.h"
#include "sensor/decode/packet.h"

struct defrag;

extern const struct counter defrag_counters[];

struct defrag *defrag_new(uint32_t trackers, uint64_t timeout_ns, struct stats *stats);
void defrag_free(struct defrag **defrag);

/** Takes the fragment `p`. When its packet is whole: the packet from the IP header on, kept in
 * `arena`; else an empty slice. */
struct slice defrag_take(struct defrag *defrag, struct packet *p, struct arena *arena);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flows of one worker: found by hash, ended by timeouts in packet time, bounded in memory. When
 * a shard is full its least valuable flow goes: first unanswered ones, then lone packets without a
 * handshake, then closed, then datagrams, last TCP sessions; the longest silent first.
 */
#ifndef TRAMGAC_SENSOR_FLOW_FLOW_TABLE_H
#define TRAMGAC_SENSOR_FLOW_FLOW_TABLE_H

#include "common/conf.h"
#include "common/stat.h"
#include "sensor/flow/flow.h"

struct flow_table;

extern const struct option flow_table_options[];

/** Called for each flow before it is released; flow->end says why. Must not touch the table. */
typedef void (*flow_ended_fn)(void *context, struct flow *flow);

/** How long a flow has said nothing. */
enum flow_silence {
    FLOW_PAUSES, /* 5 s: what waits for a packet need not wait longer */
    FLOW_RESTS,  /* 30 s: what hangs on it can be put away */
    FLOW_SILENCES
};

/** Called at a tick, once when a flow reaches each silence; again when it has spoken and fallen
 * silent. Must not touch the table. */
typedef void (*flow_rests_fn)(void *context, struct flow *flow, enum flow_silence silence);

/** What bounds the flows. The memory is that of all workers together, the limit is kept per shard.
 */
struct flow_table_limits {
    uint64_t memory_bytes;
    uint32_t more_flow_bytes; /* what other floors keep for each flow */
    uint32_t workers;         /* that share the shards */
};

struct flow_table *flow_table_new(const struct conf *conf, struct stats *stats,
                                  const struct flow_table_limits *limits, flow_ended_fn ended,
                                  void *context);
void flow_table_free(struct flow_table **table);
/** Before the first packet; `rests` gets the same context as `ended`. */
void flow_table_on_rest(struct flow_table *table, flow_rests_fn rests);

/** Asks for the cache line that tells where a packet's flow is; later, for those of the flow. */
void flow_table_prefetch(const struct flow_table *table, uint64_t flow_hash);
void flow_table_prefetch_flow(const struct flow_table *table, uint64_t flow_hash);

/** The packet's flow, new or known, with the packet counted in. May end others (timeout, reuse,
 * eviction). `p` is an IP packet. */
struct flow *flow_table_touch(struct flow_table *table, const struct packet *p);

/** The flow that an ICMP error (packet.quotes) is about, with the error counted in; NULL when it is
 * not known. */
struct flow *flow_table_quoted(struct flow_table *table, const struct packet *p);

/** Type of the answers to a message of ICMP, and of what an answer answers; itself when it has
 * none. */
uint8_t flow_table_icmp_answer(uint8_t proto, uint8_t type);

/** Ends what has timed out at `now_ns`. */
void flow_table_tick(struct flow_table *table, uint64_t now_ns);

/** Ends all flows, for `why`. */
void flow_table_end_all(struct flow_table *table, enum flow_end why);
/** … or those whose first frame has a number below `first`. */
void flow_table_end_before(struct flow_table *table, uint64_t first, enum flow_end why);

/** Percent of its room that the flow's shard uses for sessions with data: what eviction spares
 * longest. */
uint32_t flow_table_fill(struct flow_table *table, const struct flow *flow);

/** Flows in the table. */
uint32_t flow_table_count(const struct flow_table *table);

#endif

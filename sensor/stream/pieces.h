/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments of TCP that wait: of each direction a sorted list of pieces without overlaps. Memory is
 * counted per shard of flows; when a shard has no room, the owner whose list is the oldest loses
 * all of its own.
 */
#ifndef TRAMGAC_SENSOR_STREAM_PIECES_H
#define TRAMGAC_SENSOR_STREAM_PIECES_H

#include "common/slab.h"
#include "sensor/decode/os_policy.h"
#include "sensor/flow/flow.h"

struct piece {
    struct piece *next;
    struct os_span span; /* of the segment it came with */
    uint32_t seq, len;
    uint16_t at; /* its first byte in `data` */
    bool small, doubted;
    uint8_t data[];
};

/** What waits in one direction. */
struct pieces {
    struct piece *first, *last; /* by seq, without overlaps */
    uint64_t since_ns;          /* when the first of them stood there */
    uint32_t bytes;
    uint16_t n;
    uint8_t policy; /* enum os_policy of the receiver */
};

/** Both directions of a flow. */
struct pieces_owner {
    struct pieces side[2];
    struct pieces_owner *older, *newer; /* those with pieces, by when they got the first */
    uint8_t shard;
    bool listed;
};

struct pieces_shard {
    struct pieces_owner *oldest, *newest;
    uint64_t used_bytes;
};

/** The memory of a worker's pieces. */
struct pieces_pool {
    struct slab small, large;
    struct pieces_shard shard[FLOW_SHARDS];
    uint64_t quota_bytes; /* of a shard */
    uint64_t used_bytes;
    uint64_t no_room; /* how often something was dropped for want of room */
};

void pieces_pool_init(struct pieces_pool *pool, uint64_t memory_bytes);
void pieces_pool_fini(struct pieces_pool *pool);

/** A segment on its way into the list, and what became of it. */
struct pieces_coming {
    struct os_span span;
    uint32_t seq; /* of bytes */
    struct slice bytes;
    bool doubted;                 /* may not reach its receiver: a full copy wins */
    bool in_order;                /* waits for its acknowledgement only: not dropped for others */
    bool overlaps, differs, full; /* results */
};

/** Puts the bytes where they belong; where others stand there, the policy of the list decides. */
void pieces_put(struct pieces_pool *pool, struct pieces_owner *owner, enum dir dir,
                struct pieces_coming *coming, uint64_t now_ns);

/** The same for bytes in order, not doubted and behind all others, when there is room as it is.
 * False: they must be put. */
bool pieces_append(struct pieces_pool *pool, struct pieces_owner *owner, enum dir dir, uint32_t seq,
                   struct slice bytes, uint64_t now_ns);

/** Less than half of the shard's memory is in use: bytes that need not wait may. */
bool pieces_has_room(const struct pieces_pool *pool, const struct pieces_owner *owner);

/** Takes the first piece out of the list; give it back with pieces_give when it is read. */
struct piece *pieces_shift(struct pieces_pool *pool, struct pieces_owner *owner, enum dir dir,
                           uint64_t now_ns);
void pieces_give(struct pieces_pool *pool, struct piece *piece);

/** Cuts `bytes` off the front of the first piece. */
void pieces_trim_first(struct pieces *list, uint32_t bytes);

/** Frees all of a flow. */
void pieces_drop(struct pieces_pool *pool, struct pieces_owner *owner);

#endif

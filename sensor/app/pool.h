/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of a few sizes, reused: memory of flows and transactions of one worker.
 *
 * A block once obtained from the system stays in a free list of its size, so a settled worker
 * allocates nothing. `cap` bounds what is held, given out or free: before it is reached, free
 * blocks of other sizes go back to the system. Under sanitizers each block has exactly the size
 * asked for and goes back to the system, so overruns and late uses are seen.
 */
#ifndef TRAMGAC_SENSOR_APP_POOL_H
#define TRAMGAC_SENSOR_APP_POOL_H

#include <stddef.h>

enum { POOL_CLASSES = 17, POOL_SMALLEST = 64 }; /* each twice the one before: 64 … 4 MB */

struct pool_block;

struct pool {
    struct pool_block *free[POOL_CLASSES];
    size_t used_bytes; /* given out */
    size_t held_bytes; /* these and the free ones */
    size_t cap_bytes;
};

void pool_init(struct pool *pool, size_t cap_bytes);
void pool_fini(struct pool *pool);

/** At least `bytes`, not zeroed; `*room` says how many. NULL at the cap or above the largest size.
 */
void *pool_get(struct pool *pool, size_t bytes, size_t *room);
/** `room` as pool_get gave it. NULL is fine. */
void pool_put(struct pool *pool, void *block, size_t room);

#endif

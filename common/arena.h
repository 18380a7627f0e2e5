/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of one lifetime, given out front to back and freed as a whole.
 *
 * Blocks come from the system; a block once obtained is kept over resets, so a settled arena
 * allocates nothing. `cap_bytes` bounds what is given out between two resets; 0 means no bound.
 * Under sanitizers each allocation is a block of its own, so an overrun inside it is seen.
 */
#ifndef TRAMGAC_COMMON_ARENA_H
#define TRAMGAC_COMMON_ARENA_H

#include "common/slice.h"

#include <stddef.h>

struct arena_block;

/** For `block_bytes`: a block fills one large page (pages.h). */
enum { ARENA_LARGE = (2 << 20) - 64 };

struct arena {
    struct arena_block *blocks; /* in use, newest first */
    struct arena_block *spare;  /* kept from before the last reset */
    uint8_t *at;                /* free bytes of the newest block */
    uint8_t *end;
    size_t used_bytes;
    size_t cap_bytes;
    size_t block_bytes;
};

/** Empty arena; nothing is allocated yet. */
void arena_init(struct arena *arena, size_t block_bytes, size_t cap_bytes);
void arena_fini(struct arena *arena);

/** Zeroed bytes aligned for any type; NULL only at the cap or when the system has no memory. */
void *arena_alloc(struct arena *arena, size_t bytes);

/** Frees all that was given out; keeps the blocks for the next round. */
void arena_reset(struct arena *arena);

/** Copy of `s`; an empty slice at the cap. */
struct slice arena_keep(struct arena *arena, struct slice s);

/** Copy of `s` with a zero byte behind it; NULL at the cap. */
char *arena_str(struct arena *arena, struct slice s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects of one size from blocks that are kept, up to a cap: taking and giving back is a push and
 * a pop. Contents are not cleared. One thread.
 */
#ifndef TRAMGAC_COMMON_SLAB_H
#define TRAMGAC_COMMON_SLAB_H

#include <stddef.h>
#include <stdint.h>

struct slab_block;

struct slab {
    void *free; /* linked through the first word of each object */
    struct slab_block *blocks;
    size_t object_bytes;
    uint64_t most; /* objects */
    uint64_t made;
    uint64_t used;
};

/** At most `cap_bytes` in all (0 = no cap); nothing is allocated yet. */
void slab_init(struct slab *slab, size_t object_bytes, uint64_t cap_bytes);
void slab_fini(struct slab *slab);

/** NULL at the cap or without memory. */
void *slab_take(struct slab *slab);
void slab_give(struct slab *slab, void *object);

#endif

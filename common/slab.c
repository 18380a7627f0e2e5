/* SPDX-License-Identifier: Apache-2.0 */
#include "common/slab.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_LEAST = 4 * 1024, BLOCK_MOST = 64 * 1024 };

struct slab_block {
    struct slab_block *next;
    _Alignas(max_align_t) uint8_t data[];
};

void slab_init(struct slab *slab, size_t object_bytes, uint64_t cap_bytes)
{
    size_t align = _Alignof(max_align_t);
    size_t rounded = (object_bytes + align - 1) / align * align;

    *slab = (struct slab){.object_bytes = rounded};
    slab->most = cap_bytes ? cap_bytes / rounded : UINT64_MAX;
}

void slab_fini(struct slab *slab)
{
    while (slab->blocks) {
        struct slab_block *next = slab->blocks->next;
        free(slab->blocks);
        slab->blocks = next;
    }
    *slab = (struct slab){0};
}

static void give_free(struct slab *slab, void *object)
{
    memcpy(object, &slab->free, sizeof(slab->free));
    slab->free = object;
}

/* As many as there are, within bounds: what is used little takes little. */
static uint64_t objects_of_block(const struct slab *slab)
{
    uint64_t bytes = slab->made * slab->object_bytes;

    if (bytes < BLOCK_LEAST)
        bytes = BLOCK_LEAST;
    if (bytes > BLOCK_MOST)
        bytes = BLOCK_MOST;
    return bytes < slab->object_bytes ? 1 : bytes / slab->object_bytes;
}

static void add_block(struct slab *slab)
{
    uint64_t n = objects_of_block(slab);

#ifdef TRAMGAC_SANITIZED
    n = 1; /* an overrun meets the block's end */
#endif
    if (n > slab->most - slab->made)
        n = slab->most - slab->made;
    struct slab_block *block = n ? malloc(sizeof(*block) + n * slab->object_bytes) : NULL;
    if (!block)
        return;
    block->next = slab->blocks;
    slab->blocks = block;
    for (uint64_t i = n; i > 0; i--)
        give_free(slab, block->data + (i - 1) * slab->object_bytes);
    slab->made += n;
}

void *slab_take(struct slab *slab)
{
    if (!slab->free)
        add_block(slab);
    void *object = slab->free;
    if (object) {
        memcpy(&slab->free, object, sizeof(slab->free));
        slab->used++;
    }
    return object;
}

void slab_give(struct slab *slab, void *object)
{
    if (!object)
        return;
    give_free(slab, object);
    slab->used--;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/app/pool.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct pool_block {
    struct pool_block *next;
};

/* Blocks of a class are twice as long as those of the one before; POOL_CLASSES: longer than all. */
static uint32_t class_of(size_t bytes)
{
    if (bytes <= POOL_SMALLEST)
        return 0;
    uint32_t class = 64 - (uint32_t)__builtin_clzll((bytes - 1) / POOL_SMALLEST);
    return class < POOL_CLASSES ? class : POOL_CLASSES;
}

void pool_init(struct pool *pool, size_t cap_bytes)
{
    *pool = (struct pool){.cap_bytes = cap_bytes};
}

void pool_fini(struct pool *pool)
{
    for (uint32_t i = 0; i < POOL_CLASSES; i++) {
        while (pool->free[i]) {
            struct pool_block *block = pool->free[i];
            pool->free[i] = block->next;
            free(block);
        }
    }
}

/* A new block; free ones of other sizes make room for it. */
static struct pool_block *obtain(struct pool *pool, size_t size)
{
    for (uint32_t i = POOL_CLASSES; i > 0 && pool->held_bytes + size > pool->cap_bytes; i--) {
        while (pool->free[i - 1] && pool->held_bytes + size > pool->cap_bytes) {
            struct pool_block *block = pool->free[i - 1];
            pool->free[i - 1] = block->next;
            pool->held_bytes -= (size_t)POOL_SMALLEST << (i - 1);
            free(block);
        }
    }
    struct pool_block *block = malloc(size);
    if (block)
        pool->held_bytes += size;
    return block;
}

void *pool_get(struct pool *pool, size_t bytes, size_t *room)
{
    uint32_t class = class_of(bytes);
    if (class >= POOL_CLASSES)
        return NULL;
#ifdef TRAMGAC_SANITIZED
    size_t size = bytes ? bytes : 1;
#else
    size_t size = (size_t)POOL_SMALLEST << class;
#endif
    if (pool->used_bytes + size > pool->cap_bytes)
        return NULL;
    struct pool_block *block = pool->free[class];
    if (block)
        pool->free[class] = block->next;
    else
        block = obtain(pool, size);
    if (!block)
        return NULL;
    pool->used_bytes += size;
    *room = size;
    return block;
}

void pool_put(struct pool *pool, void *block, size_t room)
{
    if (!block)
        return;
    pool->used_bytes -= room;
#ifdef TRAMGAC_SANITIZED
    pool->held_bytes -= room;
    free(block);
#else
    struct pool_block *freed = block;
    uint32_t class = class_of(room);
    freed->next = pool->free[class];
    pool->free[class] = freed;
#endif
}

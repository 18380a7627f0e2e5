/* SPDX-License-Identifier: Apache-2.0 */
#include "common/arena.h"
#include "common/pages.h"

#include <stdlib.h>

struct arena_block {
    struct arena_block *next;
    size_t bytes;
    _Alignas(max_align_t) uint8_t data[];
};

enum { ARENA_ALIGN = _Alignof(max_align_t), PAGED = 1 << 20 };

void arena_init(struct arena *arena, size_t block_bytes, size_t cap_bytes)
{
    *arena = (struct arena){.block_bytes = block_bytes, .cap_bytes = cap_bytes};
}

/* Blocks of large arenas are whole large pages. */
static struct arena_block *block_new(size_t bytes)
{
    size_t whole = sizeof(struct arena_block) + bytes;
    struct arena_block *block = whole < PAGED ? malloc(whole) : pages_new(whole);

    if (block)
        block->bytes = bytes;
    return block;
}

static void block_free(struct arena_block *block)
{
    size_t whole = sizeof(*block) + block->bytes;

    if (whole < PAGED)
        free(block);
    else
        pages_free(block, whole);
}

static void free_list(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;
        block_free(block);
        block = next;
    }
}

void arena_fini(struct arena *arena)
{
    free_list(arena->blocks);
    free_list(arena->spare);
    *arena = (struct arena){0};
}

static struct arena_block *block_for(struct arena *arena, size_t bytes)
{
    for (struct arena_block **p = &arena->spare; *p; p = &(*p)->next) {
        if ((*p)->bytes >= bytes) {
            struct arena_block *found = *p;
            *p = found->next;
            return found;
        }
    }
    size_t want = bytes > arena->block_bytes ? bytes : arena->block_bytes;
#ifdef TRAMGAC_SANITIZED
    want = bytes;
#endif
    return block_new(want);
}

static void *take(struct arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        return NULL;
    size_t rounded = (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;

    if (arena->cap_bytes && rounded > arena->cap_bytes - arena->used_bytes)
        return NULL;
#ifdef TRAMGAC_SANITIZED
    arena->at = arena->end = NULL;
    rounded = bytes;
#endif
    if ((size_t)(arena->end - arena->at) < rounded || !arena->at) {
        struct arena_block *block = block_for(arena, rounded);
        if (!block)
            return NULL;
        block->next = arena->blocks;
        arena->blocks = block;
        arena->at = block->data;
        arena->end = block->data + block->bytes;
    }
    void *result = arena->at;
    arena->at += rounded;
    arena->used_bytes += rounded;
    return result;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    void *result = take(arena, bytes);

    if (result && bytes)
        memset(result, 0, bytes);
    return result;
}

void arena_reset(struct arena *arena)
{
#ifdef TRAMGAC_SANITIZED
    free_list(arena->blocks);
    arena->blocks = NULL;
#else
    while (arena->blocks) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        if (block->bytes > arena->block_bytes) {
            block_free(block); /* an oversized one-off is not hoarded */
            continue;
        }
        block->next = arena->spare;
        arena->spare = block;
    }
#endif
    arena->at = arena->end = NULL;
    arena->used_bytes = 0;
}

struct slice arena_keep(struct arena *arena, struct slice s)
{
    uint8_t *copy = s.len ? take(arena, s.len) : NULL;
    if (!copy)
        return SLICE_NONE;
    memcpy(copy, s.at, s.len);
    return (struct slice){copy, s.len};
}

char *arena_str(struct arena *arena, struct slice s)
{
    char *copy = arena_alloc(arena, (size_t)s.len + 1);
    if (copy && s.len)
        memcpy(copy, s.at, s.len);
    return copy;
}

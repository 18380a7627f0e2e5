/* SPDX-License-Identifier: Apache-2.0 */
#include "common/ring.h"

#include <ck_ring.h>
#include <stdlib.h>

struct ring {
    ck_ring_t ring;
    ck_ring_buffer_t *slots;
};

struct ring *ring_new(uint32_t slots)
{
    uint32_t size = 4;

    while (size < slots && size < 1U << 30)
        size *= 2;
    struct ring *ring = calloc(1, sizeof(*ring));
    if (!ring)
        return NULL;
    ring->slots = calloc(size, sizeof(*ring->slots));
    if (!ring->slots) {
        free(ring);
        return NULL;
    }
    ck_ring_init(&ring->ring, size);
    return ring;
}

void ring_free(struct ring **ring)
{
    if (!*ring)
        return;
    free((*ring)->slots);
    free(*ring);
    *ring = NULL;
}

bool ring_push(struct ring *ring, void *item)
{
    return ck_ring_enqueue_spsc(&ring->ring, ring->slots, item);
}

bool ring_pop(struct ring *ring, void **item)
{
    return ck_ring_dequeue_spsc(&ring->ring, ring->slots, item);
}

uint32_t ring_count(const struct ring *ring)
{
    return ck_ring_size(&ring->ring);
}

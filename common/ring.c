/* SPDX-License-Identifier: Apache-2.0 */
#include "common/ring.h"

#include <ck_ring.h>
#include <stdlib.h>

#ifdef TRAMGAC_TSAN /* what was written before a push is seen after the pop */
void __tsan_release(void *at);
void __tsan_acquire(void *at);
#define RELEASE(ring) __tsan_release(ring)
#define ACQUIRE(ring) __tsan_acquire(ring)
#else
#define RELEASE(ring) ((void)(ring))
#define ACQUIRE(ring) ((void)(ring))
#endif

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
    RELEASE(ring);
    return ck_ring_enqueue_spsc(&ring->ring, ring->slots, item);
}

bool ring_pop(struct ring *ring, void **item)
{
    bool got = ck_ring_dequeue_spsc(&ring->ring, ring->slots, item);
    if (got)
        ACQUIRE(ring);
    return got;
}

uint32_t ring_count(const struct ring *ring)
{
    return ck_ring_size(&ring->ring);
}

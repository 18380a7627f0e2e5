/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded queue of pointers from one thread to one other, without locks (Concurrency Kit stays
 * inside ring.c). When it is full a push fails and the pusher decides: wait, shed, count.
 */
#ifndef TRAMGAC_COMMON_RING_H
#define TRAMGAC_COMMON_RING_H

#include <stdbool.h>
#include <stdint.h>

struct ring;

/** `slots` is rounded up to a power of two; one of them stays free. NULL without memory. */
struct ring *ring_new(uint32_t slots);
/** What is still inside is the caller's to take out before. */
void ring_free(struct ring **ring);

/** Only from the pushing thread. */
bool ring_push(struct ring *ring, void *item);
/** Only from the popping thread. */
bool ring_pop(struct ring *ring, void **item);
/** From any thread; a moment's view. */
uint32_t ring_count(const struct ring *ring);

#endif

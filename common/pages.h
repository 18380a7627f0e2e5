/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory in large pages. A sensor's tables are far larger than what the processor translates at
 * once in pages of 4 KB, so nearly each access to a flow or a rule waited for a translation too.
 *
 * malloc's heap is asked into pages of 2 MB, for what the libraries take as well as for our own,
 * and all threads share it: it lies dense, and one place knows how far it goes. Tables of some
 * megabytes can be had as a whole (pages_new). A system that gives no large pages is as before;
 * under sanitizers, which bring a malloc of their own, the heap is left alone.
 */
#ifndef TRAMGAC_COMMON_PAGES_H
#define TRAMGAC_COMMON_PAGES_H

#include <stddef.h>

struct pages_heap {
    char *begin, *end; /* what is in large pages; NULL = not begun */
};

/** Before threads start. */
void pages_heap_begin(struct pages_heap *heap);

/** Behind the start: what it has freed goes back to the system, what is left into large pages. So
 * many bytes more, `ready`, at most 1 GB, are taken from the system at once and kept: it takes
 * longer to hand them out, zeroed, than to use them, and traffic would wait for that. */
void pages_heap_settle(struct pages_heap *heap, size_t ready);

/** What the heap has grown by since goes into large pages. Cheap; one thread. */
void pages_heap_look(struct pages_heap *heap);

/** Zeroed bytes that begin at a large page when they fill one; NULL without memory. */
void *pages_new(size_t bytes);
/** `bytes` as they were asked for; NULL is fine. */
void pages_free(void *at, size_t bytes);

#endif

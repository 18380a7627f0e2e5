/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glibc grows its heap at the end of the data segment (brk) and has no hook to say so; how far it
 * goes is asked now and then. It grows by GROWTH beyond what is needed, so that new memory is
 * mostly announced before it is used; what was used earlier stays in small pages, and so does what
 * is used of the last, not yet whole, large page.
 */
#include "common/pages.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

enum {
    LARGE = 2 << 20,
    GROWTH_START = 4 << 20,
    GROWTH = 8 << 20,
    KEPT = GROWTH + GROWTH_START,
    READY_MOST = 1 << 30,
    MAPS_MOST = 65536, /* as at the start */
    SMALL = 4096,
    OWN_MAP = 128 << 10
};

static uintptr_t rounded(uintptr_t at, uintptr_t to)
{
    return (at + to - 1) / to * to;
}

#ifdef TRAMGAC_SANITIZED

void pages_heap_begin(struct pages_heap *heap)
{
    heap->begin = heap->end = NULL;
}

void pages_heap_settle(struct pages_heap *heap, size_t ready)
{
    (void)heap;
    (void)ready;
}

void pages_heap_look(struct pages_heap *heap)
{
    (void)heap;
}

#else

/* Nobody shall have large pages here: asking for them at once would pass that by. */
static bool refused(void)
{
    char text[64] = "";
    FILE *f = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");
    bool known = f && fgets(text, sizeof(text), f);

    if (f)
        fclose(f);
    return !known || strstr(text, "[never]");
}

void pages_heap_begin(struct pages_heap *heap)
{
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, OWN_MAP);
    mallopt(M_TRIM_THRESHOLD, KEPT);
    mallopt(M_TOP_PAD, GROWTH_START);
    heap->begin = heap->end = sbrk(0);
}

void pages_heap_settle(struct pages_heap *heap, size_t ready)
{
    malloc_trim(0);
    char *top = sbrk(0);
    ready = ready < READY_MOST ? ready : READY_MOST;
    mallopt(M_TRIM_THRESHOLD, (int)ready + KEPT);
    mallopt(M_TOP_PAD, GROWTH);
    mallopt(M_MMAP_MAX, 0);
    void *volatile block = malloc(ready + SMALL); /* so it grows; volatile: or both are left away */
    free(block);
    mallopt(M_MMAP_MAX, MAPS_MOST);
    pages_heap_look(heap);
    if (heap->end > heap->begin && !refused())
        (void)madvise(heap->begin, (size_t)(heap->end - heap->begin), MADV_COLLAPSE);
    if (ready && heap->end > top)
        (void)madvise(top, (size_t)(heap->end - top), MADV_POPULATE_WRITE);
}

void pages_heap_look(struct pages_heap *heap)
{
    char *now = sbrk(0);

    if (now > heap->end && heap->end)
        (void)madvise(heap->end, (size_t)(now - heap->end), MADV_HUGEPAGE);
    heap->end = now;
}

#endif

void *pages_new(size_t bytes)
{
    size_t whole = rounded(bytes, SMALL), more = whole < LARGE ? 0 : LARGE;
    uint8_t *at =
        mmap(NULL, whole + more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED)
        return NULL;
    if (!more)
        return at;
    size_t before = rounded((uintptr_t)at, LARGE) - (uintptr_t)at;
    if (before)
        munmap(at, before);
    munmap(at + before + whole, LARGE - before);
    (void)madvise(at + before, whole, MADV_HUGEPAGE);
    return at + before;
}

void pages_free(void *at, size_t bytes)
{
    if (at)
        munmap(at, rounded(bytes, SMALL));
}

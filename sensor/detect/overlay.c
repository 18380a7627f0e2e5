/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chain of hash tables: when the newest is full, one four times as large is put before it, and
 * nothing moves. A reader walks at most a few of them.
 */
#include "sensor/detect/overlay.h"

#include "common/hash.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { FIRST_ROOM = 256, GROWTH = 4, LOAD = 2 };

struct node {
    struct node *next;  /* in its bucket; set before the node can be found */
    struct node *later; /* in the order of coming: the writer's */
    uint64_t hash;
    _Atomic bool there;
    uint32_t len;
    uint8_t bytes[];
};

struct table {
    struct table *older;
    uint32_t room, n;
    _Atomic(struct node *) bucket[];
};

struct overlay {
    _Atomic bool used, hides; /* hides: what lies below is gone */
    _Atomic(struct table *) newest;
    struct node *first, *last;
    uint64_t bytes;
};

struct overlay *overlay_new(void)
{
    return calloc(1, sizeof(struct overlay));
}

void overlay_free(struct overlay **overlay)
{
    struct overlay *o = *overlay;

    if (!o)
        return;
    for (struct node *n = o->first, *later; n; n = later) {
        later = n->later;
        free(n);
    }
    for (struct table *t = atomic_load(&o->newest), *older; t; t = older) {
        older = t->older;
        free(t);
    }
    free(o);
    *overlay = NULL;
}

static struct node *find(const struct overlay *o, struct slice value, uint64_t hash)
{
    const struct table *t = atomic_load_explicit(&o->newest, memory_order_acquire);

    for (; t; t = t->older) {
        struct node *n =
            atomic_load_explicit(&t->bucket[hash & (t->room - 1)], memory_order_acquire);
        for (; n; n = n->next) {
            if (n->hash == hash && slice_eq((struct slice){n->bytes, n->len}, value))
                return n;
        }
    }
    return NULL;
}

enum overlay_says overlay_find(const struct overlay *o, struct slice value)
{
    if (!atomic_load_explicit(&o->used, memory_order_acquire))
        return OVERLAY_NOTHING;
    const struct node *n = find(o, value, hash_bytes(value, 0));
    if (n)
        return atomic_load_explicit(&n->there, memory_order_acquire) ? OVERLAY_THERE : OVERLAY_GONE;
    return atomic_load_explicit(&o->hides, memory_order_acquire) ? OVERLAY_GONE : OVERLAY_NOTHING;
}

bool overlay_used(const struct overlay *o)
{
    return atomic_load(&o->used);
}

/* The table that takes the next node; NULL without memory. */
static struct table *room_for_one(struct overlay *o)
{
    struct table *t = atomic_load(&o->newest);

    if (t && t->n < LOAD * t->room)
        return t;
    uint32_t room = t ? t->room * GROWTH : FIRST_ROOM;
    struct table *larger = calloc(1, sizeof(*larger) + room * sizeof(larger->bucket[0]));
    if (!larger)
        return NULL;
    larger->room = room;
    larger->older = t;
    o->bytes += sizeof(*larger) + room * sizeof(larger->bucket[0]);
    atomic_store_explicit(&o->newest, larger, memory_order_release);
    return larger;
}

static bool add(struct overlay *o, struct slice value, uint64_t hash, bool there, uint64_t most)
{
    size_t size = sizeof(struct node) + value.len;
    struct table *t = o->bytes + size <= most ? room_for_one(o) : NULL;
    struct node *n = t ? malloc(size) : NULL;

    if (!n)
        return false;
    _Atomic(struct node *) *bucket = &t->bucket[hash & (t->room - 1)];
    n->next = atomic_load(bucket);
    n->later = NULL;
    n->hash = hash;
    atomic_init(&n->there, there);
    n->len = value.len;
    memcpy(n->bytes, value.at, value.len);
    atomic_store_explicit(bucket, n, memory_order_release);
    *(o->last ? &o->last->later : &o->first) = n;
    o->last = n;
    t->n++;
    o->bytes += size;
    return true;
}

bool overlay_put(struct overlay *o, struct slice value, bool there, uint64_t most_bytes)
{
    uint64_t hash = hash_bytes(value, 0);
    struct node *n = find(o, value, hash);

    if (n)
        atomic_store_explicit(&n->there, there, memory_order_release);
    else if (!add(o, value, hash, there, most_bytes))
        return false;
    atomic_store_explicit(&o->used, true, memory_order_release);
    return true;
}

void overlay_clear(struct overlay *o)
{
    atomic_store_explicit(&o->hides, true, memory_order_release);
    for (struct node *n = o->first; n; n = n->later)
        atomic_store_explicit(&n->there, false, memory_order_release);
    atomic_store_explicit(&o->used, true, memory_order_release);
}

void overlay_each(const struct overlay *o, overlay_each_fn each, void *context)
{
    for (const struct node *n = o->first; n; n = n->later) {
        if (atomic_load(&n->there))
            each(context, (struct slice){n->bytes, n->len});
    }
}

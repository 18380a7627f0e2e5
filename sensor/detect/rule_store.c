/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/rule_store.h"

#include "common/pcre.h"

#include <stdlib.h>

enum { BLOCK = ARENA_LARGE };

struct rule_store *rule_store_new(void)
{
    struct rule_store *s = calloc(1, sizeof(*s));

    if (!s)
        abort();
    s->users = 1;
    arena_init(&s->arena, BLOCK, 0);
    intern_init(&s->netsets, &s->arena);
    intern_init(&s->portsets, &s->arena);
    intern_init(&s->buffers, &s->arena);
    intern_init(&s->classes, &s->arena);
    return s;
}

struct rule_store *rule_store_hold(struct rule_store *s)
{
    s->users++;
    return s;
}

void rule_store_drop(struct rule_store **store)
{
    struct rule_store *s = *store;

    *store = NULL;
    if (!s || --s->users)
        return;
    intern_fini(&s->netsets);
    intern_fini(&s->portsets);
    intern_fini(&s->buffers);
    intern_fini(&s->classes);
    pcre_free(&s->pcre_list);
    arena_fini(&s->arena);
    free(s);
}

bool rule_store_worn(const struct rule_store *s)
{
    return s->arena.used_bytes > s->first_bytes + s->first_bytes / 2 + BLOCK;
}

void rule_store_lend(struct rule_store *s, struct loader *loader)
{
    loader->arena = &s->arena;
    loader->netsets = s->netsets;
    loader->portsets = s->portsets;
    loader->buffers = s->buffers;
    loader->classes = s->classes;
    loader->has_classes = s->has_classes;
    loader->pcre_list = s->pcre_list;
}

void rule_store_take_back(struct rule_store *s, struct loader *loader)
{
    s->netsets = loader->netsets;
    s->portsets = loader->portsets;
    s->buffers = loader->buffers;
    s->classes = loader->classes;
    s->has_classes = loader->has_classes;
    s->pcre_list = loader->pcre_list;
    if (!s->first_bytes)
        s->first_bytes = s->arena.used_bytes;
}

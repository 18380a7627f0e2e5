/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/intern.h"

#include <stdlib.h>

enum { INTERN_FIRST = 256 };

static uint32_t hash_of(struct slice text)
{
    uint64_t h = UINT64_C(14695981039346656037) + text.len, word;

    for (; text.len >= sizeof(word); text = slice_from(text, sizeof(word))) {
        memcpy(&word, text.at, sizeof(word));
        h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 32;
    }
    for (uint32_t i = 0; i < text.len; i++)
        h = (h ^ text.at[i]) * UINT64_C(1099511628211);
    return (uint32_t)(h ^ h >> 32);
}

void intern_init(struct intern *intern, struct arena *arena)
{
    *intern = (struct intern){.arena = arena};
}

void intern_fini(struct intern *intern)
{
    free(intern->slots);
    *intern = (struct intern){0};
}

static struct intern_entry *slot_of(const struct intern *intern, struct slice text, uint32_t hash)
{
    uint32_t i = hash & (intern->room - 1);

    while (intern->slots[i].text.at &&
           (intern->slots[i].hash != hash || !slice_eq(intern->slots[i].text, text)))
        i = (i + 1) & (intern->room - 1);
    return &intern->slots[i];
}

static void intern_grow(struct intern *intern)
{
    struct intern old = *intern;

    intern->room = old.room ? old.room * 2 : INTERN_FIRST;
    intern->slots = calloc(intern->room, sizeof(*intern->slots));
    if (!intern->slots)
        abort();
    for (uint32_t i = 0; i < old.room; i++) {
        if (old.slots[i].text.at)
            *slot_of(intern, old.slots[i].text, old.slots[i].hash) = old.slots[i];
    }
    free(old.slots);
}

struct intern_entry *intern_find(const struct intern *intern, struct slice text)
{
    if (!intern->room)
        return NULL;
    struct intern_entry *slot = slot_of(intern, text, hash_of(text));
    return slot->text.at ? slot : NULL;
}

struct intern_entry *intern_get(struct intern *intern, struct slice text)
{
    if (intern->n * 4 >= intern->room * 3)
        intern_grow(intern);
    uint32_t hash = hash_of(text);
    struct intern_entry *slot = slot_of(intern, text, hash);
    if (!slot->text.at) {
        *slot = (struct intern_entry){
            .text = {(const uint8_t *)arena_str(intern->arena, text), text.len},
            .hash = hash,
            .id = intern->n++,
        };
    }
    return slot;
}

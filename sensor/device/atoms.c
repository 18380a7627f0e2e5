/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/atoms.h"

#include "common/hash.h"
#include "sensor/device/room.h"

#include <stdlib.h>

enum { FORGET = 32, SLOTS_MOST = 512 };

static const struct room_rule all_growth = {4, ATOMS_MAX, sizeof(struct atom)};
static const struct room_rule pool_growth = {64, ATOMS_POOL, 1};

static uint32_t hash_of(uint8_t class_, struct slice text)
{
    return (uint32_t)hash_bytes(text, class_);
}

struct slice atoms_text(const struct atoms *atoms, const struct atom *atom)
{
    return (struct slice){(const uint8_t *)atoms->pool + atom->at, atom->len};
}

/* Puts the atom into the first free slot from its hash on. */
static void index_one(struct atoms *atoms, uint16_t i)
{
    uint32_t slot = atoms->all[i].hash & atoms->mask;

    while (atoms->slots[slot])
        slot = (slot + 1) & atoms->mask;
    atoms->slots[slot] = (uint16_t)(i + 1);
}

struct atom *atoms_find(struct atoms *atoms, uint8_t class_, struct slice text)
{
    text = slice_head(text, ATOM_TEXT_MAX);
    uint32_t hash = hash_of(class_, text);

    if (!atoms->n)
        return NULL;
    for (uint32_t slot = hash; atoms->slots[slot & atoms->mask]; slot++) {
        struct atom *a = &atoms->all[atoms->slots[slot & atoms->mask] - 1];
        if (a->hash == hash && a->class_ == class_ && slice_eq(atoms_text(atoms, a), text))
            return a;
    }
    return NULL;
}

static void index_all(struct atoms *atoms)
{
    memset(atoms->slots, 0, (atoms->mask + 1) * sizeof(*atoms->slots));
    for (uint16_t i = 0; i < atoms->n; i++)
        index_one(atoms, i);
}

/* Several at once: a device that always finds something new must stay cheap. Of atoms of the same
 * second the first added go first. */
static void remove_oldest(struct atoms *atoms)
{
    uint64_t oldest[FORGET]; /* second and index, smallest first */
    bool gone[ATOMS_MAX] = {false};
    uint32_t n = 0;
    uint16_t kept = 0;

    for (uint16_t i = 0; i < atoms->n; i++) {
        uint64_t key = (uint64_t)atoms->all[i].last_s << 16 | i;
        if (n == FORGET && key > oldest[n - 1])
            continue;
        uint32_t at = n < FORGET ? n++ : n - 1;
        for (; at > 0 && oldest[at - 1] > key; at--)
            oldest[at] = oldest[at - 1];
        oldest[at] = key;
    }
    for (uint32_t i = 0; i < n; i++)
        gone[(uint16_t)oldest[i]] = true;
    for (uint16_t i = 0; i < atoms->n; i++) {
        if (!gone[i])
            atoms->all[kept++] = atoms->all[i];
    }
    atoms->n = kept;
}

/* Texts move to the front; atoms stand in order of addition, so do their texts. */
static void close_holes(struct atoms *atoms)
{
    uint16_t used = 0;

    for (uint16_t i = 0; i < atoms->n; i++) {
        struct atom *a = &atoms->all[i];
        memmove(atoms->pool + used, atoms->pool + a->at, a->len);
        a->at = used;
        used = (uint16_t)(used + a->len);
    }
    atoms->used = used;
    index_all(atoms);
}

/* One more atom: at least a third of the slots stay free. */
static bool grow_all(struct atoms *atoms)
{
    uint32_t before = atoms->room;
    struct atom *all = room_for(atoms->all, &atoms->room, atoms->n + 1u, &all_growth);

    if (!all)
        return false;
    atoms->all = all;
    uint32_t slots = 2 * atoms->room < SLOTS_MOST ? 2 * atoms->room : SLOTS_MOST;
    if (atoms->room == before || slots == atoms->mask + 1)
        return true;
    uint16_t *fresh = malloc(slots * sizeof(*fresh));
    if (!fresh) {
        atoms->room = before; /* asked again with the next atom */
        return false;
    }
    free(atoms->slots);
    atoms->slots = fresh;
    atoms->mask = slots - 1;
    index_all(atoms);
    return true;
}

/* `text` fits into what the atoms may take in all. */
static bool grow(struct atoms *atoms, uint32_t text)
{
    char *pool = room_for(atoms->pool, &atoms->bytes, atoms->used + text, &pool_growth);

    if (pool)
        atoms->pool = pool;
    return (pool || !(atoms->used + text)) && grow_all(atoms);
}

bool atoms_add(struct atoms *atoms, uint8_t class_, struct slice text, uint32_t now_s)
{
    bool whole = true;

    text = slice_head(text, ATOM_TEXT_MAX);
    if (atoms->used + text.len > ATOMS_POOL)
        close_holes(atoms);
    while (atoms->n == ATOMS_MAX || atoms->used + text.len > ATOMS_POOL) {
        remove_oldest(atoms);
        close_holes(atoms);
        whole = false;
    }
    if (!grow(atoms, text.len))
        return false;
    atoms->all[atoms->n++] = (struct atom){
        .hash = hash_of(class_, text),
        .last_s = now_s,
        .at = atoms->used,
        .len = (uint8_t)text.len,
        .class_ = class_,
    };
    index_one(atoms, (uint16_t)(atoms->n - 1));
    if (text.len)
        memcpy(atoms->pool + atoms->used, text.at, text.len);
    atoms->used = (uint16_t)(atoms->used + text.len);
    return whole;
}

uint32_t atoms_count(const struct atoms *atoms, uint8_t class_)
{
    uint32_t n = 0;

    for (uint16_t i = 0; i < atoms->n; i++)
        n += atoms->all[i].class_ == class_;
    return n;
}

void atoms_fini(struct atoms *atoms)
{
    free(atoms->all);
    free(atoms->slots);
    free(atoms->pool);
    *atoms = (struct atoms){0};
}

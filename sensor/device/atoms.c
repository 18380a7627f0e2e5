/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/atoms.h"

#include "common/hash.h"

enum { FORGET = 32 };

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
    uint32_t slot = atoms->all[i].hash % ATOMS_SLOTS;

    while (atoms->slots[slot])
        slot = (slot + 1) % ATOMS_SLOTS;
    atoms->slots[slot] = (uint16_t)(i + 1);
}

struct atom *atoms_find(struct atoms *atoms, uint8_t class_, struct slice text)
{
    text = slice_head(text, ATOM_TEXT_MAX);
    uint32_t hash = hash_of(class_, text);

    for (uint32_t slot = hash; atoms->slots[slot % ATOMS_SLOTS]; slot++) {
        struct atom *a = &atoms->all[atoms->slots[slot % ATOMS_SLOTS] - 1];
        if (a->hash == hash && a->class_ == class_ && slice_eq(atoms_text(atoms, a), text))
            return a;
    }
    return NULL;
}

static void remove_oldest(struct atoms *atoms)
{
    uint16_t oldest = 0;

    for (uint16_t i = 1; i < atoms->n; i++) {
        if (atoms->all[i].last_s < atoms->all[oldest].last_s)
            oldest = i;
    }
    atoms->n--;
    memmove(&atoms->all[oldest], &atoms->all[oldest + 1],
            (size_t)(atoms->n - oldest) * sizeof(struct atom));
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
    memset(atoms->slots, 0, sizeof(atoms->slots));
    for (uint16_t i = 0; i < atoms->n; i++)
        index_one(atoms, i);
}

bool atoms_add(struct atoms *atoms, uint8_t class_, struct slice text, uint32_t now_s)
{
    bool whole = true;

    text = slice_head(text, ATOM_TEXT_MAX);
    if (atoms->used + text.len > ATOMS_POOL)
        close_holes(atoms);
    while (atoms->n == ATOMS_MAX || atoms->used + text.len > ATOMS_POOL) {
        /* several at once: a device that always finds something new must stay cheap */
        for (uint32_t i = 0; i < FORGET && atoms->n; i++)
            remove_oldest(atoms);
        close_holes(atoms);
        whole = false;
    }
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

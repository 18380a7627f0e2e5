/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device is known to do: a bounded set of short texts, each of a class. The text is kept so
 * that alerts can say what was known, and baselines can be read and compared by people.
 * When it is full, the atoms that were not seen for the longest time make room.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_ATOMS_H
#define TRAMGAC_SENSOR_DEVICE_ATOMS_H

#include "common/slice.h"

enum { ATOMS_MAX = 320, ATOMS_POOL = 8192, ATOM_TEXT_MAX = 112 };

struct atom {
    uint32_t hash;
    uint32_t last_s; /* seconds since 1970 */
    uint16_t at;     /* in the pool */
    uint8_t len;
    uint8_t class_;
};

/** Zeroed at the start; grows with what it holds. */
struct atoms {
    uint16_t n;
    uint16_t used;  /* of the pool, with holes of removed atoms */
    uint32_t room;  /* of `all` */
    uint32_t bytes; /* of the pool */
    uint32_t mask;  /* slots - 1 */
    struct atom *all;
    uint16_t *slots; /* by hash, 1 + index of the atom; 0 = free */
    char *pool;
};

/** NULL when not known. */
struct atom *atoms_find(struct atoms *atoms, uint8_t class_, struct slice text);
/** Adds; false when something older had to go, or there was no memory for it. The text must not be
 * known yet; it is cut at ATOM_TEXT_MAX. */
bool atoms_add(struct atoms *atoms, uint8_t class_, struct slice text, uint32_t now_s);
struct slice atoms_text(const struct atoms *atoms, const struct atom *atom);
uint32_t atoms_count(const struct atoms *atoms, uint8_t class_);
void atoms_fini(struct atoms *atoms);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two bits for each gram of four bytes (by its hash, letters without case) or one for each pair of
 * bytes, looked up at many places of a text at once where the processor has AVX2, one by one
 * elsewhere. What is found here is a guess for grams, certain for pairs.
 *
 * Few pairs are looked for by halves of their bytes, 32 places in one step, with no memory read.
 */
#ifndef TRAMGAC_SENSOR_DETECT_LOOKUP_H
#define TRAMGAC_SENSOR_DETECT_LOOKUP_H

#include "common/slice.h"

#include <stddef.h>

enum {
    LOOKUP_GRAM = 4,   /* bytes of a gram */
    LOOKUP_STRIDE = 2, /* places between two grams that are looked up; pairs: every place */
    /* letters without case; other bytes lose a bit too, which a comparison has to regain */
    LOOKUP_FOLD = 0x20202020,
    LOOKUP_ROOM = 128, /* places told at once, at most */
    LOOKUP_SHORT = 34  /* texts shorter than this have sixteen grams at most */
};

struct lookup;

/** Many places are looked at in one step on this processor. */
bool lookup_wide(void);
/** `n` grams are to be marked; `narrow`: without AVX2. NULL without memory. */
struct lookup *lookup_new_grams(uint32_t n, bool narrow);
struct lookup *lookup_new_pairs(bool narrow);
void lookup_free(struct lookup **lookup);
size_t lookup_bytes(const struct lookup *lookup);
/** A gram as LOOKUP_FOLD leaves it, or a pair and any bits above; the first byte lowest. */
void lookup_mark(struct lookup *lookup, uint32_t key);

/** Writes the next places of `data` that are marked, from *from on, which moves on. Returns how
 * many; 0 = no more. */
uint32_t lookup_next(const struct lookup *lookup, struct slice data, uint32_t *from,
                     uint32_t at[LOOKUP_ROOM]);

/** The same at once for a text of LOOKUP_GRAM bytes or more that is shorter than LOOKUP_SHORT, by a
 * table of grams: bit i is the place LOOKUP_STRIDE * i. */
uint32_t lookup_short(const struct lookup *lookup, struct slice data);

static inline uint32_t lookup_load4(const uint8_t *at)
{
    uint32_t v;

    memcpy(&v, at, sizeof(v));
    return v;
}

static inline uint32_t lookup_load2(const uint8_t *at)
{
    uint16_t v;

    memcpy(&v, at, sizeof(v));
    return v;
}

static inline uint32_t lookup_hash(uint32_t key)
{
    return key * 2654435761u;
}

#endif

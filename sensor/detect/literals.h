/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many literals searched at once, in one pass over the bytes.
 *
 * A literal of three bytes or more is known by two grams of four bytes, one at an even and one at
 * an odd place of it, chosen to be rare (literals_rarity): wherever it lies, one of them begins at
 * an even place. One byte of a gram may lie outside the literal; then it is known by 128 of them.
 * Literals of two bytes are looked up at every place (lookup.h); the few places that are marked are
 * compared. Where a processor looks at one place at a time only, sets from LITERALS_MANY on go to
 * Hyperscan instead (hyper.h).
 */
#ifndef TRAMGAC_SENSOR_DETECT_LITERALS_H
#define TRAMGAC_SENSOR_DETECT_LITERALS_H

#include "common/slice.h"

#include <stddef.h>

enum {
    LITERAL_SHORTEST = 2,
    LITERAL_LONG = 5,
    LITERAL_COMMON = 14, /* rarity below which a literal is met in much of the traffic */
    LITERALS_MANY = 48,  /* from here on a set may go to Hyperscan */
};

struct literal {
    struct slice text; /* borrowed; LITERAL_SHORTEST bytes at least, in lower case under `nocase` */
    bool nocase;
};

/** What nearly all traffic says; needed only while rules load. NULL without memory. */
struct literals_usual *literals_usual_new(void);
void literals_usual_free(struct literals_usual **usual);
/** How seldom this literal (without case) is likely to be met: a number of bits, about. */
uint32_t literals_rarity(const struct literals_usual *usual, struct slice text);

struct literals; /* a searchable set; shared by all workers */

/** How sets are made; counts what was. */
struct literals_maker {
    const struct literals_usual *usual;
    const char *cache; /* directory of compiled databases; NULL = none */
    uint32_t many;     /* literals from which a set is compiled; 0 = as suits the processor */
    bool narrow;       /* looks at one place at a time, whatever the processor can do */
    uint32_t compiled, cached;
    char fault[160]; /* why there is no set */
};

/** The id of a hit is the index in `list`, whose texts are borrowed. NULL when it cannot be made.
 */
struct literals *literals_new(struct literals_maker *maker, const struct literal *list, uint32_t n);
/** The set was made of exactly these. */
bool literals_are(const struct literals *literals, const struct literal *list, uint32_t n);
/** One more holder; each of them frees. Not for several threads at once. */
struct literals *literals_hold(struct literals *literals);
void literals_free(struct literals **literals);
size_t literals_bytes(const struct literals *literals);

struct literals_scratch; /* one worker's */
/** Room that fits all sets given to it. */
struct literals_scratch *literals_scratch_new(void);
bool literals_scratch_fit(struct literals_scratch *scratch, const struct literals *literals);
void literals_scratch_free(struct literals_scratch **scratch);

/** Calls `hit` for each place of each literal, with the offset behind its end, when that is beyond
 * the first `old` bytes (those were searched before). */
void literals_scan(const struct literals *literals, struct literals_scratch *scratch,
                   struct slice data, uint32_t old,
                   void (*hit)(void *context, uint32_t id, uint32_t end), void *context);

#endif

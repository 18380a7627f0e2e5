/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many literals searched at once, in one pass over the bytes and without a step per literal.
 *
 * A literal of LITERAL_LONG bytes or more is known by two of its grams of four bytes that begin one
 * byte apart: wherever it lies, one of them begins at an even place. So every second place is
 * looked up in a table of bytes (64 KB at most), by five instructions each; the few places that are
 * marked there are compared. The grams are chosen to be rare (literals_rarity). Shorter literals,
 * and those of nothing but common grams, are known by two bytes, looked up at every place; a set
 * without such does not pay for them.
 *
 * Hyperscan in this place took 2.5 times the instructions on ordinary traffic with ET Open (6.2 a
 * byte), had to be asked up to three times for the same bytes, because one large database costs
 * more than small ones, and compiled for a second.
 */
#ifndef TRAMGAC_SENSOR_DETECT_LITERALS_H
#define TRAMGAC_SENSOR_DETECT_LITERALS_H

#include "common/slice.h"

#include <stddef.h>

enum {
    LITERAL_SHORTEST = 2,
    LITERAL_LONG = 5,
    LITERAL_COMMON = 14, /* rarity below which a literal is met in much of the traffic */
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

/** The id of a hit is the index in `list`, which is borrowed too. NULL without memory. */
struct literals *literals_new(const struct literals_usual *usual, const struct literal *list,
                              uint32_t n);
void literals_free(struct literals **literals);
size_t literals_bytes(const struct literals *literals);

/** Calls `hit` for each place of each literal, with the offset behind its end, when that is beyond
 * the first `old` bytes (those were searched before). */
void literals_scan(const struct literals *literals, struct slice data, uint32_t old,
                   void (*hit)(void *context, uint32_t id, uint32_t end), void *context);

#endif

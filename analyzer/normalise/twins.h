/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Twins: alerts of one message whose lines differ only in what passes (record_passing). In a storm
 * most are; the first of a family is read in full, the others are copies of its record with their
 * own values. A line that differs anywhere else, by as much as a blank, is no twin.
 */
#ifndef TRAMGAC_ANALYZER_NORMALISE_TWINS_H
#define TRAMGAC_ANALYZER_NORMALISE_TWINS_H

#include "analyzer/record/record.h"

enum { TWINS_KEYS = 128, TWINS_WAYS = 2 };

struct twin;

/** Families of one batch; zeroed before its first line. */
struct twins {
    struct twin *at[TWINS_KEYS][TWINS_WAYS];
    uint32_t oldest[TWINS_KEYS]; /* way that gives way */
};

/** Where the family of a line would be: addresses and rule. False: not an alert. */
bool twins_key(struct slice line, uint64_t *key);

/**
 * A record as the first of the family has it, but with `raw` and `eve` of this line: what else it
 * says of itself is still the first one's. `says`: whether it differs in more than its time and
 * counters. NULL: no twin.
 */
struct record *twins_cast(struct twins *twins, struct batch *batch, uint64_t key, struct slice line,
                          bool *says);

/** `first` was read from `line` in full. */
void twins_learn(struct twins *twins, struct batch *batch, uint64_t key, struct slice line,
                 struct record *first);

#endif

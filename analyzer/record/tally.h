/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts names, and tells the most frequent. Bounded: what comes after TALLY_MAX names is counted
 * under none.
 */
#ifndef TRAMGAC_ANALYZER_RECORD_TALLY_H
#define TRAMGAC_ANALYZER_RECORD_TALLY_H

#include "common/jsonw.h"

enum { TALLY_MAX = 20000, TALLY_TOLD = 15 };

struct tally;

struct tally *tally_new(void);
void tally_free(struct tally **tally);
/** Adds `n` to the name `en`; `vi` is its other language, kept at the first. */
void tally_add(struct tally *tally, struct slice en, struct slice vi, int64_t n);
/** An array of {name:{en,vi},count}, the highest TALLY_TOLD first, equals by name. The tally
 * is used up: it can only be freed. */
void tally_write(struct tally *tally, struct jsonw *w, const char *key);

#endif

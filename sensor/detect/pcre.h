/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions (edge of PCRE2, with JIT). Matching is bounded: an expression that needs more
 * than the match limit counts as no match, and says so.
 */
#ifndef TRAMGAC_SENSOR_DETECT_PCRE_H
#define TRAMGAC_SENSOR_DETECT_PCRE_H

#include "common/slice.h"

enum pcre_flag {
    PCRE_NOCASE = 1,
    PCRE_DOTALL = 2,
    PCRE_MULTILINE = 4,
    PCRE_EXTENDED = 8,
    PCRE_ANCHORED = 16,
    PCRE_DOLLAR_END = 32,
    PCRE_UNGREEDY = 64,
};

struct pcre;
/** NULL with a sentence in `fault` when the expression is wrong. `next` chains all of a ruleset. */
struct pcre *pcre_new(struct slice pattern, uint32_t flags, struct pcre *next, char fault[160]);
/** Frees the whole chain. */
void pcre_free(struct pcre **pcre);

struct pcre_scratch; /* one worker's */
struct pcre_scratch *pcre_scratch_new(void);
void pcre_scratch_free(struct pcre_scratch **scratch);

enum pcre_answer { PCRE_NO, PCRE_YES, PCRE_LIMIT };
/** First match at or behind `start`. */
enum pcre_answer pcre_run(const struct pcre *pcre, struct pcre_scratch *scratch,
                          struct slice subject, uint32_t start, uint32_t *from, uint32_t *to);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions (edge of PCRE2, with JIT where the machine has it). Bytes, not characters.
 * Matching is bounded: an expression that needs more than the match limit counts as no match, and
 * says so. What holds no offsets and needs no speed uses regex.h instead.
 */
#ifndef TRAMGAC_COMMON_PCRE_H
#define TRAMGAC_COMMON_PCRE_H

#include "common/slice.h"

enum pcre_flag {
    PCRE_NOCASE = 1,
    PCRE_DOTALL = 2,
    PCRE_MULTILINE = 4,
    PCRE_EXTENDED = 8,
    PCRE_ANCHORED = 16,
    PCRE_DOLLAR_END = 32,
    PCRE_UNGREEDY = 64,
    PCRE_ONLY_BYTES = 128, /* the pattern may not switch to UTF or single code units */
};

enum { PCRE_GROUPS_MAX = 9 };

struct pcre;
/** NULL with a sentence in `fault` when the expression is wrong. `next` chains all of a ruleset. */
struct pcre *pcre_new(struct slice pattern, uint32_t flags, struct pcre *next, char fault[160]);
/** Frees the whole chain. */
void pcre_free(struct pcre **pcre);

/** Most steps and depth of one match; with `stack_bytes` 0 it needs no memory that grows. */
struct pcre_limits {
    uint32_t steps, depth, stack_bytes;
};

struct pcre_scratch; /* one thread's */
struct pcre_scratch *pcre_scratch_new(const struct pcre_limits *limits);
void pcre_scratch_free(struct pcre_scratch **scratch);

/** Changes the most steps of a match from now on. */
void pcre_scratch_steps(struct pcre_scratch *scratch, uint32_t steps);

enum pcre_answer { PCRE_NO, PCRE_YES, PCRE_LIMIT };
/** First match at or behind `start`. */
enum pcre_answer pcre_run(const struct pcre *pcre, struct pcre_scratch *scratch,
                          struct slice subject, uint32_t start, uint32_t *from, uint32_t *to);

/** It can match at one place only: where the search begins. */
bool pcre_anchored(const struct pcre *pcre);

/** Number of parentheses that capture. */
uint32_t pcre_groups(const struct pcre *pcre);
/** The i-th named one: its name (terminated) and number; NULL behind the last. */
const char *pcre_group_name(const struct pcre *pcre, uint32_t i, uint32_t *group);
/** Place of the n-th parenthesis in the match found last; false when it took no part, or n is
 * beyond PCRE_GROUPS_MAX. */
bool pcre_group(const struct pcre_scratch *scratch, uint32_t n, uint32_t *from, uint32_t *to);

#endif

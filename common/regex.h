/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions of operators' rules over hostile text (PCRE2 stays inside regex.c).
 * Compiled once, then read-only. A match is bounded in steps and memory: an expression that
 * backtracks without end gives "no match" and is told so.
 */
#ifndef TRAMGAC_COMMON_REGEX_H
#define TRAMGAC_COMMON_REGEX_H

#include "common/err.h"
#include "common/slice.h"

enum { REGEX_NOCASE = 1, REGEX_MULTILINE = 2, REGEX_DOTALL = 4, REGEX_FAULT_MAX = 160 };

struct regex;

/** ERR_INPUT with a sentence and the offset in `fault` when the pattern is wrong. */
enum err regex_new(struct slice pattern, unsigned flags, struct regex **regex,
                   char fault[REGEX_FAULT_MAX]);
void regex_free(struct regex **regex);

/** Whether the pattern occurs in `text`; `*gave_up` (may be NULL) when the step limit ended it. */
bool regex_match(const struct regex *regex, struct slice text, bool *gave_up);

#endif

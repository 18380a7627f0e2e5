/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns of operators' rules, on top of pcre.h: network text is not always UTF-8, so bytes; no
 * stack of its own, so a match needs no memory that grows.
 */
#include "common/regex.h"
#include "common/pcre.h"

#include <stdio.h>
#include <stdlib.h>

enum { REGEX_PATTERN_MAX = 8192 };

struct regex {
    struct pcre *pcre;
};

static const struct pcre_limits limits = {.steps = 100000, .depth = 1000};

enum err regex_new(struct slice pattern, unsigned flags, struct regex **regex,
                   char fault[REGEX_FAULT_MAX])
{
    uint32_t options = PCRE_ONLY_BYTES;

    *regex = NULL;
    if (pattern.len > REGEX_PATTERN_MAX) {
        snprintf(fault, REGEX_FAULT_MAX, "longer than %d bytes", REGEX_PATTERN_MAX);
        return ERR_INPUT;
    }
    options |= flags & REGEX_NOCASE ? PCRE_NOCASE : 0;
    options |= flags & REGEX_MULTILINE ? PCRE_MULTILINE : 0;
    options |= flags & REGEX_DOTALL ? PCRE_DOTALL : 0;
    struct regex *new = calloc(1, sizeof(*new));
    if (!new)
        return ERR_NOMEM;
    snprintf(fault, REGEX_FAULT_MAX, "no memory for it");
    new->pcre = pcre_new(pattern, options, NULL, fault);
    if (!new->pcre) {
        free(new);
        return ERR_INPUT;
    }
    *regex = new;
    return ERR_OK;
}

void regex_free(struct regex **regex)
{
    if (*regex)
        pcre_free(&(*regex)->pcre);
    free(*regex);
    *regex = NULL;
}

bool regex_match(const struct regex *regex, struct slice text, bool *gave_up)
{
    enum pcre_answer answer = PCRE_LIMIT;
    struct pcre_scratch *scratch = pcre_scratch_new(&limits);
    uint32_t from, to;

    if (scratch)
        answer = pcre_run(regex->pcre, scratch, text, 0, &from, &to);
    pcre_scratch_free(&scratch);
    if (gave_up)
        *gave_up = answer == PCRE_LIMIT;
    return answer == PCRE_YES;
}

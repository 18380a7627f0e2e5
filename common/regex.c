/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only file of both programs' common part that knows PCRE2. Bytes, not characters: network
 * text is not always UTF-8. Just-in-time compilation where the machine has it; its stack is small
 * and fixed, so a match needs no memory that grows.
 */
#include "common/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

enum { REGEX_STEPS_MAX = 100000, REGEX_DEPTH_MAX = 1000, REGEX_PATTERN_MAX = 8192 };

struct regex {
    pcre2_code *code;
    pcre2_match_context *limits;
};

enum err regex_new(struct slice pattern, unsigned flags, struct regex **regex,
                   char fault[REGEX_FAULT_MAX])
{
    int code = 0;
    size_t at = 0;
    uint32_t options = PCRE2_NEVER_UTF | PCRE2_NEVER_BACKSLASH_C;

    *regex = NULL;
    if (pattern.len > REGEX_PATTERN_MAX) {
        snprintf(fault, REGEX_FAULT_MAX, "longer than %d bytes", REGEX_PATTERN_MAX);
        return ERR_INPUT;
    }
    options |= flags & REGEX_NOCASE ? PCRE2_CASELESS : 0;
    options |= flags & REGEX_MULTILINE ? PCRE2_MULTILINE : 0;
    options |= flags & REGEX_DOTALL ? PCRE2_DOTALL : 0;
    struct regex *new = calloc(1, sizeof(*new));
    if (!new)
        return ERR_NOMEM;
    new->code = pcre2_compile(pattern.len ? pattern.at : (const uint8_t *)"", pattern.len, options,
                              &code, &at, NULL);
    new->limits = pcre2_match_context_create(NULL);
    if (!new->code || !new->limits) {
        char text[120] = "";
        pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof(text));
        snprintf(fault, REGEX_FAULT_MAX, "%s, at character %zu", text, at);
        regex_free(&new);
        return ERR_INPUT;
    }
    pcre2_set_match_limit(new->limits, REGEX_STEPS_MAX);
    pcre2_set_depth_limit(new->limits, REGEX_DEPTH_MAX);
    (void)pcre2_jit_compile(new->code, PCRE2_JIT_COMPLETE); /* without: the interpreter */
    *regex = new;
    return ERR_OK;
}

void regex_free(struct regex **regex)
{
    if (*regex) {
        pcre2_code_free((*regex)->code);
        pcre2_match_context_free((*regex)->limits);
        free(*regex);
    }
    *regex = NULL;
}

bool regex_match(const struct regex *regex, struct slice text, bool *gave_up)
{
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    int found = PCRE2_ERROR_NOMEMORY;

    if (data)
        found = pcre2_match(regex->code, text.len ? text.at : (const uint8_t *)"", text.len, 0, 0,
                            data, regex->limits);
    pcre2_match_data_free(data);
    if (gave_up)
        *gave_up = found < 0 && found != PCRE2_ERROR_NOMATCH;
    return found >= 0;
}

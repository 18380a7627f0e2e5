/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pcre.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

enum { STACK_FIRST = 32 * 1024 };

struct pcre {
    pcre2_code *code;
    struct pcre *next;
    bool anchored;
};

struct pcre_scratch {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
};

static uint32_t options_of(uint32_t flags)
{
    static const struct {
        uint32_t flag, option;
    } table[] = {{PCRE_NOCASE, PCRE2_CASELESS},
                 {PCRE_DOTALL, PCRE2_DOTALL},
                 {PCRE_MULTILINE, PCRE2_MULTILINE},
                 {PCRE_EXTENDED, PCRE2_EXTENDED},
                 {PCRE_ANCHORED, PCRE2_ANCHORED},
                 {PCRE_DOLLAR_END, PCRE2_DOLLAR_ENDONLY},
                 {PCRE_UNGREEDY, PCRE2_UNGREEDY},
                 {PCRE_ONLY_BYTES, PCRE2_NEVER_UTF | PCRE2_NEVER_BACKSLASH_C}};
    uint32_t options = 0;

    for (uint32_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        options |= flags & table[i].flag ? table[i].option : 0;
    return options;
}

struct pcre *pcre_new(struct slice pattern, uint32_t flags, struct pcre *next, char fault[160])
{
    int error;
    PCRE2_SIZE at;
    struct pcre *pcre = calloc(1, sizeof(*pcre));

    if (!pcre)
        return NULL;
    pcre->next = next;
    pcre->code = pcre2_compile(pattern.len ? pattern.at : (const uint8_t *)"", pattern.len,
                               options_of(flags), &error, &at, NULL);
    if (!pcre->code) {
        PCRE2_UCHAR text[100];
        pcre2_get_error_message(error, text, sizeof(text));
        snprintf(fault, 160, "regular expression: %s at offset %zu", (const char *)text, at);
        free(pcre);
        return NULL;
    }
    (void)pcre2_jit_compile(pcre->code, PCRE2_JIT_COMPLETE);
    uint32_t options = 0;
    (void)pcre2_pattern_info(pcre->code, PCRE2_INFO_ALLOPTIONS, &options);
    pcre->anchored = options & PCRE2_ANCHORED;
    return pcre;
}

void pcre_free(struct pcre **pcre)
{
    while (*pcre) {
        struct pcre *next = (*pcre)->next;
        pcre2_code_free((*pcre)->code);
        free(*pcre);
        *pcre = next;
    }
}

struct pcre_scratch *pcre_scratch_new(const struct pcre_limits *limits)
{
    struct pcre_scratch *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->data = pcre2_match_data_create(PCRE_GROUPS_MAX + 1, NULL);
    s->context = pcre2_match_context_create(NULL);
    if (limits->stack_bytes)
        s->stack = pcre2_jit_stack_create(STACK_FIRST, limits->stack_bytes, NULL);
    if (!s->data || !s->context || (limits->stack_bytes && !s->stack)) {
        pcre_scratch_free(&s);
        return NULL;
    }
    pcre2_set_match_limit(s->context, limits->steps);
    pcre2_set_depth_limit(s->context, limits->depth);
    if (s->stack)
        pcre2_jit_stack_assign(s->context, NULL, s->stack);
    return s;
}

void pcre_scratch_steps(struct pcre_scratch *s, uint32_t steps)
{
    pcre2_set_match_limit(s->context, steps);
}

void pcre_scratch_free(struct pcre_scratch **scratch)
{
    struct pcre_scratch *s = *scratch;

    if (!s)
        return;
    pcre2_match_data_free(s->data);
    pcre2_match_context_free(s->context);
    pcre2_jit_stack_free(s->stack);
    free(s);
    *scratch = NULL;
}

enum pcre_answer pcre_run(const struct pcre *pcre, struct pcre_scratch *scratch,
                          struct slice subject, uint32_t start, uint32_t *from, uint32_t *to)
{
    static const uint8_t nothing[1] = {0};
    const uint8_t *at = subject.at ? subject.at : nothing;
    int n = pcre2_match(pcre->code, at, subject.len, start, 0, scratch->data, scratch->context);

    if (n == PCRE2_ERROR_NOMATCH)
        return PCRE_NO;
    if (n < 0)
        return PCRE_LIMIT;
    const PCRE2_SIZE *pair = pcre2_get_ovector_pointer(scratch->data);
    *from = (uint32_t)pair[0];
    *to = (uint32_t)pair[1];
    return PCRE_YES;
}

bool pcre_anchored(const struct pcre *pcre)
{
    return pcre->anchored;
}

uint32_t pcre_groups(const struct pcre *pcre)
{
    uint32_t n = 0;

    (void)pcre2_pattern_info(pcre->code, PCRE2_INFO_CAPTURECOUNT, &n);
    return n;
}

const char *pcre_group_name(const struct pcre *pcre, uint32_t i, uint32_t *group)
{
    uint32_t names = 0, size = 0;
    PCRE2_SPTR table = NULL;

    (void)pcre2_pattern_info(pcre->code, PCRE2_INFO_NAMECOUNT, &names);
    (void)pcre2_pattern_info(pcre->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    (void)pcre2_pattern_info(pcre->code, PCRE2_INFO_NAMETABLE, &table);
    if (i >= names || !table)
        return NULL;
    table += (size_t)i * size;
    *group = (uint32_t)table[0] << 8 | table[1];
    return (const char *)table + 2;
}

bool pcre_group(const struct pcre_scratch *scratch, uint32_t n, uint32_t *from, uint32_t *to)
{
    const PCRE2_SIZE *pairs = pcre2_get_ovector_pointer(scratch->data);

    if (n > PCRE_GROUPS_MAX || n >= pcre2_get_ovector_count(scratch->data) ||
        pairs[2 * (size_t)n] == PCRE2_UNSET)
        return false;
    *from = (uint32_t)pairs[2 * (size_t)n];
    *to = (uint32_t)pairs[2 * (size_t)n + 1];
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The set of Sigma rules: its memory, its names, and the resolving of references before use.
 */
#include "analyzer/correlate/sigma.h"
#include "analyzer/correlate/sigma_read.h"
#include "common/check.h"
#include "common/strbuf.h"

#include <stdio.h>
#include <stdlib.h>

enum { SIGMA_REGEXES_MAX = 8192 };

void *sigma_alloc(struct sigma_set *set, size_t bytes)
{
    void *at = arena_alloc(&set->arena, bytes ? bytes : 1);
    CHECK(at); /* the arena has no cap; files and rules have theirs */
    return at;
}

const char *sigma_text(struct sigma_set *set, struct slice text)
{
    const char *copy = arena_str(&set->arena, text);
    CHECK(copy);
    return copy;
}

void sigma_init(struct sigma_set *set)
{
    memset(set, 0, sizeof(*set));
    arena_init(&set->arena, 65536, 0);
    set->rules = sigma_alloc(set, SIGMA_RULES_MAX * sizeof(struct sigma_rule *));
    set->fields = sigma_alloc(set, SIGMA_FIELDS_MAX * sizeof(char *));
    set->types = sigma_alloc(set, SIGMA_FIELDS_MAX * sizeof(char *));
    set->regexes = sigma_alloc(set, SIGMA_REGEXES_MAX * sizeof(struct regex *));
    set->faults = sigma_alloc(set, SIGMA_FAULTS_MAX * sizeof(struct sigma_fault));
    set->filters = sigma_alloc(set, SIGMA_FILTERS_MAX * sizeof(struct sigma_filter));
    set->order = sigma_alloc(set, SIGMA_RULES_MAX * sizeof(uint32_t));
}

void sigma_fini(struct sigma_set *set)
{
    for (uint32_t i = 0; i < set->n_regexes; i++)
        regex_free(&set->regexes[i]);
    arena_fini(&set->arena);
    memset(set, 0, sizeof(*set));
}

static void add_fault(struct sigma_set *set, const char *file, uint32_t line, const char *title,
                      const char *text)
{
    set->n_put_aside++;
    if (set->n_faults == SIGMA_FAULTS_MAX)
        return;
    set->faults[set->n_faults++] =
        (struct sigma_fault){file, line, title, sigma_text(set, slice_of_str(text))};
}

void sigma_fault(struct sigma_reader *rd, const struct json *at, const char *format, ...)
{
    if (rd->failed)
        return; /* the first reason is the one to mend */
    char text[SIGMA_FAULT_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    uint32_t line = json_line(at);
    rd->failed = true;
    add_fault(rd->set, rd->file, line ? line + rd->line_base : rd->line, rd->title, text);
}

static uint32_t intern(struct sigma_set *set, const char **names, uint32_t *n, struct slice name)
{
    for (uint32_t i = 0; i < *n; i++) {
        if (slice_eq(slice_of_str(names[i]), name))
            return i;
    }
    if (*n == SIGMA_FIELDS_MAX)
        return UINT32_MAX;
    names[*n] = sigma_text(set, name);
    return (*n)++;
}

uint32_t sigma_field(struct sigma_set *set, struct slice path)
{
    return intern(set, set->fields, &set->n_fields, path);
}

uint32_t sigma_type(struct sigma_set *set, struct slice type)
{
    return intern(set, set->types, &set->n_types, type);
}

const struct sigma_node *sigma_join(struct sigma_set *set, const struct sigma_node **kids,
                                    uint32_t n, uint32_t need)
{
    if (n == 1 && need == 1)
        return kids[0];
    struct sigma_node *node = sigma_alloc(set, sizeof(*node));
    node->kind = SIGMA_AT_LEAST;
    node->need = need;
    node->n = n;
    node->kids = sigma_alloc(set, n * sizeof(struct sigma_node *));
    if (n)
        memcpy(node->kids, kids, n * sizeof(struct sigma_node *));
    return node;
}

const struct sigma_node *sigma_not(struct sigma_set *set, const struct sigma_node *kid)
{
    struct sigma_node *node = sigma_alloc(set, sizeof(*node));
    node->kind = SIGMA_NOT;
    node->n = 1;
    node->kids = sigma_alloc(set, sizeof(struct sigma_node *));
    node->kids[0] = kid;
    return node;
}

const struct sigma_node *sigma_leaf(struct sigma_set *set, const struct sigma_test *test)
{
    struct sigma_node *node = sigma_alloc(set, sizeof(*node));
    struct sigma_test *copy = sigma_alloc(set, sizeof(*copy));
    *copy = *test;
    node->kind = SIGMA_TEST;
    node->test = copy;
    return node;
}

uint32_t sigma_find(const struct sigma_set *set, const char *name)
{
    for (uint32_t i = 0; name[0] && i < set->n_rules; i++) {
        if (strcmp(set->rules[i]->name, name) == 0 || strcmp(set->rules[i]->id, name) == 0)
            return i;
    }
    return UINT32_MAX;
}

/* References of one correlation as indexes; false when one is missing. */
static bool resolve(struct sigma_set *set, struct sigma_rule *rule)
{
    struct sigma_correlation *c = rule->correlation;
    char text[SIGMA_FAULT_TEXT];

    for (uint32_t s = 0; s < c->n_rules; s++) {
        c->rules[s] = sigma_find(set, c->rule_names[s]);
        if (c->rules[s] == UINT32_MAX) {
            snprintf(text, sizeof(text), "refers to the rule \"%.100s\", which is not loaded",
                     c->rule_names[s]);
            add_fault(set, rule->file, rule->line, rule->title, text);
            return false;
        }
    }
    return true;
}

/* Drops the rules marked in `gone`; indexes change, so references are resolved again. */
static bool drop(struct sigma_set *set, const bool *gone)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < set->n_rules; i++) {
        if (gone[i])
            continue;
        set->rules[kept] = set->rules[i];
        set->rules[kept]->index = kept;
        kept++;
    }
    bool changed = kept != set->n_rules;
    set->n_rules = kept;
    return changed;
}

static bool resolve_all(struct sigma_set *set, bool *gone)
{
    memset(gone, 0, SIGMA_RULES_MAX * sizeof(bool));
    for (uint32_t i = 0; i < set->n_rules; i++) {
        if (set->rules[i]->correlation)
            gone[i] = !resolve(set, set->rules[i]);
    }
    return drop(set, gone);
}

/* One round of ranks: each correlation one above what it refers to. False when nothing rose. */
static bool raise_ranks(struct sigma_set *set)
{
    bool rose = false;

    for (uint32_t i = 0; i < set->n_rules; i++) {
        struct sigma_correlation *c = set->rules[i]->correlation;
        for (uint32_t s = 0; c && s < c->n_rules; s++) {
            const struct sigma_correlation *below = set->rules[c->rules[s]]->correlation;
            if (below && c->rank <= below->rank && c->rank <= SIGMA_DEPTH_MAX) {
                c->rank = below->rank + 1;
                rose = true;
            }
        }
    }
    return rose;
}

/* Chains that lead back to themselves never stop rising. */
static bool drop_circles(struct sigma_set *set, bool *gone)
{
    memset(gone, 0, SIGMA_RULES_MAX * sizeof(bool));
    for (uint32_t i = 0; i < set->n_rules; i++) {
        struct sigma_rule *rule = set->rules[i];
        gone[i] = rule->correlation && rule->correlation->rank > SIGMA_DEPTH_MAX;
        if (gone[i])
            add_fault(set, rule->file, rule->line, rule->title,
                      "its chain of correlations leads back to itself or is too long");
    }
    return drop(set, gone);
}

static void order_by_rank(struct sigma_set *set)
{
    for (uint32_t rank = 0; rank <= SIGMA_DEPTH_MAX; rank++) {
        for (uint32_t i = 0; i < set->n_rules; i++) {
            const struct sigma_correlation *c = set->rules[i]->correlation;
            if (c && c->rank == rank)
                set->order[set->n_order++] = i;
            for (uint32_t s = 0; rank == 0 && c && s < c->n_rules; s++)
                set->rules[c->rules[s]]->referred = true;
        }
    }
}

static void narrow(struct sigma_set *set, struct sigma_rule *rule, const struct sigma_node *root)
{
    const struct sigma_node *both[2] = {rule->root, root};
    rule->root = sigma_join(set, both, 2, 2);
}

/* A filter's condition joins that of each rule it names. */
static void apply_filter(struct sigma_set *set, const struct sigma_filter *f)
{
    char text[SIGMA_FAULT_TEXT];

    for (uint32_t i = 0; f->any && i < set->n_rules; i++) {
        struct sigma_rule *rule = set->rules[i];
        if (!rule->correlation &&
            (f->event_type == UINT32_MAX || f->event_type == rule->event_type))
            narrow(set, rule, f->root);
    }
    for (uint32_t i = 0; i < f->n_rules; i++) {
        uint32_t at = sigma_find(set, f->rules[i]);
        if (at != UINT32_MAX && !set->rules[at]->correlation) {
            narrow(set, set->rules[at], f->root);
            continue;
        }
        snprintf(text, sizeof(text),
                 "filters the rule \"%.100s\", which is no detection that is "
                 "loaded",
                 f->rules[i]);
        add_fault(set, f->file, f->line, f->title, text);
    }
}

void sigma_freeze(struct sigma_set *set)
{
    CHECK(!set->frozen);
    for (uint32_t i = 0; i < set->n_filters; i++)
        apply_filter(set, &set->filters[i]);
    bool *gone = sigma_alloc(set, SIGMA_RULES_MAX * sizeof(bool));
    do {
        while (resolve_all(set, gone))
            ;
        while (raise_ranks(set))
            ;
    } while (drop_circles(set, gone));
    order_by_rank(set);
    set->frozen = true;
}

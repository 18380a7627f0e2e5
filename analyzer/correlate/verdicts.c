/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts. See verdicts.h. A set of rules is a row of bits: `index % 64` of word `index / 64`.
 */
#include "analyzer/correlate/verdicts.h"
#include "analyzer/correlate/sigma_read.h"
#include "common/check.h"
#include "common/hash.h"

#include <stdlib.h>

enum { KEYS = 512 };

struct key {
    const struct record *twin;
    uint32_t batch;
    uint16_t port; /* they go to */
};

struct verdicts {
    const struct sigma_set *set;
    uint32_t words;
    uint64_t *detections; /* all */
    uint64_t *passing;    /* of them those that look at what passes, or at any text */
    struct key keys[KEYS];
    uint64_t *rows; /* a key each: what fits, without `passing` */
    uint32_t batch;
    uint32_t *found;
    uint32_t n_found;
};

static bool looks_at(const struct sigma_node *node, const bool *passes)
{
    const struct sigma_test *test = node->test;

    if (node->kind == SIGMA_TEST)
        return test->field == (uint32_t)SIGMA_ANY_TEXT || passes[test->field] ||
               (test->kind == SIGMA_FIELDREF && passes[test->other]);
    for (uint32_t i = 0; i < node->n; i++)
        if (looks_at(node->kids[i], passes))
            return true;
    return false;
}

static void sort_rules(struct verdicts *v)
{
    bool *passes = calloc(v->set->n_fields + 1, sizeof(*passes));

    CHECK(passes);
    for (uint32_t i = 0; i < v->set->n_fields; i++)
        passes[i] = record_passes(v->set->fields[i]);
    for (uint32_t i = 0; i < v->set->n_rules; i++) {
        uint64_t bit = UINT64_C(1) << i % 64;
        if (v->set->rules[i]->correlation)
            continue;
        v->detections[i / 64] |= bit;
        if (looks_at(v->set->rules[i]->root, passes))
            v->passing[i / 64] |= bit;
    }
    free(passes);
}

struct verdicts *verdicts_new(const struct sigma_set *set)
{
    struct verdicts *v = calloc(1, sizeof(*v));

    CHECK(v && set->frozen);
    v->set = set;
    v->words = (set->n_rules + 63) / 64;
    v->detections = calloc(v->words + 1, sizeof(*v->detections));
    v->passing = calloc(v->words + 1, sizeof(*v->passing));
    v->rows = calloc((size_t)KEYS * v->words + 1, sizeof(*v->rows));
    v->found = calloc(set->n_rules + 1, sizeof(*v->found));
    CHECK(v->detections && v->passing && v->rows && v->found);
    sort_rules(v);
    v->batch = 1;
    return v;
}

void verdicts_free(struct verdicts **verdicts)
{
    struct verdicts *v = *verdicts;

    if (!v)
        return;
    free(v->detections);
    free(v->passing);
    free(v->rows);
    free(v->found);
    free(v);
    *verdicts = NULL;
}

void verdicts_begin(struct verdicts *v)
{
    if (++v->batch == 0) {
        memset(v->keys, 0, sizeof(v->keys));
        v->batch = 1;
    }
}

/* The row of the record's twins; NULL when it is not known to have any. */
static uint64_t *row_of(struct verdicts *v, const struct record *r, bool *known)
{
    uint32_t at = (uint32_t)(hash_mix((uintptr_t)r->twin ^ r->dst.port) % KEYS);
    struct key *key = &v->keys[at];

    *known = r->twin && key->twin == r->twin && key->batch == v->batch && key->port == r->dst.port;
    *key = (struct key){r->twin, v->batch, r->dst.port};
    return r->twin ? v->rows + (size_t)at * v->words : NULL;
}

/* Asks the detections of `left`, but not those of `sure`; the bits of those that fit. */
static uint64_t ask(struct verdicts *v, struct sigma_view *view, uint32_t word, uint64_t left,
                    uint64_t sure)
{
    uint64_t fitting = 0;

    for (; left; left &= left - 1) {
        uint64_t bit = left & (~left + 1);
        uint32_t i = word * 64 + (uint32_t)__builtin_ctzll(left);
        if (!(sure & bit) && !sigma_match_rule(view, v->set->rules[i]))
            continue;
        fitting |= bit;
        v->found[v->n_found++] = i;
    }
    return fitting;
}

uint32_t verdicts_of(struct verdicts *v, struct sigma_view *view, const struct record *r,
                     const uint32_t **fitting)
{
    bool known, begun = false;
    uint64_t *row = row_of(v, r, &known);

    v->n_found = 0;
    for (uint32_t w = 0; w < v->words; w++) {
        uint64_t sure = known ? row[w] : 0;
        uint64_t left = known ? sure | v->passing[w] : v->detections[w];
        if (left && !begun)
            sigma_match_begin(view, r);
        begun = begun || left;
        uint64_t fits = ask(v, view, w, left, sure);
        if (row && !known)
            row[w] = fits & ~v->passing[w];
    }
    *fitting = v->found;
    return v->n_found;
}

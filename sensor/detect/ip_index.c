/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/ip_index.h"

#include <stdlib.h>

struct entry {
    uint32_t lo, hi, rule;
};

struct side {
    uint32_t n; /* boundaries; interval i runs from bound[i] to bound[i + 1] - 1 */
    uint32_t *bound;
    uint32_t *first; /* n + 1 */
    uint32_t *rules;
};

struct ip_index {
    struct side src, dst;
    uint32_t n_wide;
    uint32_t *wide; /* both sides wide, or IPv6: always offered */
};

enum { NARROW = 1 << 20 }; /* addresses */

static bool narrow(const struct netset *s)
{
    return !s->any && s->width4 <= NARROW && s->n6 == 0;
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static int by_lo(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->lo != y->lo)
        return x->lo < y->lo ? -1 : 1;
    return x->rule < y->rule ? -1 : x->rule > y->rule;
}

/* Interval of an address, or -1 before the first boundary. */
static int64_t interval_of(const struct side *s, uint32_t v)
{
    uint32_t lo = 0, hi = s->n;

    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (s->bound[mid] <= v)
            lo = mid + 1;
        else
            hi = mid;
    }
    return (int64_t)lo - 1;
}

static bool side_bounds(struct side *s, const struct entry *e, uint32_t n)
{
    s->bound = calloc(2 * (size_t)n + 1, sizeof(uint32_t));
    if (!s->bound)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        s->bound[s->n++] = e[i].lo;
        if (e[i].hi != UINT32_MAX)
            s->bound[s->n++] = e[i].hi + 1;
    }
    qsort(s->bound, s->n, sizeof(uint32_t), by_value);
    uint32_t m = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        if (!m || s->bound[m - 1] != s->bound[i])
            s->bound[m++] = s->bound[i];
    }
    s->n = m;
    return true;
}

static bool side_build(struct side *s, struct entry *e, uint32_t n)
{
    qsort(e, n, sizeof(*e), by_lo);
    if (!side_bounds(s, e, n))
        return false;
    s->first = calloc((size_t)s->n + 1, sizeof(uint32_t));
    if (!s->first)
        return false;
    /* twice over the entries: count, then fill */
    for (uint32_t i = 0; i < n; i++) {
        for (int64_t k = interval_of(s, e[i].lo); k >= 0 && k < s->n && s->bound[k] <= e[i].hi; k++)
            s->first[k + 1]++;
    }
    for (uint32_t k = 0; k < s->n; k++)
        s->first[k + 1] += s->first[k];
    s->rules = calloc((size_t)s->first[s->n] + 1, sizeof(uint32_t));
    uint32_t *at = calloc((size_t)s->n + 1, sizeof(uint32_t));
    for (uint32_t i = 0; s->rules && at && i < n; i++) {
        for (int64_t k = interval_of(s, e[i].lo); k >= 0 && k < s->n && s->bound[k] <= e[i].hi; k++)
            s->rules[s->first[k] + at[k]++] = e[i].rule;
    }
    bool ok = s->rules && at;
    free(at);
    return ok;
}

static uint32_t collect(const struct netset *set, uint32_t rule, struct entry *out)
{
    for (uint32_t i = 0; out && i < set->n4; i++)
        out[i] = (struct entry){set->v4[i].lo, set->v4[i].hi, rule};
    return set->n4;
}

/* The narrower side of a rule is the one that is looked up. */
static bool belongs(const struct rule *r, bool source)
{
    bool by_src = narrow(r->src) && (!narrow(r->dst) || r->src->width4 <= r->dst->width4);

    if (r->both_ways)
        return false;
    return source ? by_src : !by_src && narrow(r->dst);
}

/* Entries of all rules of this side; only counted while `out` is NULL. */
static uint32_t collect_side(const struct rule *rules, const uint32_t *list, uint32_t n,
                             bool source, struct entry *out)
{
    uint32_t total = 0;

    for (uint32_t i = 0; i < n; i++) {
        const struct rule *r = &rules[list[i]];
        if (belongs(r, source))
            total += collect(source ? r->src : r->dst, list[i], out ? out + total : NULL);
    }
    return total;
}

static bool build_side(struct side *s, const struct rule *rules, const uint32_t *list, uint32_t n,
                       bool source)
{
    uint32_t total = collect_side(rules, list, n, source, NULL);
    struct entry *entries = calloc((size_t)total + 1, sizeof(*entries));

    if (!entries)
        return false;
    collect_side(rules, list, n, source, entries);
    bool ok = side_build(s, entries, total);
    free(entries);
    return ok;
}

struct ip_index *ip_index_new(const struct rule *rules, const uint32_t *list, uint32_t n)
{
    struct ip_index *index = calloc(1, sizeof(*index));

    if (!index)
        return NULL;
    index->wide = calloc((size_t)n + 1, sizeof(uint32_t));
    if (!index->wide || !build_side(&index->src, rules, list, n, true) ||
        !build_side(&index->dst, rules, list, n, false)) {
        ip_index_free(&index);
        return NULL;
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct rule *r = &rules[list[i]];
        if (r->both_ways || (!narrow(r->src) && !narrow(r->dst)))
            index->wide[index->n_wide++] = list[i];
    }
    return index;
}

static void side_free(struct side *s)
{
    free(s->bound);
    free(s->first);
    free(s->rules);
}

void ip_index_free(struct ip_index **index)
{
    if (!*index)
        return;
    side_free(&(*index)->src);
    side_free(&(*index)->dst);
    free((*index)->wide);
    free(*index);
    *index = NULL;
}

static void side_find(const struct side *s, const struct addr *a, void (*each)(void *, uint32_t),
                      void *context)
{
    if (a->family != 4 || !s->n)
        return;
    uint32_t v =
        (uint32_t)a->b[0] << 24 | (uint32_t)a->b[1] << 16 | (uint32_t)a->b[2] << 8 | a->b[3];
    int64_t k = interval_of(s, v);
    for (uint32_t i = k < 0 ? 0 : s->first[k]; k >= 0 && i < s->first[k + 1]; i++)
        each(context, s->rules[i]);
}

void ip_index_find(const struct ip_index *index, const struct addr *src, const struct addr *dst,
                   void (*each)(void *context, uint32_t rule), void *context)
{
    side_find(&index->src, src, each, context);
    side_find(&index->dst, dst, each, context);
    for (uint32_t i = 0; i < index->n_wide; i++)
        each(context, index->wide[i]);
}

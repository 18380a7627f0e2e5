/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each worker's items lie in order, but for the run of flows that time ended: that run is sorted,
 * then the parts are merged. Ties only happen within one part, where the order of arrival counts.
 */
#include "sensor/run/merge.h"

#include <stdlib.h>

enum { AHEAD = 8 }; /* items between prefetches */

static int order(const struct item *x, const struct item *y)
{
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    if (x->of_packet != y->of_packet)
        return x->of_packet ? 1 : -1;
    if (!x->of_packet && x->ts_ns != y->ts_ns)
        return x->ts_ns < y->ts_ns ? -1 : 1;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return 0;
}

static int by_order(const void *a, const void *b)
{
    const struct item *x = ((const struct merge_group *)a)->first;
    const struct item *y = ((const struct merge_group *)b)->first;
    int result = order(x, y);

    return result ? result : x < y ? -1 : x > y;
}

/* What a flow brought at its end stands together: such groups are sorted, and only when they do not
 * lie in order. Returns false without memory. */
static bool sort_run(struct merge *merge, struct merge_ref *ref, uint32_t n)
{
    uint32_t groups = 0;
    bool sorted = true;

    for (uint32_t i = 1; i < n && sorted; i++)
        sorted = order(ref[i - 1].item, ref[i].item) <= 0;
    if (sorted)
        return true;
    if (n > merge->groups_room) {
        struct merge_group *larger = realloc(merge->group, n * sizeof(*larger));
        if (!larger)
            return false;
        merge->group = larger;
        merge->groups_room = n;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (i == 0 || order(ref[i - 1].item, ref[i].item) != 0)
            merge->group[groups++] = (struct merge_group){ref[i].item, 0};
        merge->group[groups - 1].n++;
    }
    qsort(merge->group, groups, sizeof(*merge->group), by_order);
    for (uint32_t g = 0; g < groups; g++) {
        for (uint32_t i = 0; i < merge->group[g].n; i++)
            (ref++)->item = merge->group[g].first + i;
    }
    return true;
}

/* One part's items, its runs of ended flows sorted. Returns false without memory. */
static bool fill(struct merge *merge, struct merge_ref *ref, const struct round_part *part)
{
    uint32_t from = 0; /* of the run */

    for (uint32_t i = 0; i < part->n_items; i++) {
        ref[i] = (struct merge_ref){part, &part->items[i]};
        if (i + AHEAD < part->n_items)
            __builtin_prefetch(&part->items[i + AHEAD]);
        bool in_run = !part->items[i].of_packet;
        if (!in_run && i > from + 1 && !sort_run(merge, ref + from, i - from))
            return false;
        if (!in_run)
            from = i + 1;
    }
    return part->n_items <= from + 1 || sort_run(merge, ref + from, part->n_items - from);
}

/* Merges [0, n) with [n, n + m), from the back, using the room behind them. */
static void merge_two(struct merge_ref *ref, uint32_t n, uint32_t m, struct merge_ref *spare)
{
    if (!n || !m || order(ref[n - 1].item, ref[n].item) <= 0)
        return;
    memcpy(spare, ref + n, m * sizeof(*ref));
    for (uint32_t at = n + m; m > 0;) {
        bool left = n > 0 && order(ref[n - 1].item, spare[m - 1].item) > 0;
        ref[--at] = left ? ref[--n] : spare[--m];
    }
}

enum err merge_round(struct merge *merge, const struct round *round, uint32_t workers)
{
    uint32_t n = 0;

    merge->n = 0;
    for (uint32_t w = 0; w < workers; w++)
        n += round->part[w].n_items;
    if (2 * n > merge->room) {
        struct merge_ref *larger = realloc(merge->ref, 2 * n * sizeof(*larger));
        if (!larger)
            return ERR_NOMEM;
        merge->ref = larger;
        merge->room = 2 * n;
    }
    for (uint32_t w = 0; w < workers && n; w++) {
        uint32_t more = round->part[w].n_items;
        if (!fill(merge, merge->ref + merge->n, &round->part[w])) {
            merge->n = 0;
            return ERR_NOMEM;
        }
        merge_two(merge->ref, merge->n, more, merge->ref + n);
        merge->n += more;
    }
    return ERR_OK;
}

void merge_fini(struct merge *merge)
{
    free(merge->ref);
    free(merge->group);
    *merge = (struct merge){0};
}

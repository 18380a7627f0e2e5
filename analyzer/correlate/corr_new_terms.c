/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Correlation `new_terms` (ours): the event brings a value of condition.field that the group has
 * not shown within the timespan before. The condition's limits are on the number of different
 * values known by then: `gte: 5` says nothing while fewer than five are known (the group is being
 * learnt).
 */
#include "analyzer/correlate/correlate.h"
#include "common/check.h"

#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Different values of the entries before the last moment. */
static uint32_t known(const struct corr_window *w, uint32_t n)
{
    uint64_t *values = malloc((n + 1) * sizeof(*values));
    uint32_t different = 0;

    CHECK(values);
    for (uint32_t i = 0; i < n; i++)
        values[i] = w->at[i].value;
    qsort(values, n, sizeof(*values), by_value);
    for (uint32_t i = 0; i < n; i++)
        different += i == 0 || values[i] != values[i - 1];
    free(values);
    return different;
}

static bool new_terms_met(const struct sigma_correlation *c, const struct corr_window *w,
                          struct corr_result *result)
{
    uint32_t before = w->n;

    while (before && w->at[before - 1].ts_ns == w->at[w->n - 1].ts_ns)
        before--;
    for (uint32_t k = before; k < w->n; k++) {
        uint32_t i = 0;
        while (i < before && w->at[i].value != w->at[k].value)
            i++;
        if (i < before)
            continue;
        result->value = known(w, before);
        return correlate_within(c, result->value);
    }
    return false;
}

const struct correlation_def corr_new_terms = {
    .name = "new_terms",
    .doc = "A value that the group has not shown within the timespan before",
    .doc_vi = "Giá trị mà nhóm chưa từng có trong khoảng thời gian trước đó",
    .needs_field = true,
    .needs_condition = true,
    .ours = true,
    .each = true,
    .met = new_terms_met,
};

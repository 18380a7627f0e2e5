/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sigma correlation `value_count`: how many different values (or tuples of values) of the
 * condition's field are in the window.
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

static uint32_t distinct(const struct corr_window *w)
{
    uint64_t *values = malloc(w->n * sizeof(*values));
    uint32_t n = 0;

    CHECK(values);
    for (uint32_t i = 0; i < w->n; i++)
        values[i] = w->at[i].value;
    qsort(values, w->n, sizeof(*values), by_value);
    for (uint32_t i = 0; i < w->n; i++)
        n += i == 0 || values[i] != values[i - 1];
    free(values);
    return n;
}

/* Fewer events than the lower limit cannot have enough values: most windows end here. */
static bool too_few(const struct sigma_correlation *c, uint32_t n)
{
    return (c->has[CORR_GT] && n <= c->limit[CORR_GT]) ||
           (c->has[CORR_GTE] && n < c->limit[CORR_GTE]);
}

static bool value_count_met(const struct sigma_correlation *c, const struct corr_window *w,
                            struct corr_result *result)
{
    if (too_few(c, w->n))
        return false;
    result->value = distinct(w);
    return correlate_within(c, result->value);
}

const struct correlation_def corr_value_count = {
    .name = "value_count",
    .doc = "Number of different values of a field in the window",
    .doc_vi = "Số giá trị khác nhau của một trường trong cửa sổ thời gian",
    .needs_field = true,
    .needs_condition = true,
    .counts = true,
    .met = value_count_met,
};

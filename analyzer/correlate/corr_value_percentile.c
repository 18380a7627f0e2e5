/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sigma correlation `value_percentile`: the value below which `percentile` per cent of a numeric
 * field's values in the window lie (nearest rank: the smallest value with at least that share at or
 * below it). The specification's own example names no percentile; here it must be given.
 */
#include "analyzer/correlate/correlate.h"
#include "common/check.h"

#include <stdlib.h>

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static bool value_percentile_met(const struct sigma_correlation *c, const struct corr_window *w,
                                 struct corr_result *result)
{
    double *values = malloc(w->n * sizeof(*values));
    uint64_t rank = ((uint64_t)c->percentile * w->n + 99) / 100;

    CHECK(values);
    for (uint32_t i = 0; i < w->n; i++)
        values[i] = w->at[i].number;
    qsort(values, w->n, sizeof(*values), by_number);
    result->value = values[rank ? rank - 1 : 0];
    free(values);
    return correlate_within(c, result->value);
}

const struct correlation_def corr_value_percentile = {
    .name = "value_percentile",
    .doc = "Percentile of a numeric field over the window",
    .doc_vi = "Phân vị của một trường số trong cửa sổ thời gian",
    .needs_field = true,
    .needs_condition = true,
    .numeric = true,
    .needs_percentile = true,
    .met = value_percentile_met,
};

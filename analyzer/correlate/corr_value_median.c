/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Correlation `value_median` (as pySigma has it): the middle of a numeric field's values in the
 * window; of an even number the mean of the two in the middle.
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

static bool value_median_met(const struct sigma_correlation *c, const struct corr_window *w,
                             struct corr_result *result)
{
    double *values = malloc(w->n * sizeof(*values));

    CHECK(values);
    for (uint32_t i = 0; i < w->n; i++)
        values[i] = w->at[i].number;
    qsort(values, w->n, sizeof(*values), by_number);
    result->value = w->n % 2 ? values[w->n / 2] : (values[w->n / 2 - 1] + values[w->n / 2]) / 2;
    free(values);
    return correlate_within(c, result->value);
}

const struct correlation_def corr_value_median = {
    .name = "value_median",
    .doc = "Median of a numeric field over the window",
    .doc_vi = "Trung vị của một trường số trong cửa sổ thời gian",
    .needs_field = true,
    .needs_condition = true,
    .numeric = true,
    .met = value_median_met,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sigma correlation `value_avg`: mean of a numeric field over the window.
 */
#include "analyzer/correlate/correlate.h"

static bool value_avg_met(const struct sigma_correlation *c, const struct corr_window *w,
                          struct corr_result *result)
{
    double sum = 0;

    for (uint32_t i = 0; i < w->n; i++)
        sum += w->at[i].number;
    result->value = sum / w->n;
    return correlate_within(c, result->value);
}

const struct correlation_def corr_value_avg = {
    .name = "value_avg",
    .doc = "Mean of a numeric field over the window",
    .doc_vi = "Trung bình của một trường số trong cửa sổ thời gian",
    .needs_field = true,
    .needs_condition = true,
    .numeric = true,
    .met = value_avg_met,
};

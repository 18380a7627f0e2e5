/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sigma correlation `value_sum`: sum of a numeric field over the window.
 */
#include "analyzer/correlate/correlate.h"

static bool value_sum_met(const struct sigma_correlation *c, const struct corr_window *w,
                          struct corr_result *result)
{
    for (uint32_t i = 0; i < w->n; i++)
        result->value += w->at[i].number;
    return correlate_within(c, result->value);
}

const struct correlation_def corr_value_sum = {
    .name = "value_sum",
    .doc = "Sum of a numeric field over the window",
    .doc_vi = "Tổng của một trường số trong cửa sổ thời gian",
    .needs_field = true,
    .needs_condition = true,
    .numeric = true,
    .met = value_sum_met,
};

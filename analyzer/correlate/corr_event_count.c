/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sigma correlation `event_count`: how many events of the group are in the window.
 */
#include "analyzer/correlate/correlate.h"

static bool event_count_met(const struct sigma_correlation *c, const struct corr_window *w,
                            struct corr_result *result)
{
    result->value = w->n;
    return correlate_within(c, result->value);
}

const struct correlation_def corr_event_count = {
    .name = "event_count",
    .doc = "Number of events in the window",
    .doc_vi = "Số sự kiện trong cửa sổ thời gian",
    .needs_condition = true,
    .counts = true,
    .met = event_count_met,
};

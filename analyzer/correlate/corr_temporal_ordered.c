/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sigma correlation `temporal_ordered`: the rules were hit in their order within the window. Times
 * must rise from stage to stage: events of equal time have no order. Looked for from the end: the
 * latest event that can be a stage leaves the most room for the ones before it.
 */
#include "analyzer/correlate/correlate.h"

static bool temporal_ordered_met(const struct sigma_correlation *c, const struct corr_window *w,
                                 struct corr_result *result)
{
    uint32_t stage = c->n_rules;
    uint64_t before = UINT64_MAX;

    for (uint32_t i = w->n; i-- > 0 && stage;) {
        if (w->at[i].ts_ns >= before || !(w->at[i].stages >> (stage - 1) & 1))
            continue;
        result->picks[--stage] = i;
        before = w->at[i].ts_ns;
    }
    result->n_picks = c->n_rules;
    result->value = c->n_rules;
    return stage == 0;
}

const struct correlation_def corr_temporal_ordered = {
    .name = "temporal_ordered",
    .doc = "All rules hit within the window, in the order of the list",
    .doc_vi = "Mọi luật đều khớp trong cửa sổ thời gian, đúng thứ tự đã nêu",
    .stages = true,
    .ends_with_last = true,
    .met = temporal_ordered_met,
};

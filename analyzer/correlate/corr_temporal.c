/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sigma correlation `temporal`: all rules were hit within the window, in any order. One event may
 * fit several of them. With limits: so many different rules; with words (`a and not b`): that.
 */
#include "analyzer/correlate/correlate.h"
#include "analyzer/correlate/sigma_match.h"

static bool has_limits(const struct sigma_correlation *c)
{
    for (uint32_t i = 0; i < CORR_OPS; i++) {
        if (c->has[i])
            return true;
    }
    return false;
}

static bool temporal_met(const struct sigma_correlation *c, const struct corr_window *w,
                         struct corr_result *result)
{
    uint32_t hit = 0;
    uint32_t n = 0;

    result->n_picks = c->n_rules;
    for (uint32_t s = 0; s < c->n_rules; s++)
        result->picks[s] = UINT32_MAX;
    for (uint32_t i = 0; i < w->n; i++) {
        for (uint32_t s = 0; s < c->n_rules; s++) {
            if (w->at[i].stages >> s & 1)
                result->picks[s] = i;
        }
        hit |= w->at[i].stages;
    }
    for (uint32_t s = 0; s < c->n_rules; s++)
        n += hit >> s & 1;
    result->value = n;
    if (c->wish)
        return sigma_match_stages(c->wish, hit);
    return has_limits(c) ? correlate_within(c, n) : n == c->n_rules;
}

const struct correlation_def corr_temporal = {
    .name = "temporal",
    .doc = "All rules hit within the window, in any order",
    .doc_vi = "Mọi luật đều khớp trong cửa sổ thời gian, không kể thứ tự",
    .stages = true,
    .met = temporal_met,
};

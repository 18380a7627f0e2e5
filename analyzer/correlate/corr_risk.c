/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Correlation `risk` (ours): evidence against an entity adds up until it is enough, and fades.
 *
 *   points of an event = severity (info 0, low 2, medium 5, high 12, critical 25; no alert: 1)
 *                        x criticality of the more critical end (1 + (criticality - 1) / 4)
 *                        x 1 / k^2 for the k-th event of the same rule (same gid and sid, or stage)
 *                        x 1/2 for each quarter of the timespan that has passed since
 *   risk               = sum x (1 + 1/4 for each different tactic after the first)
 *
 * Each rule is named once among the proofs, by its first event.
 */
#include "analyzer/correlate/correlate.h"

#include <math.h>

enum { RULES_MAX = 64, TACTICS_MAX = 16, TACTIC_ID = 8 };

struct repeats {
    int64_t gid[RULES_MAX], sid[RULES_MAX];
    uint32_t stages[RULES_MAX];
    uint32_t n_seen[RULES_MAX];
    uint32_t n;
};

/* How often this rule was seen, this time included; what is beyond the table counts as the last. */
static uint32_t repeat_of(struct repeats *r, const struct corr_entry *e)
{
    bool alert = e->evidence->is_alert;
    int64_t gid = alert ? e->evidence->gid : 0;
    int64_t sid = alert ? e->evidence->sid : 0;
    uint32_t stages = alert ? 0 : e->stages;
    uint32_t i = 0;

    while (i < r->n && (r->gid[i] != gid || r->sid[i] != sid || r->stages[i] != stages))
        i++;
    if (i == r->n && r->n < RULES_MAX) {
        r->gid[i] = gid;
        r->sid[i] = sid;
        r->stages[i] = stages;
        r->n++;
    }
    i = i < RULES_MAX ? i : RULES_MAX - 1;
    return ++r->n_seen[i];
}

static double weight_of(const struct evidence *e)
{
    static const double points[SEVERITY_LEVELS] = {0, 2, 5, 12, 25};
    uint8_t criticality =
        e->src_criticality > e->dst_criticality ? e->src_criticality : e->dst_criticality;
    double severity = e->is_alert ? points[e->severity < SEVERITY_LEVELS ? e->severity : 0] : 1;

    return severity * (criticality > 1 ? 1 + (criticality - 1) / 4.0 : 1);
}

struct tactics {
    char ids[TACTICS_MAX][TACTIC_ID];
    uint32_t n;
};

static void note_tactics(struct tactics *t, const char *words)
{
    while (*words && t->n < TACTICS_MAX) {
        size_t len = strcspn(words, " ");
        char id[TACTIC_ID] = "";
        uint32_t i = 0;
        if (len < sizeof(id))
            memcpy(id, words, len);
        while (i < t->n && strcmp(t->ids[i], id) != 0)
            i++;
        if (i == t->n && *id)
            memcpy(t->ids[t->n++], id, sizeof(id));
        words += len + (words[len] == ' ');
    }
}

static bool risk_met(const struct sigma_correlation *c, const struct corr_window *w,
                     struct corr_result *result)
{
    uint64_t now_ns = w->at[w->n - 1].ts_ns;
    double half_life_ns = (double)c->span_ns / 4;
    struct repeats repeats = {.n = 0};
    struct tactics tactics = {.n = 0};
    double sum = 0;

    for (uint32_t i = 0; i < w->n; i++) {
        const struct corr_entry *e = &w->at[i];
        double age = (double)(now_ns - e->ts_ns) / half_life_ns;
        double k = repeat_of(&repeats, e);
        sum += weight_of(e->evidence) / (k * k) * exp2(-age);
        note_tactics(&tactics, e->evidence->text[EVIDENCE_TACTICS]);
    }
    result->value = sum * (1 + 0.25 * (tactics.n > 1 ? tactics.n - 1 : 0));
    return correlate_within(c, result->value);
}

const struct correlation_def corr_risk = {
    .name = "risk",
    .doc = "Evidence against an entity, by severity and criticality, fading, repeats counting less",
    .doc_vi = "Rủi ro tích lũy của một đối tượng theo mức độ và tầm quan trọng, giảm dần theo thời "
              "gian, lặp lại tính ít hơn",
    .needs_condition = true,
    .ours = true,
    .sums = true,
    .met = risk_met,
};

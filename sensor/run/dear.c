/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/dear.h"

#include <stdio.h>
#include <stdlib.h>

/* The same rules in any order of workers: ties go by number. */
static bool dearer(const struct rule_spent *a, const struct rule_spent *b)
{
    return a->steps > b->steps || (a->steps == b->steps && a->uid < b->uid);
}

static void take(struct rule_spent *top, uint32_t *n, const struct rule_spent *one)
{
    if (*n == DEAR_RULES && !dearer(one, &top[*n - 1]))
        return;
    uint32_t at = *n < DEAR_RULES ? (*n)++ : *n - 1;
    for (; at > 0 && dearer(one, &top[at - 1]); at--)
        top[at] = top[at - 1];
    top[at] = *one;
}

static void add(struct rule_spent *sum, const struct rule_spent *one)
{
    sum->uid = one->uid;
    sum->matches += one->matches;
    sum->limited += one->limited;
    sum->suspended += one->suspended;
    sum->steps += one->steps;
    sum->checks += one->checks;
}

/* Of several workers: a rule's costs are added before they are compared. */
static uint32_t top_of_all(const struct round *round, uint32_t workers, uint32_t uids,
                           struct rule_spent *top)
{
    struct rule_spent *sum = calloc(uids, sizeof(*sum));
    uint32_t n = 0;

    for (uint32_t w = 0; sum && w < workers; w++) {
        const struct round_part *part = &round->part[w];
        for (uint32_t i = 0; i < part->n_costs; i++)
            if (part->costs[i].uid < uids)
                add(&sum[part->costs[i].uid], &part->costs[i]);
    }
    for (uint32_t i = 0; sum && i < uids; i++)
        if (sum[i].checks)
            take(top, &n, &sum[i]);
    free(sum);
    return n;
}

/* One worker tells each rule once. */
static uint32_t top_of_one(const struct round_part *part, uint32_t uids, struct rule_spent *top)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < part->n_costs; i++)
        if (part->costs[i].checks && part->costs[i].uid < uids)
            take(top, &n, &part->costs[i]);
    return n;
}

void dear_sum(const struct round *round, uint32_t workers, const struct ruleset *ruleset,
              struct dear *dear)
{
    struct rule_spent top[DEAR_RULES];
    uint32_t uids = ruleset ? ruleset_uids(ruleset) : 0, n = 0;

    memset(dear, 0, sizeof(*dear));
    if (uids)
        n = workers == 1 ? top_of_one(&round->part[0], uids, top)
                         : top_of_all(round, workers, uids, top);
    for (uint32_t i = 0; i < n; i++) {
        const struct rule_info *info = ruleset_of_uid(ruleset, top[i].uid);
        if (!info)
            continue;
        struct dear_rule *r = &dear->rule[dear->n++];
        *r = (struct dear_rule){info->gid,        info->sid,    top[i].matches, top[i].limited,
                                top[i].suspended, top[i].steps, top[i].checks,  {0}};
        snprintf(r->msg, sizeof(r->msg), "%s", info->msg);
    }
}

void dear_json(const struct dear *dear, struct jsonw *w)
{
    if (!dear->n)
        return;
    jsonw_arr_open(w, "dearest");
    for (uint32_t i = 0; i < dear->n; i++) {
        const struct dear_rule *r = &dear->rule[i];
        jsonw_obj_open(w, NULL);
        jsonw_u64(w, "gid", r->gid);
        jsonw_u64(w, "signature_id", r->sid);
        jsonw_str(w, "signature", r->msg);
        jsonw_u64(w, "steps", r->steps);
        jsonw_u64(w, "checks", r->checks);
        jsonw_u64(w, "matches", r->matches);
        jsonw_u64(w, "limited", r->limited);
        jsonw_u64(w, "suspended", r->suspended);
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
}

void dear_metrics(const struct dear *dear, const char *sensor, struct strbuf *out)
{
    static const struct {
        const char *name, *help;
    } kinds[] = {{"steps", "Steps that the dearest rules have taken"},
                 {"checks", "Times that these rules were tried"},
                 {"matches", "Times that they matched"},
                 {"limited", "Times that they were given up at a limit"}};

    for (uint32_t k = 0; k < 4 && dear->n; k++) {
        strbuf_fmt(out, "# HELP tramgac_rule_%s_total %s\n# TYPE tramgac_rule_%s_total counter\n",
                   kinds[k].name, kinds[k].help, kinds[k].name);
        for (uint32_t i = 0; i < dear->n; i++) {
            const struct dear_rule *r = &dear->rule[i];
            uint64_t values[] = {r->steps, r->checks, r->matches, r->limited};
            strbuf_fmt(out, "tramgac_rule_%s_total{sensor=\"%s\",gid=\"%u\",sid=\"%u\"} %llu\n",
                       kinds[k].name, sensor, r->gid, r->sid, (unsigned long long)values[k]);
        }
    }
}

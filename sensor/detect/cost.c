/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/cost.h"

#include "common/clock.h"
#include "sensor/flow/flow.h"

#include <stdlib.h>

bool cost_fit(struct cost *c, uint32_t n)
{
    if (n <= c->n)
        return true;
    struct rule_cost *at = calloc(n, sizeof(*at));
    uint32_t *used = calloc(n, sizeof(*used));
    if (!at || !used) {
        free(at);
        free(used);
        return false;
    }
    for (uint32_t i = 0; i < c->n_used; i++) {
        used[i] = c->used[i];
        at[used[i]] = c->at[used[i]];
    }
    free(c->at);
    free(c->used);
    c->at = at;
    c->used = used;
    c->n = n;
    return true;
}

bool cost_budget(struct cost *c, uint64_t steps, uint64_t rest_ns)
{
    c->budget = steps;
    c->rest_ns = rest_ns;
    if (!steps)
        return true;
    c->watch = calloc(FLOW_SHARDS, sizeof(*c->watch));
    for (uint32_t i = 0; c->watch && i < FLOW_SHARDS; i++)
        for (uint32_t k = 0; k < COST_WATCHED; k++)
            c->watch[i].slot[k].uid = UINT32_MAX;
    return c->watch != NULL;
}

void cost_fini(struct cost *c)
{
    free(c->at);
    free(c->used);
    free(c->watch);
    memset(c, 0, sizeof(*c));
}

bool cost_rests(const struct cost *c, uint32_t uid)
{
    const struct cost_watch *w = &c->watch[c->shard];

    for (uint32_t i = 0; i < COST_WATCHED; i++) {
        if (w->slot[i].uid == uid)
            return w->slot[i].until_ns > c->now_ns;
    }
    return false;
}

/* The rule's slot, or that of the one that took least, and does not rest. */
static uint32_t slot_of(struct cost *c, struct cost_watch *w, uint32_t uid, uint64_t second)
{
    uint32_t least = COST_WATCHED;

    for (uint32_t i = 0; i < COST_WATCHED; i++) {
        if (w->slot[i].uid == uid)
            return i;
        if (w->slot[i].until_ns > c->now_ns)
            continue;
        if (w->slot[i].second != second)
            w->slot[i].steps = 0;
        if (least == COST_WATCHED || w->slot[i].steps < w->slot[least].steps)
            least = i;
    }
    if (least < COST_WATCHED) {
        w->slot[least].uid = uid;
        w->slot[least].steps = w->slot[least].until_ns = 0;
        w->slot[least].second = second;
    }
    return least;
}

void cost_charge(struct cost *c, uint32_t uid, uint64_t steps)
{
    struct cost_watch *w = &c->watch[c->shard];
    uint64_t second = c->now_ns / CLOCK_S;

    uint32_t i = slot_of(c, w, uid, second);
    if (i == COST_WATCHED)
        return;
    if (w->slot[i].second != second) {
        w->slot[i].second = second;
        w->slot[i].steps = 0;
    }
    w->slot[i].steps += steps;
    if (w->slot[i].steps <= c->budget)
        return;
    w->slot[i].until_ns = c->now_ns + c->rest_ns;
    w->slot[i].steps = 0;
    c->at[uid].suspended++;
    if (c->n_resting < COST_RESTING_MAX)
        c->resting[c->n_resting++] = uid;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each rule costs, counted in steps: an operation tried, 64 bytes searched for a content, 4
 * bytes shown to a regular expression that may match anywhere in them. Steps depend on packets and
 * rules only, so sums, limits and suspensions are the same for any machine and any number of
 * workers, and in every replay.
 *
 * Two guards. COST_PACKET_MAX: what one rule may take of one packet; what is left of it is given up
 * and counted. detect.rule-budget (off unless set): what one rule may take in a second of packet
 * time from one shard of the flows; beyond it the rule rests there for detect.rule-rest, which is
 * told.
 */
#ifndef TRAMGAC_SENSOR_DETECT_COST_H
#define TRAMGAC_SENSOR_DETECT_COST_H

#include "sensor/detect/inspect.h"

enum { COST_PACKET_MAX = 250000, COST_WATCHED = 8, COST_RESTING_MAX = 16 };

struct rule_cost {
    uint64_t steps, checks;
    uint32_t matches, limited, suspended;
    uint32_t packet, spent; /* steps taken of that packet */
};

/** The dearest rules of a shard in the second in hand, and those that rest. */
struct cost_watch {
    struct {
        uint32_t uid;
        uint64_t second, steps, until_ns;
    } slot[COST_WATCHED];
};

struct cost {
    struct rule_cost *at; /* by uid */
    uint32_t *used;       /* those with checks */
    uint32_t n, n_used;
    uint32_t packet; /* changes with each */
    uint64_t begun, limits;
    /* detect.rule-budget; NULL: there is none */
    struct cost_watch *watch;
    uint64_t budget, rest_ns, now_ns;
    uint32_t shard;
    uint32_t n_resting;
    uint32_t resting[COST_RESTING_MAX]; /* uids that were suspended by this packet */
};

/** Room for `n` uids; those that were there keep their counts. False without memory. */
bool cost_fit(struct cost *cost, uint32_t n);
/** 0: no budget. */
bool cost_budget(struct cost *cost, uint64_t steps, uint64_t rest_ns);
void cost_fini(struct cost *cost);
/** A packet begins. */
static inline void cost_packet(struct cost *c, uint64_t now_ns, uint32_t shard)
{
    if (++c->packet == 0)
        c->packet = 1;
    c->n_resting = 0;
    c->now_ns = now_ns;
    c->shard = shard;
}
bool cost_rests(const struct cost *cost, uint32_t uid);
void cost_charge(struct cost *cost, uint32_t uid, uint64_t steps);

/** A rule is tried; false when it may not take any more. */
static inline bool cost_begin(struct cost *c, uint32_t uid, struct inspect_scratch *s)
{
    struct rule_cost *r = &c->at[uid];

    if (r->packet != c->packet) {
        r->packet = c->packet;
        r->spent = 0;
    }
    if (r->spent >= COST_PACKET_MAX || (c->watch && cost_rests(c, uid))) {
        r->limited++;
        return false;
    }
    if (!r->checks++)
        c->used[c->n_used++] = uid;
    c->begun = s->steps;
    c->limits = s->steps_exceeded + s->pcre_limited;
    s->steps_start = s->steps - r->spent;
    s->steps_stop = s->steps_start + COST_PACKET_MAX;
    return true;
}

static inline void cost_end(struct cost *c, uint32_t uid, const struct inspect_scratch *s)
{
    struct rule_cost *r = &c->at[uid];
    uint64_t steps = s->steps - c->begun + 1;

    r->steps += steps;
    r->spent += (uint32_t)steps;
    r->limited += s->steps_exceeded + s->pcre_limited != c->limits;
    if (c->watch)
        cost_charge(c, uid, steps);
}

#endif

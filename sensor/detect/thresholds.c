/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What decides between match and alert over more than one flow: threshold, detection_filter,
 * rate_filter, suppress, xbits; and which packets behind a match are kept (tag). Called in packet
 * order by one thread, so it does not depend on the number of workers. An action that hangs on such
 * a decision ends its flow here: the worker looks on, and no later hit of that flow counts.
 *
 * State lives in one table of fixed size, found by hash of rule and address. When the probe
 * distance is used up, the entry that ends soonest gives way: the loss is one count of one rule.
 */
#include "sensor/detect/ruleset.h"
#include "sensor/detect/sets.h"
#include "sensor/detect/tagged.h"

#include "common/clock.h"
#include "common/hash.h"

#include <stdlib.h>

enum { TABLE_BITS = 16, PROBES = 16 };

struct key {
    uint64_t what; /* gid, sid and place in the rule's list, or xbit */
    struct addr a, b;
    uint64_t flow;
};

struct cell {
    struct key key;
    uint64_t end_ns;   /* of the time that is counted, or of the xbit */
    uint64_t start_ns; /* 0 = free */
    uint32_t count;
    uint32_t alerted; /* for LIMIT_RATE: the second since which the rule is silent, or 0 */
};

/* The packet in hand: what its hits said before. */
struct in_packet {
    uint64_t packet, flow_id;
    uint32_t alerts;
    bool passed;
    bool stopped; /* dropped or rejected */
};

struct thresholds {
    const struct ruleset *rs;
    struct cell *cells;
    struct dataset_live *sets;
    struct tagged *tagged;
    struct in_packet now;
    uint32_t alerts_max;
    bool drop_ends;
    bool any_over; /* a flow has ended here */
};

struct thresholds *thresholds_new(const struct ruleset *rs, const struct conf *conf)
{
    struct thresholds *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    t->rs = rs;
    t->alerts_max = conf ? (uint32_t)conf_int(conf, "detect.alerts-max") : UINT32_MAX;
    t->drop_ends = conf && conf_bool(conf, "detect.drop-ends");
    t->cells = calloc((size_t)1 << TABLE_BITS, sizeof(*t->cells));
    t->sets = sets_begin(rs->live_sets, rs->datasets);
    t->tagged = tagged_new();
    if (!t->cells || !t->sets || !t->tagged)
        thresholds_free(&t);
    return t;
}

void thresholds_free(struct thresholds **thresholds)
{
    if (!*thresholds)
        return;
    free((*thresholds)->cells);
    sets_end((*thresholds)->rs->live_sets, &(*thresholds)->sets);
    tagged_free(&(*thresholds)->tagged);
    free(*thresholds);
    *thresholds = NULL;
}

enum err thresholds_swap(struct thresholds *t, const struct ruleset *rs)
{
    struct dataset_live *sets = sets_begin(rs->live_sets, rs->datasets);

    if (!sets)
        return ERR_NOMEM;
    sets_end(rs->live_sets, &t->sets);
    t->sets = sets;
    t->rs = rs;
    return ERR_OK;
}

static bool key_eq(const struct key *x, const struct key *y)
{
    return x->what == y->what && x->flow == y->flow && addr_eq(&x->a, &y->a) &&
           addr_eq(&x->b, &y->b);
}

static uint64_t key_hash(const struct key *k)
{
    uint64_t h = hash_mix(k->what ^ hash_mix(k->flow));

    h ^= hash_bytes((struct slice){k->a.b, 16}, k->a.family);
    return hash_mix(h ^ hash_bytes((struct slice){k->b.b, 16}, k->b.family + 7u));
}

/* The cell of a key; with `make` a new one (count 0). */
static struct cell *cell_of(struct thresholds *t, const struct key *key, uint64_t now, bool make)
{
    uint64_t h = key_hash(key);
    struct cell *best = NULL;

    for (uint32_t i = 0; i < PROBES; i++) {
        struct cell *c = &t->cells[(h + i) & ((1u << TABLE_BITS) - 1)];
        if (c->start_ns && key_eq(&c->key, key))
            return c;
        bool stale = !c->start_ns || c->end_ns < now;
        if (!best || (stale && best->start_ns && best->end_ns >= now) ||
            (best->start_ns && c->end_ns < best->end_ns))
            best = !best || best->start_ns ? c : best;
    }
    if (!make)
        return NULL;
    *best = (struct cell){.key = *key, .start_ns = now};
    return best;
}

static struct key key_of(uint64_t what, uint8_t track, const struct addr *src,
                         const struct addr *dst, uint64_t flow_id)
{
    struct key k = {.what = what};

    if (track == TRACK_SRC || track == TRACK_BOTH)
        k.a = *src;
    if (track == TRACK_DST || track == TRACK_BOTH)
        k.b = *dst;
    if (track == TRACK_FLOW)
        k.flow = flow_id;
    return k;
}

/* Either order of the two ends is the same pair. */
static struct key pair_key(uint64_t what, const struct addr *src, const struct addr *dst)
{
    bool swap = addr_cmp(src, dst) > 0;

    return (struct key){.what = what, .a = swap ? *dst : *src, .b = swap ? *src : *dst};
}

/* ---- xbits -------------------------------------------------------------------------------- */

static struct key xbit_key(const struct xbit *x, const struct addr *src, const struct addr *dst)
{
    static const struct addr none;
    uint64_t what = UINT64_C(1) << 63 | x->bit;

    if (x->track == TRACK_BOTH)
        return pair_key(what | UINT64_C(1) << 62, src, dst);
    /* one host, one mark: set by source and asked for as destination is the same mark */
    return key_of(what, TRACK_SRC, x->track == TRACK_DST ? dst : src, &none, 0);
}

static bool xbit_isset(struct thresholds *t, const struct xbit *x, uint64_t now,
                       const struct addr *src, const struct addr *dst)
{
    struct key k = xbit_key(x, src, dst);
    const struct cell *c = cell_of(t, &k, now, false);

    return c && c->end_ns > now;
}

static void xbit_set(struct thresholds *t, const struct xbit *x, uint64_t now,
                     const struct addr *src, const struct addr *dst, bool on)
{
    struct key k = xbit_key(x, src, dst);
    struct cell *c = cell_of(t, &k, now, on);

    if (c)
        c->end_ns = on ? now + x->expire_ns : 0;
}

static bool xbits_hold(struct thresholds *t, const struct rule *r, uint64_t now,
                       const struct addr *src, const struct addr *dst)
{
    for (uint8_t i = 0; i < r->n_xbits; i++) {
        const struct xbit *x = &r->xbits[i];
        if (x->what == XBIT_ISSET && !xbit_isset(t, x, now, src, dst))
            return false;
        if (x->what == XBIT_ISNOTSET && xbit_isset(t, x, now, src, dst))
            return false;
    }
    return true;
}

static void xbits_run(struct thresholds *t, const struct rule *r, uint64_t now,
                      const struct addr *src, const struct addr *dst)
{
    for (uint8_t i = 0; i < r->n_xbits; i++) {
        const struct xbit *x = &r->xbits[i];
        if (x->what == XBIT_SET)
            xbit_set(t, x, now, src, dst, true);
        else if (x->what == XBIT_UNSET)
            xbit_set(t, x, now, src, dst, false);
        else if (x->what == XBIT_TOGGLE)
            xbit_set(t, x, now, src, dst, !xbit_isset(t, x, now, src, dst));
    }
}

/* ---- counts ------------------------------------------------------------------------------- */

static bool suppressed(const struct limit *l, const struct addr *src, const struct addr *dst)
{
    if (!l->nets)
        return true;
    if (l->track == TRACK_SRC)
        return rule_net_has(l->nets, src);
    if (l->track == TRACK_DST)
        return rule_net_has(l->nets, dst);
    return rule_net_has(l->nets, src) || rule_net_has(l->nets, dst);
}

/* More than `count` within the time: the other action stands for a while. The
 * first hit behind that is as any and not counted; then the time goes on where it was. */
static bool rate_kept(const struct limit *l, struct cell *c, uint64_t now)
{
    uint32_t now_s = (uint32_t)(now / CLOCK_S), hold_s = (uint32_t)(l->hold_ns / CLOCK_S);

    if (c->alerted) {
        bool stands = now_s - c->alerted <= hold_s;
        c->alerted = stands ? c->alerted : 0;
        return !stands;
    }
    if (!c->count || now > c->start_ns + l->span_ns || now < c->start_ns)
        *c = (struct cell){.key = c->key, .start_ns = now, .end_ns = now + l->span_ns};
    if (c->count < UINT32_MAX)
        c->count++;
    if (c->count <= l->count)
        return true;
    c->alerted = now_s ? now_s : 1;
    if (now + l->hold_ns > c->end_ns)
        c->end_ns = now + l->hold_ns;
    return false;
}

static bool counted(const struct limit *l, struct cell *c, uint64_t now)
{
    if (l->kind == LIMIT_RATE)
        return rate_kept(l, c, now);
    if (!c->count || now > c->start_ns + l->span_ns || now < c->start_ns) {
        c->start_ns = now;
        c->end_ns = now + l->span_ns;
        c->count = 0;
        c->alerted = 0;
    }
    if (c->count < UINT32_MAX)
        c->count++;
    switch (l->kind) {
    case LIMIT_LIMIT:
        return c->count <= l->count;
    case LIMIT_THRESHOLD:
        if (c->count < l->count)
            return false;
        c->count = 0;
        return true;
    case LIMIT_BOTH:
        if (c->count < l->count || c->alerted)
            return false;
        c->alerted = 1;
        return true;
    case LIMIT_FILTER:
        return c->count > l->count;
    default:
        return true;
    }
}

/* SILENT: what a match leads to beside its alert still happens. */
enum verdict { HELD, SILENT, ADMITTED };

static enum verdict limit_verdict(const struct limit *l, struct cell *c, uint64_t now,
                                  uint8_t *action)
{
    if (counted(l, c, now))
        return ADMITTED;
    bool beyond = l->kind == LIMIT_LIMIT || (l->kind == LIMIT_BOTH && c->alerted);

    if (l->kind == LIMIT_RATE)
        *action = l->action;
    return l->kind == LIMIT_RATE ? ADMITTED : beyond ? SILENT : HELD;
}

static enum verdict limits_admit(struct thresholds *t, const struct rule *r,
                                 const struct limit *list, uint64_t now, const struct rule_hit *hit,
                                 uint8_t *action)
{
    enum verdict verdict = ADMITTED;
    uint64_t what = (uint64_t)(r->info.gid & 0x3fffff) << 40 | (uint64_t)r->info.sid << 8;

    for (const struct limit *l = list; l; l = l->next, what++) {
        if (l->kind == LIMIT_SUPPRESS) {
            if (suppressed(l, hit->src, hit->dst))
                return SILENT;
            continue;
        }
        struct key k = l->track == TRACK_BOTH
                           ? pair_key(what, hit->src, hit->dst)
                           : key_of(what, l->track, hit->src, hit->dst, hit->flow_id);
        enum verdict v = limit_verdict(l, cell_of(t, &k, now, true), now, action);
        verdict = v < verdict ? v : verdict;
    }
    return verdict;
}

/* ---- actions ------------------------------------------------------------------------------ */

enum { OVER_S = 3600 }; /* so long without a hit, the flow is another */

static struct key over_key(const struct rule_hit *hit)
{
    return (struct key){.what = UINT64_C(1) << 61, .flow = hit->flow_id};
}

/* An earlier packet has ended the flow. */
static bool is_over(struct thresholds *t, const struct rule_hit *hit, uint64_t now)
{
    if (!t->any_over || !hit->flow_id)
        return false;
    struct key k = over_key(hit);
    struct cell *c = cell_of(t, &k, now, false);
    if (!c || (hit->packet && c->count == (uint32_t)hit->packet))
        return false;
    c->end_ns = now + OVER_S * CLOCK_S;
    return true;
}

static void end_flow(struct thresholds *t, const struct rule_hit *hit, uint64_t now)
{
    struct key k = over_key(hit);
    struct cell *c = cell_of(t, &k, now, true);

    if (!c->count)
        c->count = (uint32_t)hit->packet;
    c->end_ns = now + OVER_S * CLOCK_S;
    t->any_over = true;
}

/* What lies beyond a limit is dropped all the same, and not let pass. Flows of rules that nothing
 * here decides on have been ended by the worker. */
static void act(struct thresholds *t, const struct rule_hit *hit, uint64_t now, uint8_t action,
                bool admitted)
{
    const struct rule *r = &t->rs->rules[hit->rule->index];
    bool stop = action == ACTION_DROP || action == ACTION_REJECT;
    bool pass = action == ACTION_PASS && admitted;

    t->now.passed |= pass;
    t->now.stopped |= stop;
    if (!hit->of_flow || !hit->flow_id || (action == r->action && !rule_by_host(r)))
        return;
    if (pass || (stop && t->drop_ends))
        end_flow(t, hit, now);
}

/* An alert whose action was changed says what becomes of the packet. */
static enum rule_said say(struct thresholds *t, const struct rule *r, bool changed, uint8_t action)
{
    if (action == ACTION_PASS || r->info.noalert || t->now.alerts >= t->alerts_max)
        return SAID_NOTHING;
    t->now.alerts++;
    if (!changed)
        return SAID_ALERT;
    return t->now.stopped ? SAID_BLOCKED : SAID_ALLOWED;
}

/* Nothing before it has ended the packet or its flow, and it holds whatever was noted of others. */
static bool holds(struct thresholds *t, const struct rule *r, const struct rule_hit *hit,
                  uint64_t now)
{
    if (!hit->packet || t->now.packet != hit->packet || t->now.flow_id != hit->flow_id)
        t->now = (struct in_packet){hit->packet, hit->flow_id, 0, false, false};
    if (t->now.passed || is_over(t, hit, now))
        return false;
    if (hit->conditions.len && !sets_admit(t->rs->live_sets, hit->conditions))
        return false;
    return xbits_hold(t, r, now, hit->src, hit->dst);
}

enum rule_said thresholds_admit(struct thresholds *t, const struct rule_hit *hit)
{
    const struct rule *r = &t->rs->rules[hit->rule->index];
    uint64_t now = hit->ts_ns ? hit->ts_ns : 1; /* 0 marks a free cell; some captures have none */
    uint8_t action = ACTION_CONFIG;             /* none: the rule's own */

    if (!holds(t, r, hit, now))
        return SAID_NOTHING;
    enum verdict verdict = limits_admit(t, r, r->limits, now, hit, &action);
    if (verdict == ADMITTED)
        verdict = limits_admit(t, r, t->rs->suppress_all, now, hit, &action);
    xbits_run(t, r, now, hit->src, hit->dst);
    if (verdict == HELD)
        return SAID_NOTHING;
    bool changed = action != ACTION_CONFIG;
    action = changed ? action : r->action;
    if (r->tags)
        tagged_hit(t->tagged, r,
                   &(struct tagged_packet){hit->ts_ns, hit->flow_id, hit->src, hit->dst, 0});
    act(t, hit, now, action, verdict == ADMITTED);
    return verdict == ADMITTED ? say(t, r, changed, action) : SAID_NOTHING;
}

bool thresholds_keep(struct thresholds *t, const struct tagged_packet *packet)
{
    return tagged_take(t->tagged, packet);
}

uint64_t thresholds_tags_lost(const struct thresholds *t)
{
    return tagged_lost(t->tagged);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/header.h"

#include "sensor/detect/match.h"

#include <stdlib.h>

enum { LINE_BYTES = 64 };

static void put_ports(struct header *h, uint32_t side, const struct portset *set)
{
    h->least[side] = set->any ? 0 : UINT16_MAX;
    h->most[side] = set->any ? UINT16_MAX : 0;
    for (uint32_t i = 0; !set->any && i < set->n; i++) {
        h->least[side] = set->at[i].lo < h->least[side] ? set->at[i].lo : h->least[side];
        h->most[side] = set->at[i].hi > h->most[side] ? set->at[i].hi : h->most[side];
    }
    h->holes |= !set->any && set->n > 1;
}

struct header *header_freeze(const struct rule *rules, uint32_t n)
{
    size_t bytes = ((size_t)n * HEADER_BYTES / LINE_BYTES + 1) * LINE_BYTES;
    struct header *list = aligned_alloc(LINE_BYTES, bytes);

    for (uint32_t i = 0; list && i < n; i++) {
        const struct rule *r = &rules[i];
        struct header *h = &list[i];
        *h = (struct header){
            .uid = r->uid,
            .net = {r->src->any ? HEADER_ANY : r->src->id + 1,
                    r->dst->any ? HEADER_ANY : r->dst->id + 1},
            .app = r->app,
            .ip_proto = r->ip_proto,
            .ip = r->ip,
            .dirs = r->dirs,
            .both_ways = r->both_ways,
            .alone = r->alone,
        };
        put_ports(h, 0, r->sport);
        put_ports(h, 1, r->dport);
    }
    return list;
}

bool header_app_ok(const struct detect *d, const struct header *h)
{
    if (!h->app || h->app - 1 == d->proto)
        return true;
    return d->proto >= 0 && !h->alone && h->app - 1 == d->rs->kin[d->proto];
}

bool header_proto_ok(const struct header *h, const struct packet *p)
{
    if (h->ip && p->ip_version != h->ip)
        return false;
    if (h->ip_proto == -2)
        return p->proto == IPPROTO_ICMP4 || p->proto == IPPROTO_ICMP6;
    return h->ip_proto < 0 || p->proto == h->ip_proto;
}

/* Answers about other ends are forgotten. */
static void renew_answers(struct detect *d)
{
    d->net_told = true;
    if (addr_eq(&d->net_ends[0], d->ends.src) && addr_eq(&d->net_ends[1], d->ends.dst) &&
        d->net_now)
        return;
    d->net_ends[0] = *d->ends.src;
    d->net_ends[1] = *d->ends.dst;
    if (++d->net_now > UINT32_MAX >> 1) {
        for (int i = 0; i < 2; i++)
            memset(d->net_answer[i], 0, (d->rs->n_nets + 1) * sizeof(uint32_t));
        d->net_now = 1;
    }
}

/* The same few sets ($HOME_NET …) stand in most rules: each is asked once per packet and end. */
static bool net_ok(struct detect *d, uint32_t id, const struct netset *const *set, uint32_t side)
{
    if (id == HEADER_ANY)
        return true;
    if (!d->net_told)
        renew_answers(d);
    uint32_t *answer = &d->net_answer[side][id - 1];
    if (*answer >> 1 != d->net_now)
        *answer = d->net_now << 1 | (uint32_t)rule_net_has(*set, side ? d->ends.dst : d->ends.src);
    return *answer & 1;
}

static bool within(const struct header *h, uint32_t side, uint16_t port)
{
    return port >= h->least[side] && port <= h->most[side];
}

/* `turned`: with the ends the other way round. */
static inline bool ends_ok(struct detect *d, const struct header *h, const struct rule *r,
                           uint32_t turned)
{
    const uint16_t port[2] = {d->ends.sport, d->ends.dport};

    return within(h, 1, port[1 ^ turned]) && within(h, 0, port[turned]) &&
           (!h->holes ||
            (rule_port_has(r->dport, port[1 ^ turned]) && rule_port_has(r->sport, port[turned]))) &&
           net_ok(d, h->net[0], &r->src, turned) && net_ok(d, h->net[1], &r->dst, 1 ^ turned);
}

bool header_twice(struct detect *d, uint32_t rule)
{
    const struct header *h = &d->rs->headers[rule];
    const struct rule *r = &d->rs->rules[rule];

    return h->both_ways && ends_ok(d, h, r, 0) && ends_ok(d, h, r, 1);
}

bool header_ok(struct detect *d, uint32_t rule, enum dir dir)
{
    const struct header *h = &d->rs->headers[rule];
    const struct rule *r = &d->rs->rules[rule];
    const struct packet *p = d->in->packet;

    if (!(h->dirs >> dir & 1) || (h->dirs != 3 && !d->in->flow))
        return false;
    if (!header_app_ok(d, h) || (p && !header_proto_ok(h, p)))
        return false;
    return ends_ok(d, h, r, 0) || (h->both_ways && ends_ok(d, h, r, 1));
}

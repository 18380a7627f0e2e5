/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/concern.h"

#include "sensor/detect/match.h"

/* Bits of a key from its lowest on: the ports, each with one bit above that says it is meant. */
enum { PORT_MEANT = 1 << 16, DEST_SHIFT = 17, DIR_SHIFT = 34, CLASS_SHIFT = 35, PROTO_SHIFT = 37 };

static void add_gates(struct concern *s, const struct lit_set *set)
{
    if (set && set->gates)
        s->gates[s->n_gates++] = set->gates;
}

static void add_port(const struct detect *d, struct concern *s, enum dir dir, bool source,
                     uint16_t port)
{
    if (ruleset_gate_port(d->rs, d->class_, dir, source, port))
        add_gates(s, ruleset_port(d->rs, ruleset_port_key(d->class_, dir, source, port)));
}

/* Gates: of rules of any port, of these ports, of this protocol. */
static __attribute__((noinline)) void fill(const struct detect *d, enum dir dir, uint64_t key,
                                           struct concern *s)
{
    const struct ruleset *rs = d->rs;
    const struct ends *e = &d->ends;

    s->key = key;
    s->raw = ruleset_raw(rs, d->proto, d->class_, dir, e->sport, e->dport);
    s->n_gates = 0;
    add_gates(s, &rs->any[d->class_][dir]);
    if (d->proto >= 0)
        add_gates(s, &rs->app[d->proto][dir]);
    if (d->proto >= 0 && rs->kin[d->proto] >= 0)
        add_gates(s, &rs->app[rs->kin[d->proto]][dir]);
    if (d->class_ == CLASS_OTHER)
        return;
    add_port(d, s, dir, false, e->dport);
    add_port(d, s, dir, true, e->sport);
}

/* A port that no rule names is like any other. */
static uint64_t port_key(const struct ruleset *rs, uint16_t port, uint32_t bit)
{
    return rs->known_ports[port] & bit ? PORT_MEANT | port : 0;
}

const struct concern *concern_find(struct detect *d, enum dir dir)
{
    uint64_t key = (uint64_t)(d->proto + 2) << PROTO_SHIFT | (uint64_t)d->class_ << CLASS_SHIFT |
                   (uint64_t)dir << DIR_SHIFT;

    if (d->class_ != CLASS_OTHER)
        key |= port_key(d->rs, d->ends.dport, ruleset_port_bit(d->class_, dir, false))
                   << DEST_SHIFT |
               port_key(d->rs, d->ends.sport, ruleset_port_bit(d->class_, dir, true));
    struct concern *s =
        &d->concerns[key * UINT64_C(0x9e3779b97f4a7c15) >> 56 & (CONCERNS_KEPT - 1)];
    if (s->key != key)
        fill(d, dir, key, s);
    return s;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a TCP connection that was not closed: Suricata looks at it once more in each
 * direction, as at a packet of no bytes. Rules that name a protocol and ask nothing of a packet
 * match again.
 */
#include "sensor/detect/match.h"

static bool is_open(const struct flow *f)
{
    return f->proto == IPPROTO_TCP4 && f->tcp_state >= TCP_ESTABLISHED && f->tcp_state < TCP_CLOSED;
}

static bool asks_xbits(const struct rule *r)
{
    for (uint8_t i = 0; i < r->n_xbits; i++) {
        if (r->xbits[i].what == XBIT_ISSET || r->xbits[i].what == XBIT_ISNOTSET)
            return true;
    }
    return false;
}

static void look(struct detect *d, enum dir dir)
{
    const struct flow *f = d->in->flow;
    struct ends client = {&f->client, &f->server, f->client_port, f->server_port};
    struct ends server = {&f->server, &f->client, f->server_port, f->client_port};

    detect_candidates_clear(d);
    d->look.dir = dir;
    d->look.on_stream = false;
    detect_ends(d, dir == TO_SERVER ? client : server);
    const struct concern *sets = concern_find(d, dir);
    for (uint32_t i = 0; i < sets->n_gates; i++)
        gates_open(d, sets->gates[i], NULL);
    for (uint32_t i = 0; i < d->n_candidates; i++) {
        const struct rule *r = &d->rs->rules[d->candidates[i]];
        if (r->kind != RULE_APP || r->n_tests || asks_xbits(r))
            continue;
        detect_hit_clear(d);
        detect_fire(d, r);
    }
}

void match_end_run(struct detect *d)
{
    if (!d->in->flow_ends || !d->rs->bare_apps || d->proto < 0 || !is_open(d->in->flow))
        return;
    look(d, TO_SERVER);
    look(d, TO_CLIENT);
}

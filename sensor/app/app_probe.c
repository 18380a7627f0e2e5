/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identification: which row's probe knows the first bytes of a flow. Rows whose usual port it is
 * are asked first. A row that says no in one direction is out for the flow, unless starts are
 * unclear (datagrams, TCP joined in the middle): there each chunk is tried anew, APP_TRIES_MAX
 * times a direction.
 */
#include "sensor/app/app_flow.h"

static bool on_port(const uint16_t *ports, uint32_t max, const struct flow *flow)
{
    for (uint32_t i = 0; i < max && ports[i]; i++)
        if (ports[i] == flow->server_port || ports[i] == flow->client_port)
            return true;
    return false;
}

static bool usual_port(const struct proto_def *row, const struct flow *flow)
{
    return on_port(row->ports, PROTO_PORTS_MAX, flow);
}

static bool possible(const struct proto_def *row, const struct flow *flow)
{
    uint32_t l4 = flow->proto == IPPROTO_TCP4 ? L4_TCP : L4_UDP;
    return (row->l4 & l4) && row->probe &&
           !(row->foreign_ports && on_port(row->foreign_ports, PROTO_PORTS_MAX, flow));
}

static enum probe ask(const struct proto_def *row, const struct app *app, enum dir dir,
                      struct slice head)
{
    bool udp = app->flow->proto == IPPROTO_UDP4;
    return udp && row->probe_udp ? row->probe_udp(head, dir) : row->probe(head, dir);
}

/* One pass over the rows; `usual`: those on their port, else the others. */
static const struct proto_def *pass(struct app *app, enum dir dir, struct slice head, bool usual,
                                    uint64_t *more)
{
    for (uint32_t i = 0; i < app->engine->n_rows; i++) {
        const struct proto_def *row = proto_rows[i];
        uint64_t bit = (uint64_t)1 << i;
        if (((app->excluded | app->engine->off) & bit) || usual_port(row, app->flow) != usual)
            continue;
        enum probe probe = possible(row, app->flow) ? ask(row, app, dir, head) : PROBE_NO;
        if (probe == PROBE_YES || (probe == PROBE_LIKELY && usual))
            return row;
        if (probe == PROBE_MORE && head.len < APP_HEAD_MAX)
            *more |= bit;
        else
            app->excluded |= bit;
    }
    return NULL;
}

bool app_ends_turned(const struct app_engine *engine, const struct flow *flow, enum dir dir,
                     struct slice head)
{
    bool turned = false;

    head = slice_head(head, APP_HEAD_MAX);
    for (uint32_t i = 0; i < engine->n_rows; i++) {
        const struct proto_def *row = proto_rows[i];
        if ((engine->off >> i & 1) || !possible(row, flow))
            continue;
        if (row->probe(head, dir) != PROBE_NO)
            return row->turned && row->turned(head, dir);
        turned = turned || row->probe(head, dir_other(dir)) == PROBE_YES;
    }
    return turned;
}

enum app_probing app_probe(struct app *app, enum dir dir, struct slice head)
{
    uint64_t more = 0;
    head = slice_head(head, APP_HEAD_MAX);

    app->proto = pass(app, dir, head, true, &more);
    if (!app->proto)
        app->proto = pass(app, dir, head, false, &more);
    if (app->proto)
        return PROBING_FOUND;
    if (more && app->flow->proto != IPPROTO_UDP4)
        return PROBING_MORE;
    if (!app->unclear)
        return PROBING_HOPELESS;
    app->excluded = 0; /* the next chunk may begin a unit */
    return ++app->side[dir].tries < APP_TRIES_MAX ? PROBING_NEXT : PROBING_HOPELESS;
}

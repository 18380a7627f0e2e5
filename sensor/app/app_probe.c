/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identification: which row's probe knows the first bytes of a flow. Rows whose usual port it is
 * are asked first. A row that says no is out for the direction, unless starts are
 * unclear (datagrams, TCP joined in the middle): there each chunk is tried anew, APP_TRIES_MAX
 * times a direction.
 */
#include "sensor/app/app_flow.h"

#include "common/check.h"

#include <stdlib.h>

enum { PORTS = 65536, SETS_MAX = 256, L4S = 4 };

/** Rows, a bit each by index; `usual`: whose port it is, `foreign`: that leave the port to others.
 */
struct app_rows {
    uint64_t of_l4[L4S]; /* with a probe, by L4_TCP and L4_UDP */
    struct {
        uint64_t usual, foreign;
    } set[SETS_MAX]; /* 0: ports nobody names */
    uint32_t n_sets;
    uint8_t by_port[PORTS];
};

static uint32_t set_of(struct app_rows *rows, uint16_t port)
{
    if (!rows->by_port[port] && rows->n_sets < SETS_MAX)
        rows->by_port[port] = (uint8_t)rows->n_sets++;
    CHECK(rows->by_port[port]);
    return rows->by_port[port];
}

struct app_rows *app_rows_new(uint32_t n_rows)
{
    struct app_rows *rows = calloc(1, sizeof *rows);

    if (!rows)
        return NULL;
    rows->n_sets = 1;
    for (uint32_t i = 0; i < n_rows; i++) {
        const struct proto_def *row = proto_rows[i];
        uint64_t bit = UINT64_C(1) << i;
        for (uint32_t l4 = 0; l4 < L4S; l4++)
            rows->of_l4[l4] |= row->probe && (row->l4 & l4) ? bit : 0;
        for (uint32_t k = 0; k < PROTO_PORTS_MAX && row->ports[k]; k++)
            rows->set[set_of(rows, row->ports[k])].usual |= bit;
        for (uint32_t k = 0; row->foreign_ports && row->foreign_ports[k] && k < PROTO_PORTS_MAX;
             k++)
            rows->set[set_of(rows, row->foreign_ports[k])].foreign |= bit;
    }
    return rows;
}

void app_rows_free(struct app_rows **rows)
{
    free(*rows);
    *rows = NULL;
}

static uint64_t usual_rows(const struct app_rows *rows, const struct flow *flow)
{
    return rows->set[rows->by_port[flow->server_port]].usual |
           rows->set[rows->by_port[flow->client_port]].usual;
}

static uint64_t possible_rows(const struct app_rows *rows, const struct flow *flow)
{
    uint64_t foreign = rows->set[rows->by_port[flow->server_port]].foreign |
                       rows->set[rows->by_port[flow->client_port]].foreign;

    return rows->of_l4[flow->proto == IPPROTO_TCP4 ? L4_TCP : L4_UDP] & ~foreign;
}

static uint32_t first_row(uint64_t rows)
{
    return (uint32_t)__builtin_ctzll(rows);
}

static enum probe ask(const struct proto_def *row, const struct flow *flow, enum dir dir,
                      struct slice head)
{
    bool udp = flow->proto == IPPROTO_UDP4;
    return udp && row->probe_udp ? row->probe_udp(head, dir) : row->probe(head, dir);
}

int32_t app_rows_usual(const struct app_rows *rows, const struct flow *flow, enum dir dir,
                       struct slice head)
{
    uint64_t open = usual_rows(rows, flow) & possible_rows(rows, flow);

    head = slice_head(head, APP_HEAD_MAX);
    for (; open; open &= open - 1) {
        uint32_t i = first_row(open);
        enum probe probe = ask(proto_rows[i], flow, dir, head);
        if (probe != PROBE_NO)
            return probe == PROBE_MORE ? -1 : (int32_t)i;
    }
    return -1;
}

/* So many bytes a row is shown. One that does not know the other side's: few, unless it is a
 * protocol of lines. */
static uint32_t most_of(const struct app *app, enum dir dir, uint32_t row)
{
    enum dir other = dir_other(dir);
    bool doubted = app->strange >> other & 1 && app->excluded[other] >> row & 1;

    return doubted && !proto_rows[row]->lines ? APP_DOUBTED_MAX : APP_HEAD_MAX;
}

/* The rows in their order, until one knows the bytes; `usual`: these are on their port. */
static const struct proto_def *pass(struct app *app, enum dir dir, struct slice head, bool usual,
                                    uint64_t rows, uint64_t *more)
{
    for (; rows; rows &= rows - 1) {
        uint32_t i = first_row(rows);
        uint32_t most = most_of(app, dir, i);
        enum probe probe = ask(proto_rows[i], app->flow, dir, slice_head(head, most));
        if (probe == PROBE_YES || (probe == PROBE_LIKELY && usual))
            return proto_rows[i];
        if (probe == PROBE_MORE && head.len < most)
            *more |= UINT64_C(1) << i;
        else
            app->excluded[dir] |= UINT64_C(1) << i;
    }
    return NULL;
}

static uint64_t off_rows(const struct app_engine *engine, const struct flow *flow)
{
    return engine->off[flow->proto == IPPROTO_TCP4 ? L4_TCP : L4_UDP];
}

/* Datagrams: what is usual on the port is asked. */
static bool datagram_turned(const struct app_engine *engine, const struct flow *flow, enum dir dir,
                            struct slice head)
{
    uint64_t rows = possible_rows(engine->rows, flow) & usual_rows(engine->rows, flow);

    for (rows &= ~off_rows(engine, flow); rows; rows &= rows - 1) {
        const struct proto_def *row = proto_rows[first_row(rows)];
        if (row->turned_udp && ask(row, flow, dir, head) != PROBE_NO)
            return row->turned_udp(head, dir);
    }
    return false;
}

bool app_ends_turned(const struct app_engine *engine, const struct flow *flow, enum dir dir,
                     struct slice head)
{
    bool turned = false;

    head = slice_head(head, APP_HEAD_MAX);
    if (flow->proto == IPPROTO_UDP4)
        return datagram_turned(engine, flow, dir, head);
    for (uint64_t rows = possible_rows(engine->rows, flow) & ~off_rows(engine, flow); rows;
         rows &= rows - 1) {
        const struct proto_def *row = proto_rows[first_row(rows)];
        if (row->probe(head, dir) != PROBE_NO)
            return row->turned && row->turned(head, dir);
        turned = turned || row->probe(head, dir_other(dir)) == PROBE_YES;
    }
    return turned;
}

bool app_probe_other(const struct app *app, enum dir dir, struct slice head)
{
    const struct app_engine *engine = app->engine;
    uint64_t usual = usual_rows(engine->rows, app->flow);

    for (uint64_t rows = engine->rows->of_l4[L4_TCP] & ~engine->off[L4_TCP]; rows;
         rows &= rows - 1) {
        uint32_t i = first_row(rows);
        enum probe probe = proto_rows[i] == app->proto ? PROBE_NO : proto_rows[i]->probe(head, dir);
        if (probe == PROBE_YES || (probe == PROBE_LIKELY && usual >> i & 1))
            return true;
    }
    return false;
}

enum app_probing app_probe(struct app *app, enum dir dir, struct slice head)
{
    uint64_t more = 0;
    uint64_t usual = usual_rows(app->engine->rows, app->flow);
    uint64_t open = possible_rows(app->engine->rows, app->flow) & ~app->excluded[dir] &
                    ~off_rows(app->engine, app->flow);

    head = slice_head(head, APP_HEAD_MAX);
    app->proto = pass(app, dir, head, true, open & usual, &more);
    if (!app->proto)
        app->proto = pass(app, dir, head, false, open & ~usual, &more);
    if (app->proto)
        return PROBING_FOUND;
    if (more && app->flow->proto != IPPROTO_UDP4)
        return PROBING_MORE;
    if (!app->unclear)
        return PROBING_HOPELESS;
    app->excluded[dir] = 0; /* the next chunk may begin a unit */
    return ++app->side[dir].tries < APP_TRIES_MAX ? PROBING_NEXT : PROBING_HOPELESS;
}

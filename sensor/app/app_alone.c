/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first bytes of both directions beside each other: does each by itself tell the protocol, and
 * the same one? A greeting `220 host ...` opens FTP and mail alike, so it tells neither; a row says
 * so with `alone`. Events as Suricata names them; which first bytes tell is what its recognition
 * knows.
 */
#include "sensor/app/app_flow.h"

#include <string.h>

enum {
    SILENT_SERVER = 8, /* fewer bytes tell only when they fit */
    SILENT_CLIENT = APP_FIRST_BYTES,
    SKIPPED_BYTES = 100000, /* Suricata, too, tells of a flow that nobody knows when it is large */
};

/* Requests come first in these. */
static bool asks_first(const struct proto_def *row)
{
    static const char *const names[] = {"tls", "modbus", "mqtt", "smb", "sip"};

    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(row->name, names[i]) == 0)
            return true;
    }
    return false;
}

/* An answer that comes first shows that requests were missed. */
static void check_first(struct app *app, enum dir dir)
{
    if (dir == TO_CLIENT && !app->side[TO_SERVER].len && !(app->strange >> TO_SERVER & 1) &&
        !app->flow->midstream && app->flow->proto == IPPROTO_TCP4 && asks_first(app->proto))
        app_flow_event(app, APP_EVENT_WRONG_DIRECTION);
}

/* Suricata takes a flow for nothing whose server begins with other bytes than its protocol's. */
static void tell_one_direction(struct app *app)
{
    bool refused_there =
        app->as_suricata && app->strange >> TO_CLIENT & 1 && app->proto && asks_first(app->proto);

    if (!refused_there)
        app_flow_event(app, APP_EVENT_ONE_DIRECTION);
}

static enum probe alone(const struct app *app, enum dir dir, struct slice head)
{
    const struct proto_def *row = app->proto;

    return row->alone ? row->alone(head, dir) : row->probe(head, dir);
}

/* Suricata has its protocol, too. */
static bool known_there(const struct app *app)
{
    return app->proto && !(app->as_suricata && app->proto->only_here);
}

/* What nobody knows here: words that other protocols begin with. */
static enum probe another(const struct app *app, enum dir dir, struct slice head)
{
    const struct app_engine *engine = app->engine;
    enum probe best = PROBE_NO;

    for (uint32_t i = 0; i < engine->n_rows; i++) {
        const struct proto_def *row = proto_rows[i];
        if (!row->alone || (engine->off[L4_TCP] >> i & 1))
            continue;
        enum probe probe = row->alone(head, dir);
        if (probe == PROBE_YES)
            return PROBE_YES;
        best = probe == PROBE_MORE ? PROBE_MORE : best;
    }
    return best;
}

static enum first first_of(const struct app *app, enum dir dir, struct slice head)
{
    bool known = known_there(app);
    enum probe probe = known ? alone(app, dir, head) : another(app, dir, head);

    if (probe == PROBE_MORE && !known)
        return FIRST_NONE;
    if (probe != PROBE_NO)
        return FIRST_TELLS;
    if (app->first_bytes[dir].len < (dir == TO_SERVER ? SILENT_CLIENT : SILENT_SERVER))
        return FIRST_NONE;
    bool other =
        known && app->proto->probe(head, dir) == PROBE_NO && app_probe_other(app, dir, head);
    return other ? FIRST_OTHER : FIRST_SILENT;
}

/* The first bytes so far, of which `more` came last. */
static struct slice keep(struct app_first *first, struct slice more)
{
    bool fresh = !first->len;
    struct slice fit = slice_head(more, APP_FIRST_BYTES - first->len);

    memcpy(first->head + first->len, fit.at, fit.len);
    first->len += (uint8_t)fit.len;
    return fresh ? more : (struct slice){first->head, first->len};
}

void app_alone_weigh(struct app *app, enum dir dir, struct slice head)
{
    struct app_first *first = &app->first_bytes[dir];

    if (first->says || !head.len || (app->proto && !app->proto->probe) || app->unclear ||
        app->expected || app->flow->proto != IPPROTO_TCP4)
        return;
    struct slice kept = keep(first, head); /* a known row may have begun a unit since */
    enum first own = first_of(app, dir, known_there(app) ? head : kept),
               other = app->first_bytes[dir_other(dir)].says;
    first->says = (uint8_t)own;
    if (own == FIRST_OTHER)
        app_flow_event(app, APP_EVENT_MISMATCH);
    if ((own == FIRST_TELLS && other == FIRST_SILENT) ||
        (own == FIRST_SILENT && other == FIRST_TELLS)) {
        tell_one_direction(app);
        app->flow->app_mute |= (uint8_t)(1u << (own == FIRST_SILENT ? dir : dir_other(dir)));
    }
}

static void weigh_both(struct app *app, enum dir dir, struct slice head)
{
    const struct app_side *other = &app->side[dir_other(dir)];

    if (other->len)
        app_alone_weigh(app, dir_other(dir), (struct slice){other->buffer, other->len});
    app_alone_weigh(app, dir, head);
}

void app_alone_found(struct app *app, enum dir dir, struct slice head)
{
    check_first(app, dir);
    weigh_both(app, dir, head);
}

void app_alone_failed(struct app *app, enum dir dir, struct slice head)
{
    if (app->as_suricata)
        weigh_both(app, dir, head);
    else if (app->flow->bytes[dir] > SKIPPED_BYTES)
        app_flow_event(app, APP_EVENT_SKIPPED);
}

void app_alone_off(struct app *app, const struct chunk *chunk)
{
    struct app_first *own = &app->first_bytes[chunk->dir],
                     *other = &app->first_bytes[dir_other(chunk->dir)];

    if (!app->as_suricata || known_there(app) || (own->says && other->says))
        return;
    app_alone_weigh(app, chunk->dir, chunk->data);
    if (own->says == FIRST_SILENT && !other->says &&
        chunk->offset + chunk->data.len > SKIPPED_BYTES) {
        app_flow_event(app, APP_EVENT_SKIPPED);
        other->says = FIRST_SILENT;
    }
}

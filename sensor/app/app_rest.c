/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parsing of a flow that is silent, put away: the engine's record and the protocol's state, written
 * without their zeros. Units that are incomplete and open transactions stay where they are.
 */
#include "common/check.h"
#include "sensor/app/app_flow.h"

enum { STATE_MOST = 4096 }; /* a larger state stays where it is */

static struct app *app_of(const struct flow *flow)
{
    return flow->ext[FLOW_EXT_APP];
}

bool app_rest_due(const struct flow *flow)
{
    const struct app *app = app_of(flow);

    return app && app->dirty;
}

static bool packs_state(const struct app *app)
{
    return app->state && app->proto->state_size <= STATE_MOST;
}

static void release_empty(struct app *app)
{
    for (uint32_t dir = 0; dir < 2; dir++) {
        struct app_side *side = &app->side[dir];
        if (side->len)
            continue;
        pool_put(&app->engine->pool, side->buffer, side->room);
        side->buffer = NULL;
        side->room = 0;
    }
}

void app_rest(struct app_engine *engine, struct flow *flow, struct sparse_out *out)
{
    struct app *app = app_of(flow);

    *out->at++ = app != NULL;
    if (!app)
        return;
    release_empty(app);
    sparse_put(out, app, sizeof(*app));
    if (packs_state(app)) {
        sparse_put(out, app->state, app->proto->state_size);
        pool_put(&engine->pool, app->state, app->state_room);
    }
    pool_put(&engine->pool, app, app->room);
    flow->ext[FLOW_EXT_APP] = NULL;
}

/* There is no memory for it any more: what it still holds goes. */
static void lose(struct app *app)
{
    struct app_engine *engine = app->engine;

    engine->count[APP_MEMORY]++;
    engine->count[APP_FULL]++;
    (void)app_tx_sweep(app, true, 3);
    if (app->state && app->proto->state_fini)
        app->proto->state_fini(app->state);
    for (uint32_t dir = 0; dir < 2; dir++)
        pool_put(&engine->pool, app->side[dir].buffer, app->side[dir].room);
    app_tx_free_state(app);
    app_expect_free(engine, app->expected);
}

static const uint8_t *wake_state(struct app *app, const uint8_t *from, bool *fits)
{
    struct app_engine *engine = app->engine;
    size_t size = app->proto->state_size;

    app->state = pool_get(&engine->pool, size, &app->state_room);
    *fits = app->state != NULL;
    if (!*fits) /* only to be taken down */
        app->state = arena_alloc(&engine->scratch, size);
    return sparse_take(from, app->state, size);
}

const uint8_t *app_rest_wake(struct app_engine *engine, struct flow *flow, const uint8_t *from)
{
    struct app was, *app;
    bool fits = true;
    size_t room;

    if (!*from++)
        return from;
    from = sparse_take(from, &was, sizeof(was));
    if (packs_state(&was))
        from = wake_state(&was, from, &fits);
    app = fits ? pool_get(&engine->pool, sizeof(*app), &room) : NULL;
    for (struct tx *tx = was.first; tx; tx = tx->next)
        app_flow_box(tx)->app = app ? app : &was;
    if (!app) {
        lose(&was);
        if (fits)
            pool_put(&engine->pool, was.state, was.state_room);
        return from;
    }
    *app = was;
    app->room = room;
    flow->ext[FLOW_EXT_APP] = app;
    return from;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flows that others announce: an FTP control channel says where the next data channel will be. Both
 * hosts are the same, so both flows belong to one worker. An announcement is kept for HOLD_NS of
 * packet time, APP_EXPECT_MAX of them between two hosts, in the memory of the flows (app.memory).
 */
#include "common/hash.h"
#include "sensor/app/app_flow.h"

static const uint64_t HOLD_NS = UINT64_C(60) * 1000000000;

static bool same_hosts(const struct app_expectation *e, const struct flow *f)
{
    return (addr_eq(&e->a, &f->client) && addr_eq(&e->b, &f->server)) ||
           (addr_eq(&e->a, &f->server) && addr_eq(&e->b, &f->client));
}

static struct app_expectation **bucket_of(struct app_engine *engine, const struct flow *f)
{
    uint64_t h = hash_bytes((struct slice){f->client.b, sizeof f->client.b}, 0) ^
                 hash_bytes((struct slice){f->server.b, sizeof f->server.b}, 0);
    return &engine->expect[h % APP_EXPECT_BUCKETS];
}

void app_expect_free(struct app_engine *engine, struct app_expectation *e)
{
    if (e)
        pool_put(&engine->pool, e, e->room);
}

void app_expect_free_all(struct app_engine *engine)
{
    for (uint32_t i = 0; i < APP_EXPECT_BUCKETS; i++) {
        for (struct app_expectation *e = engine->expect[i], *next; e; e = next) {
            next = e->next;
            app_expect_free(engine, e);
        }
        engine->expect[i] = NULL;
    }
    engine->n_expect = 0;
}

static struct app_expectation *unlink_at(struct app_engine *engine, struct app_expectation **link)
{
    struct app_expectation *e = *link;
    *link = e->next;
    e->next = NULL;
    engine->n_expect--;
    return e;
}

/* Forgets what has waited too long, and of these two hosts what exceeds their share. */
static void sweep(struct app *app, struct app_expectation **bucket)
{
    struct app_expectation **link = bucket;
    uint32_t n = 0;

    while (*link) {
        n += same_hosts(*link, app->flow);
        if ((*link)->until_ns < app->ts_ns || (n >= APP_EXPECT_MAX && same_hosts(*link, app->flow)))
            app_expect_free(app->engine, unlink_at(app->engine, link));
        else
            link = &(*link)->next;
    }
}

void app_expect(struct app *app, uint16_t port, const char *proto_name, struct slice says)
{
    struct app_engine *engine = app->engine;
    struct app_expectation **bucket = bucket_of(engine, app->flow);
    const struct proto_def *proto = NULL;
    size_t room;

    for (uint32_t i = 0; i < engine->n_rows; i++)
        if (strcmp(proto_rows[i]->name, proto_name) == 0)
            proto = proto_rows[i];
    sweep(app, bucket);
    says = slice_head(says, APP_EXPECT_BYTES);
    struct app_expectation *e = pool_get(&engine->pool, sizeof *e + says.len, &room);
    if (!e || !proto) {
        engine->count[APP_MEMORY]++;
        return;
    }
    *e = (struct app_expectation){
        .next = *bucket,
        .a = app->flow->client,
        .b = app->flow->server,
        .port = port,
        .proto = proto,
        .parent = app->flow->id,
        .until_ns = app->ts_ns + HOLD_NS,
        .room = room,
    };
    uint8_t *bytes = (uint8_t *)(e + 1);
    if (says.len)
        memcpy(bytes, says.at, says.len);
    e->says = (struct slice){bytes, says.len};
    *bucket = e;
    engine->n_expect++;
}

struct app_expectation *app_expect_take(struct app *app)
{
    struct app_engine *engine = app->engine;
    const struct flow *f = app->flow;

    if (!engine->n_expect || f->proto != IPPROTO_TCP4)
        return NULL;
    for (struct app_expectation **link = bucket_of(engine, f); *link; link = &(*link)->next) {
        const struct app_expectation *e = *link;
        if ((e->port == f->server_port || e->port == f->client_port) && same_hosts(e, f) &&
            e->until_ns >= app->ts_ns)
            return unlink_at(engine, link);
    }
    return NULL;
}

struct slice app_expected(const struct app *app)
{
    return app->expected ? app->expected->says : SLICE_NONE;
}

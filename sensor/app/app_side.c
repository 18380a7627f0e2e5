/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes of a direction that wait: an incomplete unit, or what no row knows while the other
 * direction may still tell what it is.
 */
#include "sensor/app/app_flow.h"

#include <string.h>

void app_side_release(struct app *app, enum dir dir)
{
    struct app_side *side = &app->side[dir];
    pool_put(&app->engine->pool, side->buffer, side->room);
    side->buffer = NULL;
    side->room = 0;
    side->len = side->wanted = 0;
}

bool app_side_append(struct app *app, enum dir dir, struct slice in)
{
    struct app_side *side = &app->side[dir];
    size_t need = (size_t)side->len + in.len;

    if (need > side->room) {
        size_t room, ask = side->wanted > need ? side->wanted : need;
        uint8_t *buffer = pool_get(&app->engine->pool, ask, &room);
        if (!buffer) {
            app->engine->count[APP_MEMORY]++;
            return false;
        }
        if (side->len)
            memcpy(buffer, side->buffer, side->len);
        pool_put(&app->engine->pool, side->buffer, side->room);
        side->buffer = buffer;
        side->room = room;
    }
    if (in.len)
        memcpy(side->buffer + side->len, in.at, in.len);
    side->len = (uint32_t)need;
    return true;
}

bool app_side_keep(struct app *app, enum dir dir, struct slice rest)
{
    struct app_side *side = &app->side[dir];
    uintptr_t at = (uintptr_t)rest.at, from = (uintptr_t)side->buffer;

    if (side->buffer && at >= from && at < from + side->room) {
        memmove(side->buffer, rest.at, rest.len);
        side->len = rest.len;
        return app_side_append(app, dir, SLICE_NONE);
    }
    side->len = 0;
    return app_side_append(app, dir, rest);
}

void app_side_strange(struct app *app, enum dir dir, struct slice bytes)
{
    struct app_side *side = &app->side[dir];

    if (app->unclear)
        side->len = 0;
    if (app->unclear || app->deaf >> dir & 1)
        return;
    if (side->len + bytes.len <= APP_STRANGE_MAX && app_side_append(app, dir, bytes))
        return;
    app->deaf |= (uint8_t)(1u << dir);
    app_side_release(app, dir);
}

void app_side_judge(struct app *app, enum dir dir)
{
    const struct app_side *side = &app->side[dir];
    struct slice head = {side->buffer, side->len};

    if (side->len && !app->unclear && app->proto->probe && app->proto->probe(head, dir) == PROBE_NO)
        app->strange |= (uint8_t)(1u << dir);
}

void app_side_found(struct app *app, enum dir other)
{
    if (!(app->strange >> other & 1) || app->proto->lines || app->unclear)
        return;
    app->deaf |= (uint8_t)(1u << other);
    app_side_release(app, other);
}

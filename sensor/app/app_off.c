/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protocols that the configuration switches off: wholly, over one transport, or after their name.
 */
#include "sensor/app/app_flow.h"

#include <string.h>

/* The rows of this name, a bit each. */
static uint64_t rows_named(const struct app_engine *engine, struct slice name)
{
    uint64_t rows = 0;

    for (uint32_t i = 0; i < engine->n_rows; i++) {
        if (slice_eq(name, slice_of_str(proto_rows[i]->name)))
            rows |= UINT64_C(1) << i;
    }
    return rows;
}

void app_off_read(struct app_engine *engine, const struct conf *conf)
{
    const char *item;

    for (uint32_t k = 0; (item = conf_item(conf, "app.off", k)); k++) {
        const char *slash = strchr(item, '/');
        struct slice name = slice_of_str(item);
        uint64_t rows =
            rows_named(engine, slash ? slice_head(name, (uint32_t)(slash - item)) : name);
        if (!slash || strcmp(slash, "/tcp") == 0)
            engine->off[L4_TCP] |= rows;
        if (!slash || strcmp(slash, "/udp") == 0)
            engine->off[L4_UDP] |= rows;
    }
    for (uint32_t k = 0; (item = conf_item(conf, "app.name-only", k)); k++)
        engine->named |= rows_named(engine, slice_of_str(item));
}

bool app_off_named(const struct app *app)
{
    uint64_t rows = app->engine->named;
    int row = rows ? proto_row(app->proto) : -1;

    return row >= 0 && rows >> row & 1;
}

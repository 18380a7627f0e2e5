/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All counters of the sensor, nested by the dots of their names.
 */
#include "common/jsonw.h"
#include "sensor/event/event.h"

static void stats_write(struct jsonw *w, const struct event_ctx *ctx)
{
    jsonw_obj_open(w, "stats");
    jsonw_u64(w, "uptime", ctx->uptime_s);
    if (ctx->stats)
        stats_json(ctx->stats, w);
    jsonw_members(w, ctx->detail_json);
    jsonw_obj_close(w);
}

const struct event_def ev_stats = {
    .name = "stats",
    .doc = "Counters of the sensor",
    .ends = EVENT_ENDS_NONE,
    .schema = "stats.uptime|integer|Seconds since the start of the run, in packet time\n"
              "stats.<name>|integer|Counters (see the counters table), nested by their dots\n"
              "stats.dearest|list|Rules with the most steps: checks, matches, limits\n"
              "stats.ledger|list|Losses: stage, name, lost, unit, cause and remedy (en, vi)\n",
    .write = stats_write,
};

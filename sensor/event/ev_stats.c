/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All counters of the sensor, nested by the dots of their names: of the whole, of each thread, and
 * what was added since the last event, as asked for.
 */
#include "common/jsonw.h"
#include "sensor/event/event.h"

#include <stdio.h>

/* Counters that Suricata calls otherwise. */
static const struct counter names_there[] = {
    {"flow.tcp_reuse", "flow.end.tcp_reuse"},
    {"tcp.midstream_pickups", "flow.midstream"},
    {"detect.alert_queue_overflow", "detect.hits_cut"},
    COUNTER_END,
};

static void write_counters(struct jsonw *w, const struct event_ctx *ctx, const struct stats *now,
                           const struct stats *before, const struct stats_more *more)
{
    struct stats both = {0}, were = {0};

    if (!ctx->options->as_suricata) {
        stats_json_more(now, before, more, w);
        return;
    }
    stats_sum(&both, now);
    if (before)
        stats_sum(&were, before);
    uint64_t *named = stats_add(&both, names_there), *was = stats_add(&were, names_there);
    for (uint32_t i = 0; names_there[i].name; i++) {
        named[i] = stats_value(now, names_there[i].doc);
        was[i] = before ? stats_value(before, names_there[i].doc) : 0;
    }
    stats_json_more(&both, before ? &were : NULL, more, w);
    stats_fini(&both);
    stats_fini(&were);
}

/* "threads":{"W#01":{...}}: the first reads the input, the last is all that is done in its order.
 */
static void write_threads(struct jsonw *w, const struct event_ctx *ctx)
{
    const struct stats_event *s = ctx->stats;
    char name[16];

    jsonw_obj_open(w, "threads");
    for (uint32_t i = 0; i < s->threads; i++) {
        if (i == 0 || i + 1 == s->threads)
            snprintf(name, sizeof(name), "%s", i ? "Global" : "RX#01");
        else
            snprintf(name, sizeof(name), "W#%02u", i);
        jsonw_obj_open(w, name);
        write_counters(w, ctx, &s->thread[i], NULL, NULL);
        jsonw_obj_close(w);
    }
    jsonw_obj_close(w);
}

static void stats_write(struct jsonw *w, const struct event_ctx *ctx)
{
    const struct stats_event *s = ctx->stats;

    jsonw_obj_open(w, "stats");
    jsonw_u64(w, "uptime", ctx->uptime_s);
    if (s && s->now && ctx->options->stats_totals)
        write_counters(w, ctx, s->now, ctx->options->stats_deltas ? s->before : NULL,
                       &(struct stats_more){"detect.engines", s->engines});
    if (s && ctx->options->stats_threads)
        write_threads(w, ctx);
    jsonw_members(w, ctx->detail_json);
    jsonw_obj_close(w);
}

const struct event_def ev_stats = {
    .name = "stats",
    .doc = "Counters of the sensor",
    .ends = EVENT_ENDS_NONE,
    .schema = "stats.uptime|integer|Seconds since the start of the run, in packet time\n"
              "stats.<name>|integer|Counters (see the counters table), nested by their dots\n"
              "stats.<name>_delta|integer|What was added since the last (event.stats.deltas)\n"
              "stats.detect.engines|list|Rules in force: id, rules_loaded, rules_failed\n"
              "stats.threads|object|The same of each thread by its name (event.stats.threads)\n"
              "stats.dearest|list|Rules with the most steps: checks, matches, limits\n"
              "stats.ledger|list|Losses: stage, name, lost, unit, cause and remedy (en, vi)\n",
    .write = stats_write,
};

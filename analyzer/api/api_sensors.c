/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sensors: what came from them, what is missing, how they are. Also the analyzer's own health.
 */
#include "analyzer/api/act.h"
#include "analyzer/api/shape.h"
#include "analyzer/store/db_sensors.h"
#include "common/clock.h"

enum { SENSOR_SILENT_S = 120 };

static void write_stats(struct call *call, const char *text)
{
    struct json *tree = NULL;

    if (json_parse(slice_of_str(text), &tree, NULL) != ERR_OK)
        return;
    const struct json *stats = json_get(tree, "stats");
    const struct json *packets = json_path(stats, "decoder.pkts");
    const struct json *lost = json_path(stats, "capture.kernel_drops");
    if (packets)
        jsonw_i64(&call->out, "packets", json_i64(packets, 0));
    if (lost)
        jsonw_i64(&call->out, "lost", json_i64(lost, 0));
    if (stats) {
        struct strbuf all;
        strbuf_init(&all, 256 * 1024);
        json_write(stats, &all);
        if (!all.full)
            jsonw_raw(&call->out, "stats", strbuf_view(&all));
        strbuf_fini(&all);
    }
    json_free(&tree);
}

static void write_sensor(struct call *call, const struct sensor_row *s)
{
    struct jsonw *w = &call->out;
    bool quiet = call->now_ns > s->seen_ns + SENSOR_SILENT_S * CLOCK_S;

    jsonw_obj_open(w, NULL);
    jsonw_str(w, "name", s->sensor);
    jsonw_str(w, "site", s->site);
    jsonw_str(w, "source", s->source);
    jsonw_str(w, "state", !s->online ? "offline" : (quiet ? "silent" : "online"));
    jsonw_rfc3339(w, "last_seen", s->seen_ns);
    jsonw_i64(w, "received", s->ledger.received);
    jsonw_i64(w, "events", s->ledger.events);
    jsonw_i64(w, "duplicate", s->ledger.duplicate);
    jsonw_i64(w, "missing", s->missing);
    jsonw_i64(w, "resent", s->ledger.resent);
    jsonw_i64(w, "given_up", s->ledger.given_up);
    jsonw_i64(w, "shed", s->ledger.shed);
    jsonw_num(w, "skew_ms", (double)s->ledger.skew_ns / 1e6);
    write_stats(call, s->stats_json);
    jsonw_obj_close(w);
}

static void list(struct call *call)
{
    struct sensor_row *rows = NULL;
    uint32_t n = 0;
    enum err err = db_sensors_list(call->store, call->arena, &rows, &n);

    if (!shape_list_open(call, err))
        return;
    for (uint32_t i = 0; i < n; i++) {
        if (act_in_scope(call, rows[i].site))
            write_sensor(call, &rows[i]);
    }
    jsonw_arr_close(&call->out);
    jsonw_obj_close(&call->out);
}

static void health(struct call *call)
{
    struct strbuf text;

    strbuf_init(&text, 256 * 1024);
    call->services->health(call->services->run, &text);
    jsonw_raw(&call->out, NULL, strbuf_view(&text));
    strbuf_fini(&text);
}

static void alive(struct call *call)
{
    jsonw_obj_open(&call->out, NULL);
    jsonw_bool(&call->out, "alive", true);
    jsonw_obj_close(&call->out);
}

static const struct api_route routes[] = {
    {"GET", "/api/sensors", PERM_READ, list, "Sensors with their ledgers.", ""},
    {"GET", "/api/health", PERM_READ, health,
     "The analyzer's own state: queue, counters, store, sources.", ""},
    {"GET", "/api/alive", PERM_OPEN, alive,
     "Answers while the server runs; for watchdogs and scripts.", ""},
    {.method = NULL},
};

const struct api_group api_sensors = {
    .name = "sensors", .doc = "Sensors and health", .routes = routes};

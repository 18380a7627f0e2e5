/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/settings.h"
#include "common/sandbox.h"
#include "sensor/decode/decode.h"
#include "sensor/decode/dedup.h"
#include "sensor/decode/defrag.h"
#include "sensor/event/event.h"
#include "sensor/flow/flow_count.h"
#include "sensor/flow/flow_table.h"
#include "sensor/output/output.h"
#include "sensor/run/front.h"
#include "sensor/run/ifaces.h"
#include "sensor/run/reload.h"
#include "sensor/run/round.h"
#include "sensor/run/shunt.h"
#include "sensor/run/tail.h"

#include <stdio.h>

enum { TRACKER_BYTES = 77824 }; /* of a packet whose fragments are collected, when it is large */

const struct option settings_options[] = {
    {"sensor.name", CONF_TEXT, "sensor", "Name of this sensor in every event"},
    {"sensor.site", CONF_TEXT, "site", "Name of the site it stands at"},
    {"memory", CONF_SIZE, "900M", "Memory the tables are carved from"},
    {"memory.ready", CONF_SIZE, "96M",
     "Taken from the system at the start, so that traffic does not wait for it; at most an eighth "
     "of memory; 0 = as it is used"},
    {"workers", CONF_INT, "1", "Threads that own flows"},
    {"default-log-dir", CONF_TEXT, ".", "Directory of eve.json and the state of a run"},
    {"default-rule-path", CONF_TEXT, "", "Directory that relative names of rule-files start from"},
    {"control.socket", CONF_TEXT, "control.sock",
     "Unix socket that answers tramgac-sensor ctl, live or resident; relative to the directory of "
     "the run; empty = none"},
    {"metrics.listen", CONF_TEXT, "127.0.0.1:9640",
     "Address and port that serve /metrics to Prometheus, live or resident; empty = none"},
    {"rule-files", CONF_LIST, "", "Files and directories of rules"},
    OPTION_END,
};

static const struct option *const option_tables[] = {
    sandbox_options, settings_options,   front_options,  ifaces_options,  decode_options,
    dedup_options,   flow_table_options, shunt_options,  stream_options,  app_options,
    breadth_options, files_options,      device_options, ruleset_options, reload_options,
    tail_options,    event_options_rows, choice_options,
};

static const struct counter *const counter_tables[] = {
    front_counters,   ifaces_counters,   decode_counters, decode_note_counters, dedup_counters,
    defrag_counters,  app_stat_counters, flow_count_rows, stream_counters,      app_counters,
    breadth_counters, files_counters,    device_counters, detect_counters,      tail_counters,
};

struct conf *settings_new(void)
{
    struct conf *conf = conf_new();

    if (!conf)
        return NULL;
    for (uint32_t i = 0; i < sizeof(option_tables) / sizeof(option_tables[0]); i++)
        conf_add(conf, option_tables[i]);
    for (uint32_t i = 0; proto_rows[i]; i++) {
        if (proto_rows[i]->options)
            conf_add(conf, proto_rows[i]->options);
    }
    for (uint32_t i = 0; cap_rows[i]; i++) {
        if (cap_rows[i]->options)
            conf_add(conf, cap_rows[i]->options);
    }
    for (uint32_t i = 0; out_rows[i]; i++) {
        if (out_rows[i]->options)
            conf_add(conf, out_rows[i]->options);
    }
    return conf;
}

void settings_counters(const struct counter *tables[SETTINGS_TABLES_MAX])
{
    uint32_t n = 0;

    for (; n < sizeof(counter_tables) / sizeof(counter_tables[0]); n++)
        tables[n] = counter_tables[n];
    for (uint32_t i = 0; dec_rows[i] && n < SETTINGS_TABLES_MAX - 1; i++) {
        if (dec_rows[i]->counters)
            tables[n++] = dec_rows[i]->counters;
    }
    for (uint32_t i = 0; out_rows[i] && n < SETTINGS_TABLES_MAX - 1; i++) {
        if (out_rows[i]->counters)
            tables[n++] = out_rows[i]->counters;
    }
    tables[n] = NULL;
}

/* Sets `key` to a derived number of bytes where the operator left it at 0. */
static void derive(struct conf *conf, const char *key, uint64_t bytes, struct strbuf *report)
{
    char text[96];

    if (conf_size(conf, key) != 0)
        return;
    snprintf(text, sizeof(text), "%s=%llu", key, (unsigned long long)bytes);
    conf_set(conf, text, report);
}

/* Lowers what each worker may take of `key` to its part of `bytes`. */
static void at_most(struct conf *conf, const char *key, uint64_t bytes, uint32_t workers,
                    struct strbuf *report)
{
    char text[96];

    if (conf_size(conf, key) <= bytes / workers)
        return;
    snprintf(text, sizeof(text), "%s=%llu", key, (unsigned long long)(bytes / workers));
    conf_set(conf, text, report);
}

enum err settings_derive(struct conf *conf, struct settings_shares *shares, struct strbuf *report)
{
    static const struct {
        const char *key;
        uint32_t twentieths;
    } parts[] = {
        {"app.memory", 3}, {"app.ndpi_memory", 1}, {"detect.memory", 1}, {"files.memory", 2}};
    int64_t workers = conf_int(conf, "workers");

    shares->memory_bytes = conf_size(conf, "memory");
    if (workers < 1 || workers > WORKERS_MAX) {
        strbuf_fmt(report, "workers: %lld is not between 1 and %d\n", (long long)workers,
                   WORKERS_MAX);
        return ERR_INPUT;
    }
    if (shares->memory_bytes < UINT64_C(64) << 20) {
        strbuf_str(report, "memory: less than 64M is not enough\n");
        return ERR_INPUT;
    }
    shares->workers = (uint32_t)workers;
    derive(conf, "flow.memcap", shares->memory_bytes / 5, report);
    derive(conf, "stream.memcap", shares->memory_bytes / 10, report);
    at_most(conf, "flow.memcap", shares->memory_bytes / 2, 1, report);
    at_most(conf, "stream.memcap", shares->memory_bytes / 4, 1, report);
    for (uint32_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        at_most(conf, parts[i].key, shares->memory_bytes / 20 * parts[i].twentieths,
                shares->workers, report);
    if (conf_int(conf, "defrag.trackers") > (int64_t)(shares->memory_bytes / 20 / TRACKER_BYTES)) {
        char text[64];
        snprintf(text, sizeof(text), "defrag.trackers=%llu",
                 (unsigned long long)(shares->memory_bytes / 20 / TRACKER_BYTES));
        conf_set(conf, text, report);
    }
    shares->flow_bytes = conf_size(conf, "flow.memcap");
    return ERR_OK;
}

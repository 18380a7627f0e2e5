/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alerts as short lines of text, fast.log, for the tools that read Suricata's file of this name:
 *
 *   05/28/2026-10:00:01.000123  [**] [1:9000001:2] Text [**] [Classification: Class]
 *   [Priority: 1] {TCP} 192.0.2.1:1025 -> 192.0.2.9:80          (all on one line)
 *
 * For ICMP type and code stand where the ports do. Text comes from rules; the rest is numbers.
 */
#include "common/json.h"
#include "sensor/output/lines.h"
#include "sensor/output/output.h"

#include <stdlib.h>

static const struct option fast_options[] = {
    {"output.fast.enabled", CONF_BOOL, "false", "Write alerts as short lines of text as well"},
    {"output.fast.name", CONF_TEXT, "fast.log",
     "Name of that file, relative to the directory of the run; - is standard output"},
    OPTION_END,
};

static const struct counter fast_counters[] = {
    [LINES_ADDED] = {"output.fast.alerts", "Alerts for the file of short lines"},
    [LINES_BYTES] = {"output.fast.bytes", "Bytes written to it"},
    [LINES_LOST] = {"output.fast.lost", "Alerts that could not be written to it"},
    [LINES_ERRORS] = {"output.fast.errors", "Failed writes to it"},
    COUNTER_END,
};

enum { LINE_MAX_BYTES = 64 << 10 };

struct output {
    struct lines lines;
    struct strbuf event, line;
};

static bool fast_wanted(const struct conf *conf)
{
    return conf_bool(conf, "output.fast.enabled");
}

static enum err fast_open(const struct conf *conf, const char *dir, bool replay,
                          struct stats *stats, struct output **output, struct strbuf *report)
{
    struct output *o = calloc(1, sizeof(*o));

    *output = o;
    if (!o)
        return ERR_NOMEM;
    strbuf_init(&o->event, LINE_MAX_BYTES << 4);
    strbuf_init(&o->line, LINE_MAX_BYTES);
    enum err err = lines_init(&o->lines, dir, conf_text(conf, "output.fast.name"), replay,
                              stats_add(stats, fast_counters), report);
    if (err) {
        strbuf_fini(&o->event);
        strbuf_fini(&o->line);
        free(o);
        *output = NULL;
    }
    return err;
}

/* "2026-05-28T10:00:01.000123+0000" as "05/28/2026-10:00:01.000123" */
static void put_time(struct strbuf *line, const char *t)
{
    enum { DAY = 10, WHOLE = 26 };

    if (strlen(t) >= WHOLE && t[4] == '-' && t[7] == '-')
        strbuf_fmt(line, "%.2s/%.2s/%.4s-%.*s", t + 5, t + 8, t, WHOLE - DAY - 1, t + DAY + 1);
    else
        strbuf_str(line, t);
}

static void put_end(struct strbuf *line, const struct json *event, const char *ip, const char *port,
                    const char *of_icmp)
{
    const struct json *number = json_get(event, port);

    if (!number)
        number = json_get(event, of_icmp);
    strbuf_fmt(line, "%s:%lld", json_str(json_get(event, ip), ""), (long long)json_i64(number, 0));
}

static void put_alert(struct strbuf *line, const struct json *event, const struct json *alert)
{
    put_time(line, json_str(json_get(event, "timestamp"), ""));
    strbuf_fmt(line, "  [**] [%lld:%lld:%lld] %s [**] [Classification: %s] [Priority: %lld] {%s} ",
               (long long)json_i64(json_get(alert, "gid"), 1),
               (long long)json_i64(json_get(alert, "signature_id"), 0),
               (long long)json_i64(json_get(alert, "rev"), 0),
               json_str(json_get(alert, "signature"), ""),
               json_str(json_get(alert, "category"), ""),
               (long long)json_i64(json_get(alert, "severity"), 3),
               json_str(json_get(event, "proto"), "PKT"));
    put_end(line, event, "src_ip", "src_port", "icmp_type");
    strbuf_str(line, " -> ");
    put_end(line, event, "dest_ip", "dest_port", "icmp_code");
}

static void fast_write(struct output *o, const struct output_line *line)
{
    struct json *event = NULL;

    if (line->cls != CLASS_ALERT)
        return;
    strbuf_clear(&o->event);
    strbuf_slice(&o->event, line->text);
    strbuf_slice(&o->event, line->more);
    if (json_parse(strbuf_view(&o->event), &event, NULL))
        return;
    const struct json *alert = json_get(event, "alert");
    if (alert) {
        strbuf_clear(&o->line);
        put_alert(&o->line, event, alert);
        lines_add(&o->lines, strbuf_view(&o->line), (struct slice){0});
    }
    json_free(&event);
}

static void fast_tick(struct output *o, uint64_t now_ns)
{
    lines_tick(&o->lines, now_ns);
}

static void fast_reopen(struct output *o)
{
    lines_reopen(&o->lines);
}

static void fast_close(struct output **output, uint64_t wait_ns)
{
    struct output *o = *output;

    (void)wait_ns;
    if (!o)
        return;
    lines_fini(&o->lines);
    strbuf_fini(&o->event);
    strbuf_fini(&o->line);
    free(o);
    *output = NULL;
}

const struct output_def out_fast = {
    .name = "fast",
    .doc = "Alerts as short lines of text, as Suricata's fast.log",
    .options = fast_options,
    .counters = fast_counters,
    .wanted = fast_wanted,
    .open = fast_open,
    .write = fast_write,
    .tick = fast_tick,
    .reopen = fast_reopen,
    .close = fast_close,
};

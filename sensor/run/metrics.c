/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/metrics.h"
#include "common/clock.h"
#include "sensor/run/dear.h"
#include "sensor/run/ledger.h"

#include <stdio.h>

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s);
    size_t m = strlen(end);

    return n >= m && strcmp(s + n - m, end) == 0;
}

/* What goes up and down again. */
static bool is_gauge(const char *name)
{
    return ends_with(name, ".waiting") || ends_with(name, ".spool_bytes");
}

static void write_name(struct strbuf *out, const char *name)
{
    strbuf_str(out, "tramgac_");
    for (const char *c = name; *c; c++)
        strbuf_char(out, *c == '.' || *c == '-' ? '_' : *c);
}

static void write_counter(const char *sensor, const struct counter *row, uint64_t value,
                          struct strbuf *out)
{
    strbuf_str(out, "# HELP ");
    write_name(out, row->name);
    strbuf_fmt(out, " %s\n# TYPE ", row->doc);
    write_name(out, row->name);
    strbuf_fmt(out, " %s\n", is_gauge(row->name) ? "gauge" : "counter");
    write_name(out, row->name);
    strbuf_fmt(out, "{sensor=\"%s\"} %llu\n", sensor, (unsigned long long)value);
}

static bool before(const struct stats *s, uint32_t table, const char *name)
{
    for (uint32_t t = 0; t < table; t++) {
        for (uint32_t i = 0; s->tables[t][i].name; i++) {
            if (strcmp(s->tables[t][i].name, name) == 0)
                return true;
        }
    }
    return false;
}

void metrics_write(const char *sensor, const struct stats *s, struct strbuf *out)
{
    for (uint32_t t = 0; t < s->n; t++) {
        for (uint32_t i = 0; s->tables[t][i].name; i++) {
            const struct counter *row = &s->tables[t][i];
            if (!before(s, t, row->name)) /* two modules may share one: it is said once */
                write_counter(sensor, row, stats_value(s, row->name), out);
        }
    }
    strbuf_str(out, "# HELP tramgac_lost_total What was lost on the way, by stage and cause\n"
                    "# TYPE tramgac_lost_total counter\n");
    for (const struct ledger_row *row = ledger_rows; row->stage; row++)
        strbuf_fmt(
            out, "tramgac_lost_total{sensor=\"%s\",stage=\"%s\",cause=\"%s\",unit=\"%s\"} %llu\n",
            sensor, row->stage, row->name, row->unit, (unsigned long long)ledger_lost(row, s));
}

static void answer(struct board *board, const char *question, struct strbuf *reply)
{
    struct strbuf page;
    struct stats stats;
    struct dear dear;

    if (strncmp(question, "GET /metrics ", 13) != 0) {
        strbuf_str(reply,
                   "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
    }
    strbuf_init(&page, DOOR_REPLY_MAX / 2);
    board_stats(board, &stats);
    metrics_write(board_sensor(board), &stats, &page);
    board_dear(board, &dear);
    dear_metrics(&dear, board_sensor(board), &page);
    strbuf_fmt(&page,
               "# TYPE tramgac_uptime_seconds gauge\ntramgac_uptime_seconds{sensor=\"%s\"} "
               "%llu\n",
               board_sensor(board),
               (unsigned long long)((clock_mono_ns() - board_start_ns(board)) / CLOCK_S));
    strbuf_fmt(reply,
               "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"
               "Content-Length: %zu\r\nConnection: close\r\n\r\n",
               page.len);
    strbuf_slice(reply, strbuf_view(&page));
    strbuf_fini(&page);
    stats_fini(&stats);
}

bool metrics_line(void *board, struct door_client *client, struct slice line, struct strbuf *reply)
{
    enum { HEADERS_MAX = 100 };

    if (client->n++ == 0) {
        snprintf(client->text, sizeof(client->text), "%.*s", (int)line.len, (const char *)line.at);
        return true;
    }
    if (line.len && client->n < HEADERS_MAX)
        return true;
    answer(board, client->text, reply);
    return false;
}

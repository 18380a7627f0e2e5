/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/store/db_sensors.h"
#include "analyzer/store/sql.h"

#include <stdlib.h>

#define LEDGER_COLUMNS                                                                             \
    "sensor,site,epoch,upto,beyond,highest,received,events,duplicate,resent,given_up,shed,bad,"    \
    "skew,first,last,event_ts"

enum err db_sensors_ledger_put(struct store *store, const struct ledger_row *row)
{
    struct sql *q = sql_start(
        store, "INSERT INTO ledger (" LEDGER_COLUMNS ") VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,"
               "$11,$12,$13,$14,$15,$16,$17) ON CONFLICT (sensor,epoch) DO UPDATE SET "
               "site=excluded.site,upto=excluded.upto,beyond=excluded.beyond,"
               "highest=excluded.highest,received=excluded.received,events=excluded.events,"
               "duplicate=excluded.duplicate,resent=excluded.resent,given_up=excluded.given_up,"
               "shed=excluded.shed,bad=excluded.bad,skew=excluded.skew,last=excluded.last,"
               "event_ts=excluded.event_ts");
    sql_str(q, row->sensor);
    sql_str(q, row->site);
    sql_int(q, (int64_t)row->epoch);
    sql_int(q, (int64_t)row->upto);
    sql_str(q, row->beyond);
    sql_int(q, (int64_t)row->highest);
    sql_int(q, row->received);
    sql_int(q, row->events);
    sql_int(q, row->duplicate);
    sql_int(q, row->resent);
    sql_int(q, row->given_up);
    sql_int(q, row->shed);
    sql_int(q, row->bad);
    sql_int(q, row->skew_ns);
    sql_time(q, row->first_ns);
    sql_time(q, row->last_ns);
    sql_time(q, row->event_ns);
    return sql_post(q);
}

static void read_ledger(struct sql *q, uint32_t at, struct arena *arena, struct ledger_row *row)
{
    row->sensor = sql_col_str(q, at, arena);
    row->site = sql_col_str(q, at + 1, arena);
    row->epoch = (uint64_t)sql_col_int(q, at + 2);
    row->upto = (uint64_t)sql_col_int(q, at + 3);
    row->beyond = sql_col_str(q, at + 4, arena);
    row->highest = (uint64_t)sql_col_int(q, at + 5);
    row->received = sql_col_int(q, at + 6);
    row->events = sql_col_int(q, at + 7);
    row->duplicate = sql_col_int(q, at + 8);
    row->resent = sql_col_int(q, at + 9);
    row->given_up = sql_col_int(q, at + 10);
    row->shed = sql_col_int(q, at + 11);
    row->bad = sql_col_int(q, at + 12);
    row->skew_ns = sql_col_int(q, at + 13);
    row->first_ns = sql_col_time(q, at + 14);
    row->last_ns = sql_col_time(q, at + 15);
    row->event_ns = sql_col_time(q, at + 16);
}

enum err db_sensors_ledger_get(struct store *store, const char *sensor, uint64_t epoch,
                               struct arena *arena, struct ledger_row *row)
{
    struct sql *q =
        sql_start(store, "SELECT " LEDGER_COLUMNS " FROM ledger WHERE sensor=$1 AND epoch=$2");
    sql_str(q, sensor);
    sql_int(q, (int64_t)epoch);
    bool found = sql_row(q);
    if (found)
        read_ledger(q, 0, arena, row);
    return sql_end_found(q, found);
}

enum err db_sensors_ledgers(struct store *store, const char *sensor, struct arena *arena,
                            struct ledger_row **rows, uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct sql_where w;

    sql_where_init(&w, "SELECT " LEDGER_COLUMNS " FROM ledger");
    sql_where_str(&w, "sensor=?", sensor);
    sql_where_page(&w, "sensor, epoch DESC", 10000, 10000, 10000);
    struct sql *q = sql_where_start(&w, store);
    struct ledger_row *row;
    while ((row = sql_rows_next(q, &out)))
        read_ledger(q, 0, arena, row);
    *rows = out.at;
    *n = out.n;
    return sql_where_end(&w, q);
}

enum err db_sensors_seen(struct store *store, const struct sensor_row *row)
{
    struct sql *q = sql_start(
        store, "INSERT INTO sensor (name,site,source,online,seen,status,stats,visibility) VALUES "
               "($1,$2,$3,$4,$5,$6,$7,$8) ON CONFLICT (name) DO UPDATE SET "
               "site=CASE WHEN excluded.site='' THEN sensor.site ELSE excluded.site END,"
               "source=CASE WHEN excluded.source='' THEN sensor.source ELSE excluded.source END,"
               "online=excluded.online, seen=excluded.seen,"
               "status=CASE WHEN excluded.status=0 THEN sensor.status ELSE excluded.status END,"
               "stats=CASE WHEN excluded.stats='' THEN sensor.stats ELSE excluded.stats END,"
               "visibility=CASE WHEN excluded.visibility='' THEN sensor.visibility"
               " ELSE excluded.visibility END");
    sql_str(q, row->sensor);
    sql_str(q, row->site);
    sql_str(q, row->source);
    sql_int(q, row->online);
    sql_time(q, row->seen_ns);
    sql_time(q, row->status_ns);
    sql_str(q, row->stats_json);
    sql_str(q, row->visibility_json);
    return sql_post(q);
}

enum err db_sensors_online(struct store *store, const char *sensor, bool online, uint64_t now_ns)
{
    struct sql *q = sql_start(store, "UPDATE sensor SET online=$1,status=$2 WHERE name=$3");
    sql_int(q, online);
    sql_time(q, now_ns);
    sql_str(q, sensor);
    return sql_run_found(q);
}

/* Numbers named by "19-22,25-25". */
static uint64_t stored_beyond(const char *text)
{
    uint64_t sum = 0;
    while (*text) {
        char *end = NULL;
        uint64_t from = strtoull(text, &end, 10);
        uint64_t to = *end == '-' ? strtoull(end + 1, &end, 10) : from;
        if (end == text || to < from)
            break;
        sum += to - from + 1;
        text = *end == ',' ? end + 1 : end;
    }
    return sum;
}

static const char *or_empty_object(const char *json)
{
    return *json ? json : "{}";
}

enum err db_sensors_list(struct store *store, struct arena *arena, struct sensor_row **rows,
                         uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct sql *q = sql_start(
        store, "SELECT s.name,s.site,s.source,s.online,s.seen,s.status,s.stats,s.visibility,"
               "l.sensor,l.site,l.epoch,l.upto,l.beyond,l.highest,l.received,l.events,l.duplicate,"
               "l.resent,l.given_up,l.shed,l.bad,l.skew,l.first,l.last,l.event_ts FROM sensor s "
               "LEFT JOIN ledger l ON l.sensor=s.name AND l.epoch=(SELECT max(m.epoch) FROM "
               "ledger m WHERE m.sensor=s.name) ORDER BY s.name");
    struct sensor_row *row;
    while ((row = sql_rows_next(q, &out))) {
        row->sensor = sql_col_str(q, 0, arena);
        row->site = sql_col_str(q, 1, arena);
        row->source = sql_col_str(q, 2, arena);
        row->online = sql_col_int(q, 3) != 0;
        row->seen_ns = sql_col_time(q, 4);
        row->status_ns = sql_col_time(q, 5);
        row->stats_json = or_empty_object(sql_col_str(q, 6, arena));
        row->visibility_json = or_empty_object(sql_col_str(q, 7, arena));
        read_ledger(q, 8, arena, &row->ledger);
        row->missing =
            (int64_t)(row->ledger.highest - row->ledger.upto - stored_beyond(row->ledger.beyond));
    }
    *rows = out.at;
    *n = out.n;
    return sql_end(q);
}

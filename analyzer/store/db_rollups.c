/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/store/db_rollups.h"
#include "analyzer/store/sql.h"
#include "common/clock.h"

#include <stdio.h>

enum { SEVERITIES_MOST = 8 }; /* rows of one step */
#define MINUTE_NS (60 * CLOCK_S)
#define LONG_NS   (1800 * CLOCK_S)

static enum err add_one(struct store *store, const char *text, uint64_t at_ns,
                        const struct rollup *add, int64_t n)
{
    struct sql *q = sql_start(store, text);

    sql_time(q, at_ns);
    sql_str(q, add->sensor);
    sql_str(q, add->type);
    sql_int(q, add->severity);
    sql_str(q, add->site);
    sql_int(q, n);
    return sql_post(q);
}

static bool same_long(const struct rollup *a, const struct rollup *b)
{
    return a->minute_ns / LONG_NS == b->minute_ns / LONG_NS && a->severity == b->severity &&
           strcmp(a->sensor, b->sensor) == 0 && strcmp(a->type, b->type) == 0;
}

/* Minutes of the same half hour that stand near each other are one row to write. */
static enum err add_long(struct store *store, const struct rollup *adds, uint32_t n)
{
    static const char text[] =
        "INSERT INTO trend (half,sensor,type,severity,site,n) VALUES ($1,$2,$3,$4,$5,$6) "
        "ON CONFLICT (half,sensor,type,severity) DO UPDATE SET n=trend.n+excluded.n";
    enum { NEAR = 64 };
    enum err err = ERR_OK;

    for (uint32_t from = 0; !err && from < n; from += NEAR) {
        uint32_t end = n - from < NEAR ? n : from + NEAR;
        bool done[NEAR] = {false};
        for (uint32_t i = from; !err && i < end; i++) {
            int64_t sum = adds[i].n;
            for (uint32_t k = i + 1; !done[i - from] && k < end; k++) {
                if (done[k - from] || !same_long(&adds[i], &adds[k]))
                    continue;
                done[k - from] = true;
                sum += adds[k].n;
            }
            if (!done[i - from])
                err = add_one(store, text, adds[i].minute_ns / LONG_NS * LONG_NS, &adds[i], sum);
        }
    }
    return err;
}

enum err db_rollups_add(struct store *store, const struct rollup *adds, uint32_t n)
{
    static const char text[] =
        "INSERT INTO rollup (minute,sensor,type,severity,site,n) VALUES ($1,$2,$3,$4,$5,$6) "
        "ON CONFLICT (minute,sensor,type,severity) DO UPDATE SET n=rollup.n+excluded.n";
    enum err err = ERR_OK;

    for (uint32_t i = 0; !err && i < n; i++)
        err = add_one(store, text, adds[i].minute_ns, &adds[i], adds[i].n);
    return err ? err : add_long(store, adds, n);
}

/* ---- sums ---- */

struct adding {
    struct store *store;
    const struct rollups_query *query;
    uint64_t step_ns;
    struct sql_rows out;
};

/* Rows come in order of time: the one to add to is among the last. */
static struct rollups_sum *row_of(struct adding *a, uint64_t at_ns, int severity)
{
    struct rollups_sum *rows = a->out.at;

    for (uint32_t i = 1; i <= SEVERITIES_MOST && i <= a->out.n; i++) {
        struct rollups_sum *row = &rows[a->out.n - i];
        if (row->at_ns == at_ns && row->severity == severity)
            return row;
    }
    if (a->query->most && a->out.n == a->query->most)
        return NULL;
    struct rollups_sum *row = sql_rows_add(&a->out);
    if (row)
        *row = (struct rollups_sum){at_ns, severity, 0};
    return row;
}

/* What `table` knows of from <= `column` <= to. The engine reads along the key and sorts nothing.
 */
static enum err add_part(struct adding *a, const char *table, const char *column, uint64_t from_ns,
                         uint64_t to_ns)
{
    const struct sql_value span[] = {sql_of_int((int64_t)from_ns), sql_of_int((int64_t)to_ns)};
    const struct rollups_query *query = a->query;
    struct rollups_sum *row = NULL;
    struct sql_where w;
    char text[120];

    if (from_ns > to_ns)
        return ERR_OK;
    snprintf(text, sizeof(text), "SELECT %.16s,%s,CAST(sum(n) AS BIGINT) FROM %.16s", column,
             query->by_severity ? "severity" : "-1", table);
    sql_where_init(&w, text);
    snprintf(text, sizeof(text), "%.16s>=? AND %.16s<=?", column, column);
    sql_where_and(&w, text, span, 2);
    sql_where_sites(&w, "site", query->sites);
    sql_where_str(&w, "type=?", query->type);
    if (query->by_severity)
        sql_where_and(&w, "severity>=0", NULL, 0);
    snprintf(text, sizeof(text), " GROUP BY %.16s%s ORDER BY %.16s%s", column,
             query->by_severity ? ",severity" : "", column, query->by_severity ? ",severity" : "");
    sql_where_tail(&w, text, NULL, 0);
    struct sql *q = sql_where_start(&w, a->store);
    while (sql_row(q)) {
        row = row_of(a, sql_col_time(q, 0) / a->step_ns * a->step_ns, (int)sql_col_int(q, 1));
        if (!row)
            break;
        row->n += sql_col_int(q, 2);
    }
    return sql_where_end(&w, q);
}

/* Whole half hours from the long table where the steps allow, the ends from the minutes. */
enum err db_rollups_sums(struct store *store, const struct rollups_query *query,
                         struct arena *arena, struct rollups_sum **rows, uint32_t *n)
{
    struct adding a = {store,
                       query,
                       query->step_ns ? query->step_ns : MINUTE_NS,
                       {.arena = arena, .size = sizeof(**rows)}};
    uint64_t to_ns = query->to_ns < INT64_MAX ? query->to_ns : INT64_MAX - 1;
    uint64_t begin_ns = (query->from_ns + LONG_NS - 1) / LONG_NS * LONG_NS;
    uint64_t end_ns = (to_ns + 1) / LONG_NS * LONG_NS;
    enum err err = ERR_OK;

    if (a.step_ns % LONG_NS != 0 || begin_ns >= end_ns) {
        err = add_part(&a, "rollup", "minute", query->from_ns, to_ns);
    } else {
        if (begin_ns)
            err = add_part(&a, "rollup", "minute", query->from_ns, begin_ns - 1);
        if (!err)
            err = add_part(&a, "trend", "half", begin_ns, end_ns - 1);
        if (!err)
            err = add_part(&a, "rollup", "minute", end_ns, to_ns);
    }
    *rows = a.out.at;
    *n = a.out.n;
    return err;
}

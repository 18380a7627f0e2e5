/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See db_envelopes.h.
 */
#include "analyzer/store/db_envelopes.h"
#include "analyzer/store/sql.h"

enum err db_envelopes_put(struct store *store, const struct envelope_row *row)
{
    struct sql *q = sql_start(store, "INSERT INTO envelope (sensor,epoch,seq,site,received,n,"
                                     "message,decided) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)");
    sql_str(q, row->sensor);
    sql_int(q, (int64_t)row->epoch);
    sql_int(q, (int64_t)row->seq);
    sql_str(q, row->site);
    sql_time(q, row->received_ns);
    sql_int(q, row->n);
    sql_blob(q, row->message);
    sql_blob(q, row->decided);
    return sql_post(q);
}

enum err db_envelopes_here(struct store *store, const char *sensor, uint64_t epoch, uint64_t from,
                           uint64_t to, struct arena *arena, uint64_t **seqs, uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**seqs)};
    struct sql *q = sql_start(store, "SELECT seq FROM envelope WHERE sensor=$1 AND epoch=$2 AND "
                                     "seq>=$3 AND seq<=$4 ORDER BY seq");
    uint64_t *seq;

    sql_str(q, sensor);
    sql_int(q, (int64_t)epoch);
    sql_int(q, (int64_t)from);
    sql_int(q, (int64_t)to);
    while ((seq = sql_rows_next(q, &out)))
        *seq = (uint64_t)sql_col_int(q, 0);
    *seqs = out.at;
    *n = out.n;
    return sql_end(q);
}

/* k counts what waits of a sensor: without a hole it is the distance from the ledger. */
enum err db_envelopes_next(struct store *store, uint64_t patience_ns, uint32_t limit,
                           struct arena *arena, struct envelope_row **rows, uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct sql *q = sql_start(
        store, "SELECT sensor,epoch,seq,site,received,n FROM (SELECT e.sensor,e.epoch,e.seq,e.site,"
               "e.received,e.n,COALESCE(l.upto,0) AS upto,row_number() OVER (PARTITION BY e.sensor,"
               "e.epoch ORDER BY e.seq) AS k FROM envelope e LEFT JOIN ledger l ON "
               "l.sensor=e.sensor AND l.epoch=e.epoch) w WHERE seq=upto+k OR received<$1 "
               "ORDER BY k,sensor,epoch LIMIT $2");
    struct envelope_row *row;

    sql_time(q, patience_ns);
    sql_int(q, limit);
    while ((row = sql_rows_next(q, &out))) {
        row->sensor = sql_col_str(q, 0, arena);
        row->epoch = (uint64_t)sql_col_int(q, 1);
        row->seq = (uint64_t)sql_col_int(q, 2);
        row->site = sql_col_str(q, 3, arena);
        row->received_ns = sql_col_time(q, 4);
        row->n = (uint32_t)sql_col_int(q, 5);
    }
    *rows = out.at;
    *n = out.n;
    return sql_end(q);
}

enum err db_envelopes_get(struct store *store, struct arena *arena, struct envelope_row *row)
{
    struct sql *q = sql_start(
        store, "SELECT message,decided FROM envelope WHERE sensor=$1 AND epoch=$2 AND seq=$3");

    sql_str(q, row->sensor);
    sql_int(q, (int64_t)row->epoch);
    sql_int(q, (int64_t)row->seq);
    bool found = sql_row(q);
    if (found) {
        row->message = sql_col_blob(q, 0, arena);
        row->decided = sql_col_blob(q, 1, arena);
    }
    return sql_end_found(q, found);
}

enum err db_envelopes_drop(struct store *store, const char *sensor, uint64_t epoch, uint64_t seq)
{
    struct sql *q =
        sql_start(store, "DELETE FROM envelope WHERE sensor=$1 AND epoch=$2 AND seq=$3");

    sql_str(q, sensor);
    sql_int(q, (int64_t)epoch);
    sql_int(q, (int64_t)seq);
    return sql_post(q);
}

enum err db_envelopes_count(struct store *store, int64_t *n)
{
    struct sql *q = sql_start(store, "SELECT count(*) FROM envelope");

    *n = sql_row(q) ? sql_col_int(q, 0) : 0;
    return sql_end(q);
}

enum err db_envelopes_spans(struct store *store, struct arena *arena, struct envelope_span **rows,
                            uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct sql *q = sql_start(
        store, "SELECT e.sensor,e.epoch,min(e.site),COALESCE(max(l.upto),0),min(e.seq),max(e.seq) "
               "FROM envelope e LEFT JOIN ledger l ON l.sensor=e.sensor AND l.epoch=e.epoch "
               "GROUP BY e.sensor,e.epoch ORDER BY e.sensor,e.epoch");
    struct envelope_span *row;

    while ((row = sql_rows_next(q, &out))) {
        row->sensor = sql_col_str(q, 0, arena);
        row->epoch = (uint64_t)sql_col_int(q, 1);
        row->site = sql_col_str(q, 2, arena);
        row->upto = (uint64_t)sql_col_int(q, 3);
        row->first = (uint64_t)sql_col_int(q, 4);
        row->last = (uint64_t)sql_col_int(q, 5);
    }
    *rows = out.at;
    *n = out.n;
    return sql_end(q);
}

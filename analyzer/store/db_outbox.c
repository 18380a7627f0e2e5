/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/store/db_outbox.h"
#include "analyzer/store/sql.h"

#define OUTBOX_COLUMNS                                                                             \
    "id,connector,incident,revision,kind,payload,created,state,tries,next,sent,answer"

enum err db_outbox_add(struct store *store, const struct outbox_row *row)
{
    struct sql *q = sql_start(
        store, "INSERT INTO outbox (connector,incident,revision,kind,payload,created,state,tries,"
               "next,sent,answer) VALUES ($1,$2,$3,$4,$5,$6,0,0,$7,0,'') "
               "ON CONFLICT (connector,incident,revision) DO NOTHING");
    sql_str(q, row->connector);
    sql_int(q, row->incident_id);
    sql_int(q, row->revision);
    sql_str(q, row->kind);
    sql_str(q, row->payload);
    sql_time(q, row->created_ns);
    sql_time(q, row->next_ns);
    return sql_post(q);
}

static enum err all(struct sql *q, struct arena *arena, struct outbox_row **rows, uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};

    struct outbox_row *row;
    while ((row = sql_rows_next(q, &out))) {
        row->id = sql_col_int(q, 0);
        row->connector = sql_col_str(q, 1, arena);
        row->incident_id = sql_col_int(q, 2);
        row->revision = sql_col_int(q, 3);
        row->kind = sql_col_str(q, 4, arena);
        row->payload = sql_col_str(q, 5, arena);
        row->created_ns = sql_col_time(q, 6);
        row->state = (enum outbox_state)sql_col_int(q, 7);
        row->tries = sql_col_int(q, 8);
        row->next_ns = sql_col_time(q, 9);
        row->sent_ns = sql_col_time(q, 10);
        row->answer = sql_col_str(q, 11, arena);
    }
    *rows = out.at;
    *n = out.n;
    return sql_end(q);
}

enum err db_outbox_due(struct store *store, const char *connector, uint64_t now_ns, uint32_t limit,
                       struct arena *arena, struct outbox_row **rows, uint32_t *n)
{
    struct sql_where w;
    const struct sql_value now = sql_of_int((int64_t)now_ns);

    sql_where_init(&w, "SELECT " OUTBOX_COLUMNS " FROM outbox o");
    sql_where_and(&w, "state=0", NULL, 0);
    sql_where_str(&w, "connector=?", connector);
    sql_where_and(&w, "next<=?", &now, 1);
    sql_where_and(&w,
                  "NOT EXISTS (SELECT 1 FROM outbox p WHERE p.state=0 AND p.connector=o.connector "
                  "AND p.incident=o.incident AND p.id<o.id)",
                  NULL, 0);
    sql_where_page(&w, "id", limit, 100, 1000);
    enum err err = all(sql_where_start(&w, store), arena, rows, n);
    sql_where_fini(&w);
    return err;
}

static enum err settle(struct store *store, int64_t id, enum outbox_state state, uint64_t next_ns,
                       uint64_t sent_ns, const char *answer)
{
    struct sql *q = sql_start(store, "UPDATE outbox SET state=$1,next=$2,sent=$3,answer=$4,"
                                     "tries=tries+1 WHERE id=$5 AND state=0");
    sql_int(q, state);
    sql_time(q, next_ns);
    sql_time(q, sent_ns);
    sql_str(q, answer);
    sql_int(q, id);
    return sql_run_found(q);
}

enum err db_outbox_sent(struct store *store, int64_t id, uint64_t now_ns, const char *answer)
{
    return settle(store, id, OUTBOX_SENT, 0, now_ns, answer);
}

enum err db_outbox_failed(struct store *store, int64_t id, uint64_t next_ns, const char *answer)
{
    return settle(store, id, OUTBOX_WAITING, next_ns, 0, answer);
}

enum err db_outbox_give_up(struct store *store, int64_t id, uint64_t now_ns, const char *answer)
{
    return settle(store, id, OUTBOX_GIVEN_UP, 0, now_ns, answer);
}

enum err db_outbox_list(struct store *store, int64_t incident_id, uint32_t limit,
                        struct arena *arena, struct outbox_row **rows, uint32_t *n)
{
    struct sql_where w;

    sql_where_init(&w, "SELECT " OUTBOX_COLUMNS " FROM outbox");
    sql_where_int(&w, "incident=?", incident_id);
    sql_where_page(&w, "id DESC", limit, 100, 1000);
    enum err err = all(sql_where_start(&w, store), arena, rows, n);
    sql_where_fini(&w);
    return err;
}

enum err db_outbox_waiting(struct store *store, const char *connector, int64_t *n)
{
    struct sql_where w;

    sql_where_init(&w, "SELECT count(*) FROM outbox");
    sql_where_and(&w, "state=0", NULL, 0);
    sql_where_str(&w, "connector=?", connector);
    struct sql *q = sql_where_start(&w, store);
    *n = sql_row(q) ? sql_col_int(q, 0) : 0;
    return sql_where_end(&w, q);
}

enum err db_outbox_depths(struct store *store, struct arena *arena, struct outbox_depth **rows,
                          uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct outbox_depth *row = NULL;
    struct sql *q = sql_start(store, "SELECT connector,state,count(*),min(created),max(sent) "
                                     "FROM outbox GROUP BY connector,state ORDER BY connector");

    while (sql_row(q)) {
        const char *connector = sql_col_str(q, 0, arena);
        int64_t state = sql_col_int(q, 1), count = sql_col_int(q, 2);
        if (!row || strcmp(row->connector, connector) != 0)
            row = sql_rows_add(&out);
        if (!row)
            break;
        row->connector = connector;
        if (state == OUTBOX_WAITING) {
            row->waiting = count;
            row->oldest_ns = sql_col_time(q, 3);
        } else if (state == OUTBOX_SENT) {
            row->sent = count;
            row->sent_ns = sql_col_time(q, 4);
        } else {
            row->given_up = count;
        }
    }
    *rows = out.at;
    *n = out.n;
    return sql_end(q);
}

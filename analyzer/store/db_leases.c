/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See db_leases.h.
 */
#include "analyzer/store/db_leases.h"
#include "analyzer/store/sql.h"

#include <stdio.h>

enum { TEXT_MAX = 256 };

enum err db_leases_join(struct store *store, const char *name, const char *life, uint64_t now_ns)
{
    struct sql *q = sql_start(store, "INSERT INTO member (name,life,beat,seen) VALUES ($1,$2,1,$3) "
                                     "ON CONFLICT (name) DO UPDATE SET life=excluded.life,"
                                     "beat=member.beat+1,seen=excluded.seen");
    sql_str(q, name);
    sql_str(q, life);
    sql_time(q, now_ns);
    return sql_run(q);
}

enum err db_leases_beat(struct store *store, const char *name, const char *life, uint64_t now_ns)
{
    struct sql *q =
        sql_start(store, "UPDATE member SET beat=beat+1,seen=$1 WHERE name=$2 AND life=$3");
    sql_time(q, now_ns);
    sql_str(q, name);
    sql_str(q, life);
    enum err err = sql_run_found(q);
    return err == ERR_NOTFOUND ? ERR_CONFLICT : err;
}

enum err db_leases_members(struct store *store, struct arena *arena, struct member_row **rows,
                           uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct sql *q = sql_start(store, "SELECT name,life,beat,seen FROM member ORDER BY name");
    struct member_row *row;

    while ((row = sql_rows_next(q, &out))) {
        row->name = sql_col_str(q, 0, arena);
        row->life = sql_col_str(q, 1, arena);
        row->beat = sql_col_int(q, 2);
        row->seen_ns = sql_col_time(q, 3);
    }
    *rows = out.at;
    *n = out.n;
    return sql_end(q);
}

enum err db_leases_list(struct store *store, struct arena *arena, struct lease_row **rows,
                        uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct sql *q = sql_start(store, "SELECT name,holder,token,since FROM lease ORDER BY name");
    struct lease_row *row;

    while ((row = sql_rows_next(q, &out))) {
        row->name = sql_col_str(q, 0, arena);
        row->holder = sql_col_str(q, 1, arena);
        row->token = sql_col_int(q, 2);
        row->since_ns = sql_col_time(q, 3);
    }
    *rows = out.at;
    *n = out.n;
    return sql_end(q);
}

enum err db_leases_make(struct store *store, const char *lease)
{
    struct sql *q = sql_start(store, "INSERT INTO lease (name,holder,token,since) VALUES "
                                     "($1,'',0,0) ON CONFLICT (name) DO NOTHING");
    sql_str(q, lease);
    return sql_run(q);
}

/* Who holds the row is in the middle of a transaction: then it is not waited for. */
enum err db_leases_take(struct store *store, const struct lease_row *was, const char *holder,
                        uint64_t now_ns)
{
    char text[TEXT_MAX];

    snprintf(text, sizeof(text),
             "UPDATE lease SET holder=$1,token=token+1,since=$2 WHERE name=(SELECT name FROM lease "
             "WHERE name=$3 AND holder=$4 AND token=$5%s)",
             store->def->grab);
    struct sql *q = sql_start(store, text);
    sql_str(q, holder);
    sql_time(q, now_ns);
    sql_str(q, was->name);
    sql_str(q, was->holder);
    sql_int(q, was->token);
    enum err err = sql_run_found(q);
    return err == ERR_NOTFOUND ? ERR_CONFLICT : err;
}

enum err db_leases_release(struct store *store, const char *lease, const char *holder,
                           int64_t token)
{
    struct sql *q = sql_start(store, "UPDATE lease SET holder='',token=token+1 WHERE name=$1 AND "
                                     "holder=$2 AND token=$3");
    sql_str(q, lease);
    sql_str(q, holder);
    sql_int(q, token);
    return sql_run_found(q);
}

enum err db_leases_fence(struct store *store, const char *lease, const char *holder, int64_t token)
{
    char text[TEXT_MAX];

    snprintf(text, sizeof(text),
             "SELECT token FROM lease WHERE name=$1 AND holder=$2 AND token=$3%s",
             store->def->share);
    struct sql *q = sql_start(store, text);
    sql_str(q, lease);
    sql_str(q, holder);
    sql_int(q, token);
    bool mine = sql_row(q);
    enum err err = sql_end(q);
    return err ? err : mine ? ERR_OK : ERR_DENIED;
}

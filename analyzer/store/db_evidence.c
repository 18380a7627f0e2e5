/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/store/db_evidence.h"
#include "analyzer/store/sql.h"

static enum err run2(struct store *store, const char *text, int64_t a, int64_t b)
{
    struct sql *q = sql_start(store, text);

    sql_int(q, a);
    sql_int(q, b);
    return sql_run(q);
}

enum err db_evidence_copy(struct store *store, int64_t from_id, int64_t to_id)
{
    return run2(store,
                "INSERT INTO link (incident,grp,event,stage,ts,n) SELECT $1,grp,event,stage,ts,n "
                "FROM link WHERE incident=$2 "
                "ON CONFLICT (incident,grp,event) DO UPDATE SET n=link.n+excluded.n",
                to_id, from_id);
}

static enum err drop_empty(struct store *store, int64_t incident_id)
{
    struct sql *q = sql_start(store, "DELETE FROM link WHERE incident=$1 AND n<=0");

    sql_int(q, incident_id);
    return sql_run(q);
}

enum err db_evidence_uncopy(struct store *store, int64_t from_id, int64_t to_id)
{
    enum err err =
        run2(store,
             "UPDATE link SET n=n-(SELECT s.n FROM link s WHERE s.incident=$1 AND s.grp=link.grp "
             "AND s.event=link.event) WHERE incident=$2 AND EXISTS (SELECT 1 FROM link s WHERE "
             "s.incident=$1 AND s.grp=link.grp AND s.event=link.event)",
             from_id, to_id);
    return err ? err : drop_empty(store, to_id);
}

enum err db_evidence_take(struct store *store, int64_t incident_id, int64_t group_id, int64_t n)
{
    struct sql *q =
        sql_start(store, "UPDATE link SET n=n-$1 WHERE incident=$2 AND grp=$3 AND event=0");

    sql_int(q, n);
    sql_int(q, incident_id);
    sql_int(q, group_id);
    enum err err = sql_run(q);
    return err ? err : drop_empty(store, incident_id);
}

enum err db_evidence_hand_over(struct store *store, int64_t from_id, int64_t to_id,
                               int64_t group_id)
{
    struct sql *q = sql_start(store, "UPDATE link SET incident=$1 WHERE incident=$2 AND grp=$3");

    sql_int(q, to_id);
    sql_int(q, from_id);
    sql_int(q, group_id);
    return sql_run(q);
}

enum err db_evidence_groups(struct store *store, int64_t incident_id, struct arena *arena,
                            int64_t **ids, uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**ids)};
    struct sql *q = sql_start(store, "SELECT id FROM grp WHERE incident=$1 ORDER BY id");

    sql_int(q, incident_id);
    int64_t *id;
    while ((id = sql_rows_next(q, &out)))
        *id = sql_col_int(q, 0);
    *ids = out.at;
    *n = out.n;
    return sql_end(q);
}

enum err db_evidence_incidents(struct store *store, const char *ip, uint32_t most,
                               struct arena *arena, int64_t **ids, uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**ids)};
    struct sql *q = sql_start(
        store, "SELECT id FROM incident WHERE entity_ip=$1 OR id IN (SELECT l.incident FROM link l "
               "JOIN grp g ON g.id=l.grp WHERE l.grp<>0 AND (g.src=$1 OR g.dst=$1)) "
               "ORDER BY last DESC, id DESC LIMIT $2");

    sql_str(q, ip);
    sql_int(q, most);
    int64_t *id;
    while ((id = sql_rows_next(q, &out)))
        *id = sql_col_int(q, 0);
    *ids = out.at;
    *n = out.n;
    return sql_end(q);
}

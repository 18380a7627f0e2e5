/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/store/db_exceptions.h"
#include "analyzer/store/db_search.h"
#include "analyzer/store/rows.h"
#include "analyzer/store/sql.h"

#include <stdio.h>
#include <stdlib.h>

enum { REACH_GROUPS = 20000, REACH_ROWS = 2000000 };
#define EDITION "exceptions.edition"
#define COLUMNS                                                                                    \
    "id,version,query,reason,owner,sites,expires,enabled,created,changed,hits,last_hit,"           \
    "(SELECT count(*) FROM grp WHERE grp.exception=exception.id AND grp.exception<>0)"

enum err db_exceptions_edition(struct store *store, int64_t *edition)
{
    struct arena arena;
    const char *value = "";

    arena_init(&arena, 64, 0);
    enum err err = store_meta_get(store, EDITION, &arena, &value);
    *edition = strtoll(value, NULL, 10);
    arena_fini(&arena);
    return err == ERR_NOTFOUND ? ERR_OK : err;
}

static enum err raise_edition(struct store *store, enum err before)
{
    int64_t edition = 0;
    char text[24];

    enum err err = before ? before : db_exceptions_edition(store, &edition);
    snprintf(text, sizeof(text), "%lld", (long long)edition + 1);
    return err ? err : store_meta_put(store, EDITION, text);
}

static enum err count_all(struct store *store, int64_t *n)
{
    struct sql *q = sql_start(store, "SELECT count(*) FROM exception");
    *n = sql_row(q) ? sql_col_int(q, 0) : 0;
    return sql_end(q);
}

enum err db_exceptions_add(struct store *store, struct exception_row *row)
{
    int64_t n = 0;
    enum err err = count_all(store, &n);

    if (err || n >= EXCEPTIONS_MAX)
        return err ? err : ERR_FULL;
    struct sql *q = sql_start(
        store, "INSERT INTO exception (version,query,reason,owner,sites,expires,enabled,created,"
               "changed,hits,last_hit) VALUES (1,$1,$2,$3,$4,$5,$6,$7,$8,0,0) RETURNING id");
    sql_str(q, row->query);
    sql_str(q, row->reason);
    sql_str(q, row->owner);
    sql_str(q, row->sites);
    sql_time(q, row->expires_ns);
    sql_int(q, row->enabled);
    sql_time(q, row->created_ns);
    sql_time(q, row->changed_ns);
    row->id = sql_row(q) ? sql_col_int(q, 0) : 0;
    row->version = 1;
    return raise_edition(store, sql_end(q));
}

enum err db_exceptions_set(struct store *store, const struct exception_row *row)
{
    struct sql *q = sql_start(
        store, "UPDATE exception SET version=version+1, query=$1, reason=$2, owner=$3, sites=$4,"
               "expires=$5, enabled=$6, changed=$7 WHERE id=$8 AND version=$9");
    sql_str(q, row->query);
    sql_str(q, row->reason);
    sql_str(q, row->owner);
    sql_str(q, row->sites);
    sql_time(q, row->expires_ns);
    sql_int(q, row->enabled);
    sql_time(q, row->changed_ns);
    sql_int(q, row->id);
    sql_int(q, row->version);
    enum err err = sql_run(q);
    if (!err && sql_changed(store) == 0)
        return ERR_CONFLICT;
    return raise_edition(store, err);
}

enum err db_exceptions_delete(struct store *store, int64_t id)
{
    struct sql *q = sql_start(store, "DELETE FROM exception WHERE id=$1");
    sql_int(q, id);
    enum err err = sql_run(q);
    if (!err && sql_changed(store) == 0)
        return ERR_NOTFOUND;
    return raise_edition(store, err);
}

static void read_row(struct sql *q, struct arena *arena, struct exception_row *row)
{
    row->id = sql_col_int(q, 0);
    row->version = sql_col_int(q, 1);
    row->query = sql_col_str(q, 2, arena);
    row->reason = sql_col_str(q, 3, arena);
    row->owner = sql_col_str(q, 4, arena);
    row->sites = sql_col_str(q, 5, arena);
    row->expires_ns = sql_col_time(q, 6);
    row->enabled = sql_col_int(q, 7) != 0;
    row->created_ns = sql_col_time(q, 8);
    row->changed_ns = sql_col_time(q, 9);
    row->hits = sql_col_int(q, 10);
    row->last_hit_ns = sql_col_time(q, 11);
    row->groups = sql_col_int(q, 12);
}

enum err db_exceptions_get(struct store *store, int64_t id, struct arena *arena,
                           struct exception_row *row)
{
    struct sql *q = sql_start(store, "SELECT " COLUMNS " FROM exception WHERE id=$1");
    sql_int(q, id);
    bool found = sql_row(q);
    if (found)
        read_row(q, arena, row);
    return sql_end_found(q, found);
}

enum err db_exceptions_list(struct store *store, struct arena *arena, struct exception_row **rows,
                            uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct sql *q = sql_start(store, "SELECT " COLUMNS " FROM exception ORDER BY id");

    struct exception_row *row;
    while ((row = sql_rows_next(q, &out)))
        read_row(q, arena, row);
    *rows = out.at;
    *n = out.n;
    return sql_end(q);
}

enum err db_exceptions_hit(struct store *store, int64_t id, int64_t n, uint64_t last_ns)
{
    struct sql *q =
        sql_start(store, "UPDATE exception SET hits=hits+$1,"
                         "last_hit=CASE WHEN $2>last_hit THEN $2 ELSE last_hit END WHERE id=$3");
    sql_int(q, n);
    sql_time(q, last_ns);
    sql_int(q, id);
    return sql_run(q);
}

/* ---- what one would hide ---- */

/* Fields that are the same for all alerts of a group: it fits wholly or not at all. */
static bool is_of_key(const struct search_node *node)
{
    static const char *const fields[] = {"sid", "gid", "src", "dst", "ip", "site", "technique"};
    bool all = true;

    for (const struct search_node *c = node->first; c && all; c = c->next)
        all = is_of_key(c);
    if (node->kind != SEARCH_TEST)
        return all;
    for (uint32_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (strcmp(node->field, fields[i]) == 0)
            return true;
    }
    return false;
}

/* Alerts of a group whose rows were not kept (storms) are known only by the group's key, unless
 * they say the same as one that was. */
static enum err weigh(struct store *store, struct exception_reach *reach, bool by_key,
                      uint64_t from_ns, uint64_t to_ns, bool *complete)
{
    const uint64_t hour_ns = 3600000000000u;
    struct sql *q =
        sql_start(store, "SELECT (SELECT count(*) FROM event WHERE grp=$1 AND " ROWS_AGAIN
                         ")+(SELECT count(*) FROM event WHERE id=(SELECT first_event "
                         "FROM grp WHERE id=$1)),"
                         "(SELECT coalesce(sum(n),0) FROM " ROWS_HOURS
                         " h WHERE hour>=$2 AND hour<=$3),n-n_same FROM grp WHERE "
                         "id=$1");

    sql_int(q, reach->group_id);
    sql_time(q, from_ns - from_ns % hour_ns);
    sql_time(q, to_ns);
    if (sql_row(q)) {
        int64_t kept = sql_col_int(q, 0);
        reach->whole = by_key || (kept == reach->matched && kept == sql_col_int(q, 2));
        reach->alerts = reach->whole ? sql_col_int(q, 1) : reach->matched;
        *complete = *complete && (reach->whole || kept == sql_col_int(q, 2));
    }
    return sql_end(q);
}

enum err db_exceptions_reach(struct store *store, const struct search_node *root,
                             const char *const *sites, uint64_t from_ns, uint64_t to_ns,
                             struct arena *arena, struct exception_reach **rows, uint32_t *n,
                             bool *complete)
{
    struct search_node alerts = {.kind = SEARCH_TEST,
                                 .op = SEARCH_BETWEEN,
                                 .field = "group",
                                 .text = "",
                                 .given = "",
                                 .number = true,
                                 .low = 1,
                                 .high = 1e300};
    struct search_node given = *root;
    struct search_node both = {.kind = SEARCH_AND, .first = &alerts, .field = "", .text = ""};
    struct search search = {.root = &both, .by = {"group"}, .n_by = 1, .top = REACH_GROUPS};
    struct search_range range = {
        .from_ns = from_ns, .to_ns = to_ns, .budget = REACH_ROWS, .sites = sites};
    struct search_state state = {0};
    struct search_count *counts = NULL;
    uint32_t found = 0;

    alerts.next = &given;
    given.next = NULL;
    enum err err = db_search_groupby(store, &search, &range, arena, &counts, &found, &state);
    struct exception_reach *out =
        err ? NULL : arena_alloc(arena, (found + 1) * sizeof(struct exception_reach));
    *n = 0;
    *complete = state.complete && found < REACH_GROUPS;
    bool by_key = is_of_key(root);
    for (uint32_t i = 0; out && !err && i < found; i++) {
        out[i] = (struct exception_reach){.group_id = strtoll(counts[i].value[0], NULL, 10),
                                          .matched = counts[i].n};
        err = weigh(store, &out[i], by_key, from_ns, to_ns, complete);
        *n = i + 1;
    }
    *rows = out;
    return err ? err : out ? ERR_OK : ERR_NOMEM;
}

enum err db_exceptions_hide(struct store *store, int64_t id, int64_t group_id)
{
    struct sql *q = sql_start(store, "UPDATE grp SET exception=$1 WHERE id=$2 AND exception=0");
    sql_int(q, id);
    sql_int(q, group_id);
    return sql_run(q);
}

enum err db_exceptions_show(struct store *store, int64_t id, int64_t *groups)
{
    struct sql *q = sql_start(store, "UPDATE grp SET exception=0 WHERE exception=$1");
    sql_int(q, id);
    enum err err = sql_run(q);
    *groups = err ? 0 : sql_changed(store);
    return err;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash(row) = SHA-256 over hash(row before) and the row's texts, each behind its length. Two
 * writers cannot fork the chain: a row is added in a writing transaction.
 */
#include "analyzer/store/db_audit.h"
#include "analyzer/record/secret.h"
#include "analyzer/store/sql.h"

#include <stdio.h>

#define AUDIT_BASE    "audit.base"
#define AUDIT_COLUMNS "id,ts,who,address,action,object,detail,hash"

static void hash_of(const struct audit_row *row, const char *before, char out[SECRET_DIGEST_MAX])
{
    const char *const texts[] = {before,      row->user,   row->address,
                                 row->action, row->object, row->detail_json};
    struct strbuf all;

    strbuf_init(&all, 0);
    strbuf_fmt(&all, "%llu", (unsigned long long)row->ts_ns);
    for (uint32_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        strbuf_fmt(&all, "\n%zu:%s", strlen(texts[i]), texts[i]);
    secret_sha256(strbuf_view(&all), out);
    strbuf_fini(&all);
}

static enum err add_behind(struct store *store, const struct audit_row *row, struct arena *arena)
{
    char hash[SECRET_DIGEST_MAX];
    enum err err = store_lock(store, STORE_LOCK_AUDIT);
    if (err)
        return err;
    struct sql *q = sql_start(store, "SELECT hash FROM audit ORDER BY id DESC LIMIT 1");
    const char *before = sql_row(q) ? sql_col_str(q, 0, arena) : "";
    err = sql_end(q);
    if (err)
        return err;
    hash_of(row, before, hash);
    q = sql_start(store, "INSERT INTO audit (ts,who,address,action,object,detail,hash) "
                         "VALUES ($1,$2,$3,$4,$5,$6,$7)");
    sql_time(q, row->ts_ns);
    sql_str(q, row->user);
    sql_str(q, row->address);
    sql_str(q, row->action);
    sql_str(q, row->object);
    sql_str(q, row->detail_json);
    sql_str(q, hash);
    return sql_run(q);
}

enum err db_audit_add(struct store *store, const struct audit_row *row)
{
    struct arena arena;
    bool own = !store_in_batch(store);
    enum err err = own ? store_begin(store) : ERR_OK;

    if (err)
        return err;
    arena_init(&arena, 256, 0);
    err = add_behind(store, row, &arena);
    arena_fini(&arena);
    if (!own)
        return err;
    if (!err)
        return store_commit(store);
    store_rollback(store);
    return err;
}

static void read_row(struct sql *q, struct arena *arena, struct audit_row *row)
{
    row->id = sql_col_int(q, 0);
    row->ts_ns = sql_col_time(q, 1);
    row->user = sql_col_str(q, 2, arena);
    row->address = sql_col_str(q, 3, arena);
    row->action = sql_col_str(q, 4, arena);
    row->object = sql_col_str(q, 5, arena);
    row->detail_json = sql_col_str(q, 6, arena);
    row->hash = sql_col_str(q, 7, arena);
}

/* "incident" is also "incident.change": the dot and what follows it stand between '.' and '/'. */
static void where_action(struct sql_where *w, const char *action, struct arena *arena)
{
    char *first = arena_alloc(arena, strlen(action) + 2),
         *end = arena_alloc(arena, strlen(action) + 2);

    if (!first || !end)
        return;
    snprintf(first, strlen(action) + 2, "%s.", action);
    snprintf(end, strlen(action) + 2, "%s/", action);
    const struct sql_value args[] = {sql_of_str(action), sql_of_str(first), sql_of_str(end)};
    sql_where_and(w, "(action=? OR (action>=? AND action<?))", args, 3);
}

/* A time far ahead is the last one that there is. */
static int64_t time_of(uint64_t ns)
{
    return ns > INT64_MAX ? INT64_MAX : (int64_t)ns;
}

enum err db_audit_list(struct store *store, const struct audit_query *query, struct arena *arena,
                       struct audit_row **rows, uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct sql_where w;

    sql_where_init(&w, "SELECT " AUDIT_COLUMNS " FROM audit");
    sql_where_str(&w, "object=?", query->object);
    sql_where_str(&w, "who=?", query->user);
    if (query->action && *query->action)
        where_action(&w, query->action, arena);
    sql_where_int(&w, "ts>=?", time_of(query->from_ns));
    sql_where_int(&w, "ts<=?", time_of(query->to_ns));
    sql_where_int(&w, "id<?", query->before_id);
    sql_where_page(&w, "id DESC", query->limit, 100, 1000);
    struct sql *q = sql_where_start(&w, store);
    struct audit_row *row;
    while ((row = sql_rows_next(q, &out)))
        read_row(q, arena, row);
    *rows = out.at;
    *n = out.n;
    return sql_where_end(&w, q);
}

/* The last of the first rows that are old enough: behind a younger one nothing goes. */
static enum err last_old(struct store *store, uint64_t before_ns, uint32_t limit, int64_t *id,
                         struct arena *arena, const char **hash)
{
    struct sql *q = sql_start(
        store, "SELECT id,hash FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT $1) "
               "AND id<coalesce((SELECT min(id) FROM audit WHERE ts>=$2),9223372036854775807) "
               "ORDER BY id DESC LIMIT 1");
    sql_int(q, limit);
    sql_time(q, before_ns);
    bool found = sql_row(q);
    *id = found ? sql_col_int(q, 0) : 0;
    *hash = found ? sql_col_str(q, 1, arena) : "";
    return sql_end(q);
}

static enum err drop_upto(struct store *store, int64_t id, const char *hash, int64_t *deleted)
{
    enum err err = store_meta_put(store, AUDIT_BASE, hash);
    if (err)
        return err;
    struct sql *q = sql_start(store, "DELETE FROM audit WHERE id<=$1");
    sql_int(q, id);
    err = sql_run(q);
    *deleted = err ? 0 : sql_changed(store);
    return err;
}

static enum err tell_end(struct store *store, uint64_t now_ns, int64_t id, struct arena *arena)
{
    char detail[64];
    struct audit_row row = {.ts_ns = now_ns,
                            .user = "",
                            .address = "local",
                            .action = "audit.expired",
                            .object = "audit",
                            .detail_json = detail};
    snprintf(detail, sizeof(detail), "{\"upto\":%lld}", (long long)id);
    return add_behind(store, &row, arena);
}

enum err db_audit_expire(struct store *store, uint64_t before_ns, uint64_t now_ns, uint32_t limit,
                         int64_t *deleted)
{
    struct arena arena;
    const char *hash;
    int64_t id = 0;
    enum err err = store_begin(store);

    *deleted = 0;
    if (err)
        return err;
    arena_init(&arena, 1024, 0);
    err = store_lock(store, STORE_LOCK_AUDIT);
    if (!err)
        err = last_old(store, before_ns, limit, &id, &arena, &hash);
    if (!err && id)
        err = tell_end(store, now_ns, id, &arena);
    if (!err && id)
        err = drop_upto(store, id, hash, deleted);
    arena_fini(&arena);
    if (!err)
        return store_commit(store);
    store_rollback(store);
    return err;
}

/* Hash of the row before the first. */
static enum err base_of(struct store *store, struct arena *arena, char out[SECRET_DIGEST_MAX])
{
    const char *base;
    enum err err = store_meta_get(store, AUDIT_BASE, arena, &base);

    snprintf(out, SECRET_DIGEST_MAX, "%s", base);
    return err == ERR_NOTFOUND ? ERR_OK : err;
}

enum err db_audit_verify(struct store *store, int64_t *bad_id)
{
    char before[SECRET_DIGEST_MAX];
    char hash[SECRET_DIGEST_MAX];
    struct arena arena;

    *bad_id = 0;
    arena_init(&arena, 4096, 0);
    enum err err = base_of(store, &arena, before);
    struct sql *q = sql_start(store, "SELECT " AUDIT_COLUMNS " FROM audit ORDER BY id");
    while (*bad_id == 0 && sql_row(q)) {
        struct audit_row row;
        arena_reset(&arena);
        read_row(q, &arena, &row);
        hash_of(&row, before, hash);
        if (strcmp(hash, row.hash) != 0)
            *bad_id = row.id;
        memcpy(before, hash, sizeof(before));
    }
    enum err end = sql_end(q);
    err = err ? err : end;
    arena_fini(&arena);
    return err ? err : *bad_id ? ERR_INPUT : ERR_OK;
}

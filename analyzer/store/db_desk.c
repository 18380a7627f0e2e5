/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/store/db_desk.h"
#include "analyzer/store/sql.h"

#include <stdio.h>

#define TASK_COLUMNS "id,incident,title,assignee,due,done,done_by,created,created_by,version"

static void read_task(struct sql *q, struct arena *arena, struct task_row *t)
{
    t->id = sql_col_int(q, 0);
    t->incident_id = sql_col_int(q, 1);
    t->title = sql_col_str(q, 2, arena);
    t->assignee = sql_col_str(q, 3, arena);
    t->due_ns = sql_col_time(q, 4);
    t->done_ns = sql_col_time(q, 5);
    t->done_by = sql_col_str(q, 6, arena);
    t->created_ns = sql_col_time(q, 7);
    t->created_by = sql_col_str(q, 8, arena);
    t->version = sql_col_int(q, 9);
}

enum err db_desk_task_add(struct store *store, struct task_row *t)
{
    struct sql *q =
        sql_start(store, "INSERT INTO task (incident,title,assignee,due,done,done_by,created,"
                         "created_by) VALUES ($1,$2,$3,$4,$5,$6,$7,$8) RETURNING id");
    sql_int(q, t->incident_id);
    sql_str(q, t->title);
    sql_str(q, t->assignee);
    sql_time(q, t->due_ns);
    sql_time(q, t->done_ns);
    sql_str(q, t->done_by);
    sql_time(q, t->created_ns);
    sql_str(q, t->created_by);
    t->id = sql_row(q) ? sql_col_int(q, 0) : 0;
    t->version = 1;
    return sql_end(q);
}

enum err db_desk_task_get(struct store *store, int64_t id, struct arena *arena,
                          struct task_row *task)
{
    struct sql *q = sql_start(store, "SELECT " TASK_COLUMNS " FROM task WHERE id=$1");

    sql_int(q, id);
    bool found = sql_row(q);
    if (found)
        read_task(q, arena, task);
    return sql_end_found(q, found);
}

enum err db_desk_task_put(struct store *store, struct task_row *t)
{
    struct sql *q = sql_start(store, "UPDATE task SET title=$1,assignee=$2,due=$3,done=$4,"
                                     "done_by=$5,version=version+1 WHERE id=$6 AND version=$7");
    sql_str(q, t->title);
    sql_str(q, t->assignee);
    sql_time(q, t->due_ns);
    sql_time(q, t->done_ns);
    sql_str(q, t->done_by);
    sql_int(q, t->id);
    sql_int(q, t->version);
    enum err err = sql_run(q);
    if (!err && !sql_changed(store))
        return ERR_CONFLICT;
    t->version += !err;
    return err;
}

static enum err delete_by_id(struct store *store, const char *text, int64_t id)
{
    struct sql *q = sql_start(store, text);

    sql_int(q, id);
    return sql_run_found(q);
}

enum err db_desk_task_delete(struct store *store, int64_t id)
{
    return delete_by_id(store, "DELETE FROM task WHERE id=$1", id);
}

enum err db_desk_tasks(struct store *store, int64_t incident_id, struct arena *arena,
                       struct task_row **rows, uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct sql *q =
        sql_start(store, "SELECT " TASK_COLUMNS " FROM task WHERE incident=$1 ORDER BY id");

    sql_int(q, incident_id);
    struct task_row *row;
    while ((row = sql_rows_next(q, &out)))
        read_task(q, arena, row);
    *rows = out.at;
    *n = out.n;
    return sql_end(q);
}

enum err db_desk_undo_add(struct store *store, const struct undo_row *undo)
{
    struct sql *q = sql_start(store, "DELETE FROM undo WHERE expires<$1");

    sql_time(q, undo->created_ns);
    enum err err = sql_run(q);
    if (err)
        return err;
    q = sql_start(store, "INSERT INTO undo (id,account,created,expires,action,detail) VALUES "
                         "($1,$2,$3,$4,$5,$6)");
    sql_str(q, undo->id);
    sql_int(q, undo->account_id);
    sql_time(q, undo->created_ns);
    sql_time(q, undo->expires_ns);
    sql_str(q, undo->action);
    sql_str(q, undo->detail);
    return sql_run(q);
}

enum err db_desk_undo_take(struct store *store, const char *id, int64_t account_id, uint64_t now_ns,
                           struct arena *arena, struct undo_row *undo)
{
    struct sql *q = sql_start(store, "UPDATE undo SET used=1 WHERE id=$1 AND account=$2 AND "
                                     "used=0 AND expires>=$3 RETURNING id,account,created,expires,"
                                     "action,detail");
    sql_str(q, id);
    sql_int(q, account_id);
    sql_time(q, now_ns);
    bool found = sql_row(q);
    if (found) {
        undo->id = sql_col_str(q, 0, arena);
        undo->account_id = sql_col_int(q, 1);
        undo->created_ns = sql_col_time(q, 2);
        undo->expires_ns = sql_col_time(q, 3);
        undo->action = sql_col_str(q, 4, arena);
        undo->detail = sql_col_str(q, 5, arena);
    }
    return sql_end_found(q, found);
}

#define SAVED_COLUMNS "id,account,owner,name,page,query,shared,created,updated"

static void read_saved(struct sql *q, struct arena *arena, struct saved_row *s)
{
    s->id = sql_col_int(q, 0);
    s->account_id = sql_col_int(q, 1);
    s->owner = sql_col_str(q, 2, arena);
    s->name = sql_col_str(q, 3, arena);
    s->page = sql_col_str(q, 4, arena);
    s->query = sql_col_str(q, 5, arena);
    s->shared = sql_col_int(q, 6) != 0;
    s->created_ns = sql_col_time(q, 7);
    s->updated_ns = sql_col_time(q, 8);
}

static enum err saved_new(struct store *store, struct saved_row *s)
{
    struct sql *q = sql_start(
        store, "INSERT INTO saved (account,owner,name,page,query,shared,created,updated) VALUES "
               "($1,$2,$3,$4,$5,$6,$7,$8) ON CONFLICT (account,page,name) DO NOTHING RETURNING id");
    sql_int(q, s->account_id);
    sql_str(q, s->owner);
    sql_str(q, s->name);
    sql_str(q, s->page);
    sql_str(q, s->query);
    sql_int(q, s->shared);
    sql_time(q, s->created_ns);
    sql_time(q, s->updated_ns);
    s->id = sql_row(q) ? sql_col_int(q, 0) : 0;
    enum err err = sql_end(q);
    return err ? err : s->id ? ERR_OK : ERR_CONFLICT;
}

enum err db_desk_saved_put(struct store *store, struct saved_row *s)
{
    if (!s->id)
        return saved_new(store, s);
    struct sql *q = sql_start(
        store, "UPDATE saved SET name=$1,query=$2,shared=$3,updated=$4 WHERE id=$5 AND NOT EXISTS "
               "(SELECT 1 FROM saved o WHERE o.account=saved.account AND o.page=saved.page AND "
               "o.name=$1 AND o.id<>$5)");
    sql_str(q, s->name);
    sql_str(q, s->query);
    sql_int(q, s->shared);
    sql_time(q, s->updated_ns);
    sql_int(q, s->id);
    enum err err = sql_run(q);
    return err ? err : sql_changed(store) ? ERR_OK : ERR_CONFLICT;
}

enum err db_desk_saved_get(struct store *store, int64_t id, struct arena *arena,
                           struct saved_row *saved)
{
    struct sql *q = sql_start(store, "SELECT " SAVED_COLUMNS " FROM saved WHERE id=$1");

    sql_int(q, id);
    bool found = sql_row(q);
    if (found)
        read_saved(q, arena, saved);
    return sql_end_found(q, found);
}

enum err db_desk_saved_delete(struct store *store, int64_t id)
{
    return delete_by_id(store, "DELETE FROM saved WHERE id=$1", id);
}

enum err db_desk_saved(struct store *store, int64_t account_id, struct arena *arena,
                       struct saved_row **rows, uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct sql *q = sql_start(store, "SELECT " SAVED_COLUMNS " FROM saved WHERE account=$1 OR "
                                     "shared<>0 ORDER BY page,name,id");
    sql_int(q, account_id);
    struct saved_row *row;
    while ((row = sql_rows_next(q, &out)))
        read_saved(q, arena, row);
    *rows = out.at;
    *n = out.n;
    return sql_end(q);
}

/* ---- stories ---- */

static const char edits_name[] = "stories.edits";

enum err db_desk_stories_edits(struct store *store, int64_t *n)
{
    struct arena arena;
    const char *value;
    uint64_t number = 0;

    arena_init(&arena, 256, 0);
    enum err err = store_meta_get(store, edits_name, &arena, &value);
    if (!err)
        slice_to_u64(slice_of_str(value), &number);
    arena_fini(&arena);
    *n = (int64_t)number;
    return err == ERR_NOTFOUND ? ERR_OK : err;
}

enum err db_desk_stories_edited(struct store *store)
{
    char text[24];
    int64_t n = 0;
    enum err err = db_desk_stories_edits(store, &n);

    snprintf(text, sizeof(text), "%lld", (long long)n + 1);
    return err ? err : store_meta_put(store, edits_name, text);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite 3.40 and newer, write-ahead log: one writer, many readers, nothing to administrate.
 * The only file that knows sqlite3. Commits are synced: what was acknowledged survives a power cut.
 */
#include "analyzer/store/store.h"
#include "common/check.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { SQLITE_WAIT_MS = 10000, SQLITE_PATH_MAX = 4096 };

struct sql_engine {
    sqlite3 *db;
    char path[SQLITE_PATH_MAX];
};

struct sql_stmt {
    sqlite3_stmt *s;
    struct sql_engine *engine;
};

static enum err err_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
        return ERR_OK;
    case SQLITE_DONE:
        return ERR_END;
    case SQLITE_CONSTRAINT:
        return ERR_CONFLICT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_AGAIN;
    case SQLITE_FULL:
        return ERR_FULL;
    case SQLITE_NOMEM:
        return ERR_NOMEM;
    case SQLITE_READONLY:
        return ERR_DENIED;
    default:
        return ERR_IO;
    }
}

static const char pragmas[] = "PRAGMA busy_timeout=10000;"
                              "PRAGMA journal_mode=WAL;"
                              "PRAGMA synchronous=FULL;"
                              "PRAGMA cache_size=-131072;"
                              "PRAGMA temp_store=MEMORY;"
                              "PRAGMA wal_autocheckpoint=32000;"
                              "PRAGMA journal_size_limit=268435456;";

static enum err lite_script(struct sql_engine *engine, const char *sql)
{
    return err_of(sqlite3_exec(engine->db, sql, NULL, NULL, NULL));
}

static void path_of(const char *place, char out[SQLITE_PATH_MAX])
{
    struct slice p = slice_of_str(place);
    bool is_file = slice_eq(slice_tail(p, 3), SLICE_LIT(".db"));
    snprintf(out, SQLITE_PATH_MAX, is_file ? "%s" : "%s/tramgac.db", place);
}

static void lite_close(struct sql_engine *engine)
{
    sqlite3_close_v2(engine->db);
    free(engine);
}

static enum err lite_open(const char *place, bool read_only, struct sql_engine **out, char *fault,
                          uint32_t fault_room)
{
    struct sql_engine *engine = calloc(1, sizeof(*engine));
    CHECK(engine);
    /* Counting its memory costs SQLite a lock at each allocation; nobody reads the count. Refused
     * once it works, and that is after the first store. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    path_of(place, engine->path);
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    flags |= read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int code = sqlite3_open_v2(engine->path, &engine->db, flags, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(engine->db, SQLITE_DBCONFIG_LOOKASIDE, NULL, 2048, 128);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(engine->db, SQLITE_WAIT_MS);
    if (code == SQLITE_OK)
        code = sqlite3_exec(engine->db, pragmas, NULL, NULL, NULL);
    if (code != SQLITE_OK) {
        snprintf(fault, fault_room, "cannot open the database %.180s: %s", engine->path,
                 engine->db ? sqlite3_errmsg(engine->db) : "out of memory");
        lite_close(engine);
        return err_of(code);
    }
    sqlite3_extended_result_codes(engine->db, 1);
    *out = engine;
    return ERR_OK;
}

static enum err lite_prepare(struct sql_engine *engine, struct slice sql, struct sql_stmt **out)
{
    struct sql_stmt *stmt = calloc(1, sizeof(*stmt));
    CHECK(stmt);
    stmt->engine = engine;
    int code = sqlite3_prepare_v3(engine->db, (const char *)sql.at, (int)sql.len,
                                  SQLITE_PREPARE_PERSISTENT, &stmt->s, NULL);
    if (code != SQLITE_OK) {
        free(stmt);
        return err_of(code);
    }
    *out = stmt;
    return ERR_OK;
}

static void lite_finish(struct sql_stmt *stmt)
{
    sqlite3_finalize(stmt->s);
    free(stmt);
}

static int bind_one(sqlite3_stmt *s, int i, const struct sql_value *v)
{
    const char *at = v->s.at ? (const char *)v->s.at : "";
    switch (v->kind) {
    case SQL_INT:
        return sqlite3_bind_int64(s, i, v->i);
    case SQL_TEXT:
        return sqlite3_bind_text(s, i, at, (int)v->s.len, SQLITE_STATIC);
    case SQL_BLOB:
        return sqlite3_bind_blob(s, i, at, (int)v->s.len, SQLITE_STATIC);
    case SQL_NULL:
    case SQL_KEYS:
        break;
    }
    return sqlite3_bind_null(s, i);
}

static enum err lite_bind(struct sql_stmt *stmt, const struct sql_value *args, uint32_t n)
{
    sqlite3_reset(stmt->s);
    CHECK(sqlite3_bind_parameter_count(stmt->s) == (int)n);
    for (uint32_t i = 0; i < n; i++) {
        int code = bind_one(stmt->s, (int)i + 1, &args[i]);
        if (code != SQLITE_OK)
            return err_of(code);
    }
    return ERR_OK;
}

static enum err lite_step(struct sql_stmt *stmt)
{
    return err_of(sqlite3_step(stmt->s));
}

static void lite_reset(struct sql_stmt *stmt)
{
    sqlite3_reset(stmt->s);
}

static struct sql_value lite_column(struct sql_stmt *stmt, uint32_t column)
{
    int i = (int)column;
    struct sql_value v = {SQL_NULL, 0, SLICE_NONE};

    switch (sqlite3_column_type(stmt->s, i)) {
    case SQLITE_INTEGER:
    case SQLITE_FLOAT:
        v.kind = SQL_INT;
        v.i = sqlite3_column_int64(stmt->s, i);
        break;
    case SQLITE_TEXT:
        v.kind = SQL_TEXT;
        v.s.at = sqlite3_column_text(stmt->s, i);
        v.s.len = (uint32_t)sqlite3_column_bytes(stmt->s, i);
        break;
    case SQLITE_BLOB:
        v.kind = SQL_BLOB;
        v.s.at = sqlite3_column_blob(stmt->s, i);
        v.s.len = (uint32_t)sqlite3_column_bytes(stmt->s, i);
        break;
    default:
        break;
    }
    return v;
}

static int64_t lite_changed(struct sql_engine *engine)
{
    return sqlite3_changes64(engine->db);
}

static const char *lite_fault(struct sql_engine *engine)
{
    return sqlite3_errmsg(engine->db);
}

static enum err lite_backup(struct sql_engine *engine, const char *to)
{
    sqlite3 *copy = NULL;
    int code = sqlite3_open(to, &copy);
    if (code == SQLITE_OK) {
        sqlite3_backup *work = sqlite3_backup_init(copy, "main", engine->db, "main");
        if (work) {
            code = sqlite3_backup_step(work, -1);
            sqlite3_backup_finish(work);
        } else {
            code = sqlite3_errcode(copy);
        }
    }
    sqlite3_close(copy);
    return code == SQLITE_DONE ? ERR_OK : err_of(code);
}

static uint64_t lite_bytes(struct sql_engine *engine)
{
    static const char *const ends[] = {"", "-wal"};
    uint64_t sum = 0;
    for (int i = 0; i < 2; i++) {
        char path[SQLITE_PATH_MAX + 8];
        struct stat st;
        snprintf(path, sizeof(path), "%s%s", engine->path, ends[i]);
        if (stat(path, &st) == 0)
            sum += (uint64_t)st.st_size;
    }
    return sum;
}

const struct store_def store_sqlite = {
    .name = "sqlite",
    .doc = "One file under --data; for a site or a city of moderate size",
    .begin = "BEGIN IMMEDIATE",
    .insert = "INSERT OR FAIL INTO",
    .one_by_one = true,
    .id_key = "INTEGER PRIMARY KEY AUTOINCREMENT",
    .key = "INTEGER PRIMARY KEY",
    .blob = "BLOB",
    .text = "TEXT",
    .share = "", /* a writing transaction is alone anyway */
    .grab = "",
    .by_day = "",
    .by_key = " WITHOUT ROWID",
    .gathered = "",
    .open = lite_open,
    .close = lite_close,
    .script = lite_script,
    .prepare = lite_prepare,
    .finish = lite_finish,
    .bind = lite_bind,
    .step = lite_step,
    .reset = lite_reset,
    .column = lite_column,
    .changed = lite_changed,
    .fault = lite_fault,
    .backup = lite_backup,
    .bytes = lite_bytes,
};

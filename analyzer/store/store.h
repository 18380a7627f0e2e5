/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: everything the analyzer must still know after a crash.
 *
 * One schema and one set of statements (schema.c and the db_*.c files) for every engine; an engine
 * is one file store_<name>.c that ends in a `struct store_def`: the only place that knows its
 * library.
 *
 * A `struct store` is one connection, used by one thread at a time. The writer (run/) owns one and
 * writes batches; every API thread opens its own: it reads the last committed state and may write
 * in short transactions of its own. Who edits an incident passes the version he has seen
 * (db_incidents.h), so nobody overwrites anybody.
 *
 * Reads give rows in the caller's arena: they live as long as it. Writes outside store_begin ..
 * store_commit are a transaction each. After ERR_IO or ERR_FULL (disk full, file gone) the
 * transaction is rolled back as a whole: the caller keeps its input, and tries again.
 */
#ifndef TRAMGAC_ANALYZER_STORE_STORE_H
#define TRAMGAC_ANALYZER_STORE_STORE_H

#include "common/arena.h"
#include "common/conf.h"
#include "common/err.h"
#include "common/slice.h"

struct store;
struct sql_engine; /* an engine's connection */
struct sql_stmt;   /* an engine's prepared statement */

/* SQL_KEYS: the slice holds int64_t side by side, the statement says "= ANY($1)"; of an engine that
 * copies. */
enum sql_kind { SQL_NULL, SQL_INT, SQL_TEXT, SQL_BLOB, SQL_KEYS };

struct sql_value {
    enum sql_kind kind;
    int64_t i;
    struct slice s; /* a column's bytes: valid until the next step or reset */
};

/** An engine. Statements are written with $1, $2, ... in order of first use; all of them are valid
 * in SQLite and in PostgreSQL. */
struct store_def {
    const char *name; /* value of the option store.engine */
    const char *doc;
    const char *begin;  /* statement that begins a writing transaction */
    const char *insert; /* begins a statement of rows that are all refused, or none: what fails is
                         * rolled back with its transaction */
    const char *id_key; /* column type of a key that the store counts up itself */
    const char *key;    /* column type of a 64-bit key that the caller gives */
    const char *blob;   /* column type of bytes */
    const char *text;   /* column type of text, ordered by its bytes */
    const char *lock;   /* statement that takes lock $1 until the transaction ends; NULL: `begin`
                         * does already */
    const char *share;  /* behind a SELECT: its rows stay as they are until the transaction ends */
    const char *grab;   /* the same, and rows that somebody else holds are left out */
    /** `place`: directory or connection text. A fault is a sentence for the operator. */
    enum err (*open)(const char *place, bool read_only, struct sql_engine **engine, char *fault,
                     uint32_t fault_room);
    void (*close)(struct sql_engine *engine);
    /** Several statements without arguments (schema, begin, commit). */
    enum err (*script)(struct sql_engine *engine, const char *sql);
    enum err (*prepare)(struct sql_engine *engine, struct slice sql, struct sql_stmt **stmt);
    void (*finish)(struct sql_stmt *stmt);
    /** Binds all arguments and starts anew. The bytes must stay until the next step or reset. */
    enum err (*bind)(struct sql_stmt *stmt, const struct sql_value *args, uint32_t n);
    /** ERR_OK: a row is there. ERR_END: done. ERR_CONFLICT: a unique key. ERR_AGAIN: somebody else
     * holds the lock too long. ERR_FULL: no space. ERR_IO: all else. */
    enum err (*step)(struct sql_stmt *stmt);
    void (*reset)(struct sql_stmt *stmt);
    /** Binds and runs in a transaction without waiting; a failure is told by a later statement or
     * by the commit. The bytes are taken at once. NULL: the engine waits for nobody. */
    enum err (*post)(struct sql_stmt *stmt, const struct sql_value *args, uint32_t n);
    /** In a transaction: copies rows into "table (columns)", each of `columns` values side by side,
     * in any number of calls that follow each other; `copied` ends them, without waiting: a failure
     * may be told later, as of `post`. NULL: has no such way. */
    enum err (*copy)(struct sql_engine *engine, const char *table, const struct sql_value *args,
                     uint32_t columns, uint32_t rows);
    enum err (*copied)(struct sql_engine *engine);
    bool one_by_one; /* a statement of many rows that may change some costs more than one each */
    struct sql_value (*column)(struct sql_stmt *stmt, uint32_t i);
    int64_t (*changed)(struct sql_engine *engine); /* rows of the last statement */
    const char *(*fault)(struct sql_engine *engine);
    bool led; /* a set of keys finds rows when it stands beside the other conditions, not among
               * alternatives; "+" before a column of ORDER BY: not by its index */
    const char *by_day;     /* behind the table of events: partitioned by number; "" = it is not */
    const char *by_key;     /* behind a table whose rows should lie in the order of its key */
    const char *gathered;   /* indexes that sort many new entries at a time, in the place of those
                             * that sort each; "" = has none */
    const char *next_block; /* statement that gives the next block of event numbers; NULL: there is
                             * one writer, who counts */
    /** Makes the partition of a day for numbers first <= n < end, or drops it (end 0). */
    enum err (*day)(struct sql_engine *engine, uint64_t day, int64_t first, int64_t end);
    /** Copies the whole store to a file or directory while it is in use; NULL: cannot. */
    enum err (*backup)(struct sql_engine *engine, const char *to);
    /** Bytes on disk; 0 unknown. */
    uint64_t (*bytes)(struct sql_engine *engine);
};

extern const struct store_def *const store_rows[];
extern const struct option store_options[];

/** The engine and place that the configuration names. `data_dir` is --data. */
enum err store_open(const struct conf *conf, const char *data_dir, struct store **store,
                    char *fault, uint32_t fault_room);
/** Engine by name, without configuration (tests, tools). Creates or migrates the schema. */
enum err store_open_at(const char *engine, const char *place, struct store **store, char *fault,
                       uint32_t fault_room);
/** A second connection to the same store, for another thread. */
enum err store_again(const struct store *store, struct store **other);
void store_close(struct store **store);

/** One transaction; takes the writer's lock at once. Not nested. */
enum err store_begin(struct store *store);
enum err store_commit(struct store *store);
void store_rollback(struct store *store);
bool store_in_batch(const struct store *store);
/** In a transaction: nobody else has this lock until it ends. For what must not be forked: chains
 * of rows, migrations. */
enum store_lock { STORE_LOCK_SCHEMA = 7001, STORE_LOCK_AUDIT };
enum err store_lock(struct store *store, enum store_lock lock);

/** Text of the last failure, for health and messages. */
const char *store_fault(const struct store *store);
uint64_t store_bytes(const struct store *store);
const char *store_engine_name(const struct store *store);
enum err store_backup(struct store *store, const char *to);
int64_t store_schema_version(struct store *store);

/** Small named values: "installed_at", "geo.version". ERR_NOTFOUND: *value is "". */
enum err store_meta_get(struct store *store, const char *name, struct arena *arena,
                        const char **value);
enum err store_meta_put(struct store *store, const char *name, const char *value);

#endif

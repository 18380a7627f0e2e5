/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections, transactions and the small named values.
 */
#include "analyzer/store/store.h"
#include "analyzer/store/schema.h"
#include "analyzer/store/sql.h"
#include "common/check.h"

#include <stdio.h>
#include <stdlib.h>

const struct option store_options[] = {
    {"store.engine", CONF_TEXT, "sqlite",
     "Where incidents, groups and events are kept: sqlite or postgres."},
    {"store.place", CONF_TEXT, "",
     "Directory or file of the store; of postgres the connection text (host=... dbname=...); "
     "empty: "
     "the directory of --data."},
    OPTION_END};

static const struct store_def *engine_named(const char *name)
{
    for (uint32_t i = 0; store_rows[i]; i++)
        if (strcmp(store_rows[i]->name, name) == 0)
            return store_rows[i];
    return NULL;
}

static enum err connect(const struct store_def *def, const char *place, struct store **out,
                        char *fault, uint32_t fault_room)
{
    struct store *store = calloc(1, sizeof(*store));
    CHECK(store);
    store->def = def;
    store->place = strdup(place);
    CHECK(store->place);
    enum err err = def->open(place, false, &store->engine, fault, fault_room);
    if (err) {
        free(store->place);
        free(store);
        return err;
    }
    *out = store;
    return ERR_OK;
}

enum err store_open_at(const char *engine, const char *place, struct store **store, char *fault,
                       uint32_t fault_room)
{
    const struct store_def *def = engine_named(engine);

    *store = NULL;
    if (!def) {
        snprintf(fault, fault_room, "there is no store engine \"%s\"", engine);
        return ERR_NOTFOUND;
    }
    enum err err = connect(def, place, store, fault, fault_room);
    if (err)
        return err;
    err = schema_migrate(*store);
    if (err) {
        snprintf(fault, fault_room, "cannot bring the tables up to date: %s", store_fault(*store));
        store_close(store);
    }
    return err;
}

enum err store_open(const struct conf *conf, const char *data_dir, struct store **store,
                    char *fault, uint32_t fault_room)
{
    const char *place = conf_text(conf, "store.place");
    return store_open_at(conf_text(conf, "store.engine"), *place ? place : data_dir, store, fault,
                         fault_room);
}

enum err store_again(const struct store *store, struct store **other)
{
    char fault[256];
    return connect(store->def, store->place, other, fault, sizeof(fault));
}

void store_close(struct store **store)
{
    if (!*store)
        return;
    if ((*store)->in_batch)
        store_rollback(*store);
    sql_forget(*store);
    (*store)->def->close((*store)->engine);
    free((*store)->place);
    free(*store);
    *store = NULL;
}

static enum err script(struct store *store, const char *sql)
{
    enum err err = store->def->script(store->engine, sql);
    if (err)
        snprintf(store->fault, sizeof(store->fault), "%s", store->def->fault(store->engine));
    return err;
}

enum err store_begin(struct store *store)
{
    CHECK(!store->in_batch);
    enum err err = script(store, store->def->begin);
    store->in_batch = err == ERR_OK;
    return err;
}

enum err store_commit(struct store *store)
{
    CHECK(store->in_batch);
    enum err err = script(store, "COMMIT");
    if (err)
        store_rollback(store);
    store->in_batch = false;
    return err;
}

void store_rollback(struct store *store)
{
    /* After a full disk the engine may have rolled back by itself; then this fails, and that is
     * fine. */
    if (store->in_batch)
        (void)store->def->script(store->engine, "ROLLBACK");
    store->in_batch = false;
}

bool store_in_batch(const struct store *store)
{
    return store->in_batch;
}

enum err store_lock(struct store *store, enum store_lock lock)
{
    CHECK(store->in_batch);
    if (!store->def->lock)
        return ERR_OK;
    struct sql *q = sql_start(store, store->def->lock);
    sql_int(q, (int64_t)lock);
    return sql_run(q);
}

const char *store_fault(const struct store *store)
{
    return store->fault;
}

uint64_t store_bytes(const struct store *store)
{
    return store->def->bytes(store->engine);
}

const char *store_engine_name(const struct store *store)
{
    return store->def->name;
}

enum err store_backup(struct store *store, const char *to)
{
    return store->def->backup ? store->def->backup(store->engine, to) : ERR_UNSUPPORTED;
}

int64_t store_schema_version(struct store *store)
{
    return schema_version(store);
}

enum err store_meta_get(struct store *store, const char *name, struct arena *arena,
                        const char **value)
{
    struct sql *q = sql_start(store, "SELECT value FROM meta WHERE name=$1");
    sql_str(q, name);
    bool found = sql_row(q);
    *value = found ? sql_col_str(q, 0, arena) : "";
    enum err err = sql_end(q);
    return err ? err : found ? ERR_OK : ERR_NOTFOUND;
}

enum err store_meta_put(struct store *store, const char *name, const char *value)
{
    struct sql *q = sql_start(store, "INSERT INTO meta (name,value) VALUES ($1,$2) "
                                     "ON CONFLICT (name) DO UPDATE SET value=excluded.value");
    sql_str(q, name);
    sql_str(q, value);
    return sql_post(q);
}

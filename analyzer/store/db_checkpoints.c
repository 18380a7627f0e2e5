/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/store/db_checkpoints.h"
#include "analyzer/store/sql.h"

enum err db_checkpoints_put(struct store *store, const char *name, struct slice bytes)
{
    struct sql *q = sql_start(store, "INSERT INTO checkpoint (name,bytes) VALUES ($1,$2) "
                                     "ON CONFLICT (name) DO UPDATE SET bytes=excluded.bytes");
    sql_str(q, name);
    sql_blob(q, bytes);
    return sql_post(q);
}

enum err db_checkpoints_get(struct store *store, const char *name, struct arena *arena,
                            struct slice *bytes)
{
    struct sql *q = sql_start(store, "SELECT bytes FROM checkpoint WHERE name=$1");
    sql_str(q, name);
    bool found = sql_row(q);
    *bytes = found ? sql_col_blob(q, 0, arena) : SLICE_NONE;
    return sql_end_found(q, found);
}

enum err db_checkpoints_delete(struct store *store, const char *name)
{
    struct sql *q = sql_start(store, "DELETE FROM checkpoint WHERE name=$1");
    sql_str(q, name);
    return sql_post(q);
}

enum err db_checkpoints_each(struct store *store, const char *prefix,
                             enum err (*each)(void *ctx, const char *name, struct slice bytes),
                             void *ctx)
{
    struct strbuf behind; /* first name that does not begin with the prefix: its last byte + 1 */
    struct arena arena;
    enum err stop = ERR_OK;

    strbuf_init(&behind, 0);
    strbuf_str(&behind, prefix);
    strbuf_str(&behind, "\xf4\x8f\xbf\xbf"); /* U+10FFFF: behind every name we write */
    arena_init(&arena, 4096, 0);
    struct sql *q = sql_start(
        store, "SELECT name,bytes FROM checkpoint WHERE name>=$1 AND name<$2 ORDER BY name");
    sql_str(q, prefix);
    sql_text(q, strbuf_view(&behind));
    while (!stop && sql_row(q)) {
        arena_reset(&arena);
        const char *name = sql_col_str(q, 0, &arena);
        stop = each(ctx, name, sql_col_blob(q, 1, &arena));
    }
    enum err err = sql_end(q);
    arena_fini(&arena);
    strbuf_fini(&behind);
    return stop ? stop : err;
}

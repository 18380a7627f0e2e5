/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/store/db_blocks.h"
#include "analyzer/store/sql.h"

enum { BLOCK_BITS = 13, BLOCKS_LOOKED = 512 }; /* schema.c says 8192 as well */

struct sums {
    int64_t block, n;
    uint64_t first_ns, last_ns;
};

static enum err add_one(struct store *store, const struct sums *sums)
{
    struct sql *q =
        sql_start(store, "INSERT INTO block (id,first,last,n) VALUES ($1,$2,$3,$4) ON CONFLICT "
                         "(id) DO UPDATE SET n=block.n+excluded.n,"
                         "first=CASE WHEN excluded.first<block.first THEN excluded.first"
                         " ELSE block.first END,"
                         "last=CASE WHEN excluded.last>block.last THEN excluded.last"
                         " ELSE block.last END");
    sql_int(q, sums->block);
    sql_time(q, sums->first_ns);
    sql_time(q, sums->last_ns);
    sql_int(q, sums->n);
    return sql_post(q);
}

enum err db_blocks_add(struct store *store, const struct record *records, uint32_t n)
{
    struct sums sums = {0};
    enum err err = ERR_OK;

    for (uint32_t i = 0; !err && i < n; i++) {
        const struct record *r = &records[i];
        if (r->sampled_out)
            continue;
        if (sums.n && sums.block != r->event_id >> BLOCK_BITS) {
            err = add_one(store, &sums);
            sums.n = 0;
        }
        if (sums.n == 0)
            sums = (struct sums){r->event_id >> BLOCK_BITS, 0, r->ts_ns, r->ts_ns};
        sums.n++;
        sums.first_ns = r->ts_ns < sums.first_ns ? r->ts_ns : sums.first_ns;
        sums.last_ns = r->ts_ns > sums.last_ns ? r->ts_ns : sums.last_ns;
    }
    return err || sums.n == 0 ? err : add_one(store, &sums);
}

enum err db_blocks_window(struct store *store, int64_t before, uint64_t from_ns, uint64_t to_ns,
                          int64_t events, struct blocks_window *window)
{
    struct sql_where w;
    uint32_t looked = 0;
    bool full = false;

    *window = (struct blocks_window){0};
    sql_where_init(&w, "SELECT id,n FROM block");
    const struct sql_value top = sql_of_int((before - 1) >> BLOCK_BITS);
    if (before)
        sql_where_and(&w, "id<=?", &top, 1);
    sql_where_int(&w, "last>=?", (int64_t)from_ns);
    sql_where_int(&w, "first<=?", (int64_t)to_ns);
    sql_where_page(&w, "id DESC", BLOCKS_LOOKED, BLOCKS_LOOKED, BLOCKS_LOOKED);
    struct sql *q = sql_where_start(&w, store);
    while (!full && sql_row(q)) {
        int64_t id = sql_col_int(q, 0);
        full = window->n >= events || (looked && window->first != (id + 1) << BLOCK_BITS);
        if (full)
            break;
        if (looked++ == 0)
            window->end = (id + 1) << BLOCK_BITS;
        window->first = id << BLOCK_BITS;
        window->n += sql_col_int(q, 1);
    }
    if (before && before < window->end)
        window->end = before;
    window->last = !full && (looked < BLOCKS_LOOKED || window->first == 0);
    return sql_where_end(&w, q);
}

enum err db_blocks_forget(struct store *store, int64_t id)
{
    struct sql *q =
        sql_start(store, "DELETE FROM block WHERE id<$1 AND NOT EXISTS (SELECT 1 FROM event WHERE "
                         "event.id>=block.id*8192 AND event.id<(block.id+1)*8192)");
    sql_int(q, id >> BLOCK_BITS);
    return sql_run(q);
}

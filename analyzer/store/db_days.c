/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/store/db_days.h"
#include "analyzer/store/db_blocks.h"
#include "analyzer/store/db_events.h"
#include "analyzer/store/rows.h"
#include "analyzer/store/sql.h"

#include <stdio.h>

enum { LOOK_BACK_DAYS = 31, NAME_MAX = 32 };

static const uint32_t kinds_of[DAYS_CLASSES] = {
    [DAYS_ALERTS] = 1 << RECORD_ALERT | 1 << RECORD_DEVIATION | 1 << RECORD_DEVICE,
    [DAYS_FLOWS] = 1 << RECORD_FLOW | 1 << RECORD_STATS,
    [DAYS_OTHER] = 1 << RECORD_TX | 1 << RECORD_VISIBILITY | 1 << RECORD_OTHER};

uint32_t db_days_kinds(enum days_class class_)
{
    return kinds_of[class_];
}

enum days_class db_days_class(enum record_kind kind)
{
    uint32_t i = 0;

    while (i + 1 < DAYS_CLASSES && !(kinds_of[i] & 1u << kind))
        i++;
    return (enum days_class)i;
}

static int64_t first_id(uint64_t day)
{
    return (int64_t)(day << DAYS_ID_BITS);
}

static void name_of(uint64_t day, char out[NAME_MAX])
{
    snprintf(out, NAME_MAX, "day/%llu", (unsigned long long)day);
}

static enum err noted(struct store *store, uint64_t day, int64_t *id, bool *known)
{
    char name[NAME_MAX];
    const char *value;
    struct arena arena;
    uint64_t number = 0;

    name_of(day, name);
    arena_init(&arena, 256, 0);
    enum err err = store_meta_get(store, name, &arena, &value);
    slice_to_u64(slice_of_str(value), &number);
    *id = (int64_t)number;
    *known = err == ERR_OK;
    arena_fini(&arena);
    return err == ERR_NOTFOUND ? ERR_OK : err;
}

static enum err note(struct store *store, uint64_t day, int64_t id)
{
    char name[NAME_MAX], value[NAME_MAX];

    name_of(day, name);
    snprintf(value, sizeof(value), "%lld", (long long)id);
    return store_meta_put(store, name, value);
}

/* In one transaction: partitions that are noted are there. */
static enum err make_days(struct store *store, uint64_t from, uint64_t to)
{
    enum err err = store_begin(store);

    if (err)
        return err;
    err = store_lock(store, STORE_LOCK_SCHEMA);
    for (uint64_t day = from; !err && day <= to; day++) {
        int64_t id;
        bool known;
        err = noted(store, day, &id, &known);
        if (!err && !known)
            err = store->def->day(store->engine, day, first_id(day), first_id(day + 1));
        if (!err && !known)
            err = note(store, day, first_id(day) - 1);
    }
    if (!err)
        return store_commit(store);
    store_rollback(store);
    return err;
}

static enum err next_block(struct store *store, int64_t *block)
{
    struct sql *q = sql_start(store, store->def->next_block);

    *block = sql_row(q) ? sql_col_int(q, 0) : 0;
    return sql_end(q);
}

enum err db_days_claim(struct store *store, uint64_t now_ns, struct event_ids *ids)
{
    uint64_t day = now_ns / DAYS_NS;
    int64_t block;

    if (!store->def->next_block) {
        if (ids->next)
            return ERR_OK;
        enum err err = db_events_last_id(store, &ids->next);
        ids->next = err ? 0 : ids->next + 1;
        ids->end = INT64_MAX;
        return err;
    }
    if (ids->next >> DAYS_ID_BITS == (int64_t)day && ids->end - ids->next >= BATCH_RECORDS_MAX)
        return ERR_OK;
    enum err err = make_days(store, day, day + 1);
    if (!err)
        err = next_block(store, &block);
    if (err)
        return err;
    ids->next = first_id(day) | (block << DAYS_BLOCK_BITS & (first_id(1) - 1));
    ids->end = ids->next + (1 << DAYS_BLOCK_BITS);
    return ERR_OK;
}

enum err db_days_begin(struct store *store, uint64_t day)
{
    int64_t id;
    bool known;

    if (store->def->next_block)
        return make_days(store, day, day + 1);
    enum err err = noted(store, day, &id, &known);
    if (err || known)
        return err;
    err = db_events_last_id(store, &id);
    return err ? err : note(store, day, id);
}

enum err db_days_mark(struct store *store, uint64_t day, int64_t *id)
{
    enum err err = ERR_OK;
    bool known = false;

    if (store->def->next_block) {
        *id = first_id(day) - 1;
        return ERR_OK;
    }
    *id = 0; /* on days when we did not run nothing was noted: then the day before */
    for (uint64_t back = 0; !err && !known && back < LOOK_BACK_DAYS && back < day; back++)
        err = noted(store, day - back, id, &known);
    return err;
}

enum err db_days_add(struct store *store, uint64_t day, enum days_class class_, int64_t n,
                     int64_t bytes)
{
    struct sql *q = sql_start(
        store, "INSERT INTO usage (day,class,n,bytes) VALUES ($1,$2,$3,$4) ON CONFLICT (day,class) "
               "DO UPDATE SET n=usage.n+excluded.n,bytes=usage.bytes+excluded.bytes");
    sql_int(q, (int64_t)day);
    sql_int(q, class_);
    sql_int(q, n);
    sql_int(q, bytes);
    return sql_post(q);
}

enum err db_days_usage(struct store *store, struct days_usage usage[DAYS_CLASSES])
{
    struct sql *q =
        sql_start(store, "SELECT class,CAST(sum(n) AS BIGINT),CAST(sum(bytes) AS BIGINT),"
                         "min(day),max(day) FROM usage GROUP BY class");

    memset(usage, 0, DAYS_CLASSES * sizeof(*usage));
    while (sql_row(q)) {
        int64_t class_ = sql_col_int(q, 0);
        if (class_ < 0 || class_ >= DAYS_CLASSES)
            continue;
        usage[class_] =
            (struct days_usage){sql_col_int(q, 1), sql_col_int(q, 2), (uint64_t)sql_col_int(q, 3),
                                (uint64_t)sql_col_int(q, 4)};
    }
    return sql_end(q);
}

enum err db_days_fitting(struct store *store, enum days_class class_, int64_t bytes, uint64_t *day)
{
    int64_t sum = 0, newer = 0;
    struct sql *q =
        sql_start(store, "SELECT day,bytes FROM usage WHERE class=$1 ORDER BY day DESC");

    *day = 0;
    sql_int(q, class_);
    while (*day == 0 && sql_row(q)) {
        sum += sql_col_int(q, 1);
        if (sum > bytes) /* today is always kept */
            *day = (uint64_t)(newer ? newer : sql_col_int(q, 0));
        newer = sql_col_int(q, 0);
    }
    return sql_end(q);
}

enum err db_days_forget(struct store *store, enum days_class class_, uint64_t day)
{
    struct sql *q = sql_start(store, "DELETE FROM usage WHERE class=$1 AND day<$2");
    sql_int(q, class_);
    sql_int(q, (int64_t)day);
    return sql_run(q);
}

/* ---- the end of days */

static enum err oldest(struct store *store, uint64_t before, uint64_t *days, uint32_t room,
                       uint32_t *n)
{
    struct arena arena;
    struct sql *q = sql_start(store, "SELECT name FROM meta WHERE name>='day/' AND name<'day0'");

    *n = 0;
    arena_init(&arena, 4096, 0);
    while (*n < room && sql_row(q)) {
        struct slice name = slice_of_str(sql_col_str(q, 0, &arena));
        if (slice_to_u64(slice_from(name, 4), &days[*n]) && days[*n] < before)
            ++*n;
    }
    enum err err = sql_end(q);
    arena_fini(&arena);
    return err;
}

static enum err spares(struct store *store, uint64_t day, bool *any)
{
    struct sql *q = sql_start(store, "SELECT 1 FROM event WHERE id>=$1 AND id<$2 AND (" ROWS_SPARED
                                     ") LIMIT 1");
    sql_int(q, first_id(day));
    sql_int(q, first_id(day + 1));
    *any = sql_row(q);
    return sql_end(q);
}

static enum err drop_one(struct store *store, uint64_t day, uint32_t *dropped)
{
    char name[NAME_MAX];
    bool any = false;
    enum err err = store_begin(store);

    if (err)
        return err;
    err = store_lock(store, STORE_LOCK_SCHEMA);
    if (!err)
        err = spares(store, day, &any);
    if (!err && !any)
        err = store->def->day(store->engine, day, 0, 0);
    if (!err && !any)
        err = db_blocks_forget(store, first_id(day + 1));
    name_of(day, name);
    if (!err && !any) {
        struct sql *q = sql_start(store, "DELETE FROM meta WHERE name=$1");
        sql_str(q, name);
        err = sql_run(q);
        *dropped += err == ERR_OK;
    }
    if (!err)
        return store_commit(store);
    store_rollback(store);
    return err;
}

enum err db_days_drop(struct store *store, uint64_t day, uint32_t *dropped)
{
    uint64_t days[LOOK_BACK_DAYS];
    uint32_t n = 0;
    enum err err = ERR_OK;

    *dropped = 0;
    if (store->def->day)
        err = oldest(store, day, days, LOOK_BACK_DAYS, &n);
    for (uint32_t i = 0; !err && i < n; i++)
        err = drop_one(store, days[i], dropped);
    return err;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements have 32, 8 or one row: few texts, so that each is prepared once. A copy has any number
 * of rows, sent 1,024 at a time; plain rows of one call are one copy.
 *
 * Where a statement that may change rows wants to remember what it changed (store_def.one_by_one),
 * or rows can be copied, it is asked first which keys are there: rows of the others are plain, and
 * go together. So a table with a key has one writer.
 */
#include "analyzer/store/sql_bulk.h"
#include "common/check.h"

#include <stdlib.h>

enum { ROWS_COPIED = 1024, ROWS_COPIED_LEAST = 16, ROWS_MOST = 32 };
static const uint32_t sizes[SQL_BULK_SIZES] = {ROWS_MOST, 8, 1}; /* rows of a statement */

void sql_bulk_start(struct sql_bulk *b, struct store *store, const struct sql_table *table)
{
    *b = (struct sql_bulk){.store = store, .table = table};
    bool copies = store->def->copy && (!*table->tail || *table->key);
    b->room = (copies ? ROWS_COPIED : ROWS_MOST) * table->n;
    b->args = malloc(b->room * sizeof(*b->args));
    CHECK(b->args);
    for (uint32_t i = 0; i <= SQL_BULK_SIZES; i++)
        strbuf_init(&b->texts[i], 0);
}

/* "INSERT INTO t (a,b) VALUES ($1,$2),($3,$4) ..." */
static const char *statement(struct sql_bulk *b, struct strbuf *text, uint32_t rows,
                             const char *tail)
{
    uint32_t arg = 0;

    if (text->len)
        return text->at;
    strbuf_fmt(text, "%s %s (%s) VALUES ", b->store->def->insert, b->table->name,
               b->table->columns);
    for (uint32_t row = 0; row < rows; row++) {
        strbuf_str(text, row ? ",(" : "(");
        for (uint32_t i = 0; i < b->table->n; i++)
            strbuf_fmt(text, i ? ",$%u" : "$%u", ++arg);
        strbuf_char(text, ')');
    }
    strbuf_str(text, tail);
    return text->at;
}

static void insert(struct sql_bulk *b, const struct sql_value *args, uint32_t rows,
                   const char *text)
{
    struct sql *q = sql_start(b->store, text);

    sql_given(q, args, rows * b->table->n);
    b->err = sql_post(q);
}

static void insert_all(struct sql_bulk *b, const char *tail)
{
    uint32_t from = 0;

    for (uint32_t i = 0; i < SQL_BULK_SIZES; i++) {
        uint32_t step = sizes[i] * b->table->n;
        for (; !b->err && b->n - from >= step; from += step)
            insert(b, b->args + from, sizes[i], statement(b, &b->texts[i], sizes[i], tail));
    }
}

static int by_number(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

bool sql_bulk_is_known(const int64_t *known, uint32_t n, int64_t key)
{
    return n && bsearch(&key, known, n, sizeof(*known), by_number);
}

static void ask_text(const struct sql_table *table, const char *condition, struct strbuf *text)
{
    strbuf_init(text, 0);
    strbuf_fmt(text, "SELECT DISTINCT %s FROM %s WHERE %s%s", table->key, table->name, table->key,
               condition);
}

static enum err asked(struct sql *q, uint32_t n, int64_t *known, uint32_t *n_known)
{
    for (*n_known = 0; *n_known < n && sql_row(q); ++*n_known)
        known[*n_known] = sql_col_int(q, 0);
    return sql_end(q);
}

/* Any number of keys as one argument. */
static enum err ask_all(struct store *store, const struct sql_table *table, const int64_t *keys,
                        uint32_t n, int64_t *known, uint32_t *n_known)
{
    const struct sql_value all = {
        SQL_KEYS, 0, {(const uint8_t *)keys, n * (uint32_t)sizeof(*keys)}};
    struct strbuf text;

    ask_text(table, "=ANY($1)", &text);
    struct sql *q = sql_start(store, text.at);
    sql_given(q, &all, 1);
    enum err err = asked(q, n, known, n_known);
    strbuf_fini(&text);
    return err;
}

/* The question has one text for any number of keys: the last one fills it up. */
static enum err ask_some(struct store *store, const struct sql_table *table, const int64_t *keys,
                         uint32_t n, int64_t *known, uint32_t *n_known)
{
    struct sql_value args[ROWS_MOST];
    struct strbuf text;

    CHECK(n && n <= ROWS_MOST);
    ask_text(table, " IN (", &text);
    for (uint32_t i = 0; i < ROWS_MOST; i++) {
        args[i] = sql_of_int(keys[i < n ? i : n - 1]);
        strbuf_fmt(&text, i ? ",$%u" : "$%u", i + 1);
    }
    strbuf_str(&text, ") ORDER BY 1");
    struct sql *q = sql_start(store, text.at);
    sql_given(q, args, ROWS_MOST);
    enum err err = asked(q, n, known, n_known);
    strbuf_fini(&text);
    return err;
}

enum err sql_bulk_known(struct store *store, const struct sql_table *table, const int64_t *keys,
                        uint32_t n, int64_t *known, uint32_t *n_known)
{
    enum err err = ERR_OK;
    uint32_t more = 0;

    *n_known = 0;
    if (store->def->copy && n)
        err = ask_all(store, table, keys, n, known, n_known);
    for (uint32_t from = 0; !store->def->copy && !err && from < n; from += ROWS_MOST) {
        uint32_t some = n - from < ROWS_MOST ? n - from : ROWS_MOST;
        err = ask_some(store, table, keys + from, some, known + *n_known, &more);
        *n_known += more;
    }
    qsort(known, *n_known, sizeof(*known), by_number);
    return err;
}

/* The same for the rows that wait. */
static uint32_t ask(struct sql_bulk *b, int64_t known[ROWS_COPIED])
{
    int64_t keys[ROWS_COPIED];
    uint32_t rows = b->n / b->table->n, n = 0;

    for (uint32_t i = 0; i < rows; i++)
        keys[i] = b->args[i * b->table->n].i;
    b->err = sql_bulk_known(b->store, b->table, keys, rows, known, &n);
    return n;
}

/* Rows that are there already are changed one by one; the others move together. */
static void change_or_insert(struct sql_bulk *b)
{
    int64_t known[ROWS_COPIED];
    uint32_t step = b->table->n, fresh = 0;
    uint32_t n = *b->table->key && b->n ? ask(b, known) : 0;

    for (uint32_t from = 0; !b->err && from < b->n; from += step) {
        const struct sql_value *row = b->args + from;
        if (!*b->table->key || sql_bulk_is_known(known, n, row->i)) {
            struct strbuf *text = &b->texts[SQL_BULK_SIZES];
            insert(b, row, 1, statement(b, text, 1, b->table->tail));
        } else {
            memmove(b->args + fresh, row, step * sizeof(*row));
            fresh += step;
        }
    }
    b->n = fresh;
    insert_all(b, "");
}

static void copy_some(struct sql_bulk *b)
{
    struct strbuf text;

    strbuf_init(&text, 0);
    strbuf_fmt(&text, "%s (%s)", b->table->name, b->table->columns);
    b->err = sql_copy(b->store, text.at, b->args, b->table->n, b->n / b->table->n);
    b->copying = true;
    strbuf_fini(&text);
}

static void end_copy(struct sql_bulk *b)
{
    enum err err = b->copying ? sql_copied(b->store) : ERR_OK;

    b->err = b->err ? b->err : err;
    b->copying = false;
}

/* Rows that are not there yet are copied, the others changed some at a time. */
static void change_or_copy(struct sql_bulk *b)
{
    int64_t known[ROWS_COPIED];
    uint32_t step = b->table->n, fresh = 0, old = 0;
    uint32_t n = ask(b, known);
    struct sql_value *changed = malloc(b->n * sizeof(*changed));

    CHECK(changed);
    for (uint32_t from = 0; !b->err && from < b->n; from += step) {
        const struct sql_value *row = b->args + from;
        if (sql_bulk_is_known(known, n, row->i)) {
            memcpy(changed + old, row, step * sizeof(*row));
            old += step;
        } else {
            memmove(b->args + fresh, row, step * sizeof(*row));
            fresh += step;
        }
    }
    b->n = fresh;
    if (!b->err && fresh)
        copy_some(b);
    end_copy(b);
    memcpy(b->args, changed, old * sizeof(*changed));
    b->n = old;
    if (!b->err)
        insert_all(b, b->table->tail);
    free(changed);
}

/* The last rows of a copy are copied, however few. */
static bool has_many(const struct sql_bulk *b)
{
    return b->store->def->copy && b->store->in_batch &&
           (b->copying || b->n >= ROWS_COPIED_LEAST * b->table->n);
}

static void flush(struct sql_bulk *b)
{
    CHECK(b->n % b->table->n == 0);
    if (!b->err && has_many(b) && !*b->table->tail)
        copy_some(b);
    else if (!b->err && has_many(b) && *b->table->key)
        change_or_copy(b);
    else if (!b->err && *b->table->tail && b->store->def->one_by_one)
        change_or_insert(b);
    else if (!b->err)
        insert_all(b, b->table->tail);
    b->n = 0;
}

static void add(struct sql_bulk *b, struct sql_value value)
{
    if (b->n == b->room)
        flush(b);
    b->args[b->n++] = value;
}

void sql_bulk_int(struct sql_bulk *b, int64_t value)
{
    add(b, sql_of_int(value));
}

void sql_bulk_time(struct sql_bulk *b, uint64_t ns)
{
    add(b, sql_of_int(ns > INT64_MAX ? INT64_MAX : (int64_t)ns));
}

void sql_bulk_str(struct sql_bulk *b, const char *text)
{
    add(b, sql_of_str(text));
}

void sql_bulk_text(struct sql_bulk *b, struct slice text)
{
    add(b, (struct sql_value){SQL_TEXT, 0, text});
}

enum err sql_bulk_end(struct sql_bulk *b)
{
    flush(b);
    end_copy(b);
    free(b->args);
    b->args = NULL;
    for (uint32_t i = 0; i <= SQL_BULK_SIZES; i++)
        strbuf_fini(&b->texts[i]);
    return b->err;
}

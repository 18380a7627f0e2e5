/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kept statements over any engine. See sql.h.
 */
#include "analyzer/store/sql.h"
#include "analyzer/record/utf8.h"
#include "common/check.h"

#include <stdio.h>
#include <stdlib.h>

enum { SQL_WAYS = 8 }; /* slots a text may be kept in */

static void failed(struct sql *q, enum err err)
{
    if (q->err || err == ERR_OK)
        return;
    q->err = err;
    if (err != ERR_CONFLICT)
        snprintf(q->store->fault, sizeof(q->store->fault), "%s",
                 q->store->def->fault(q->store->engine));
}

static void forget(struct sql **slot)
{
    if (!*slot)
        return;
    for (uint32_t i = 0; i < SQL_CACHE; i++)
        if ((*slot)->store->hints[i] == *slot)
            (*slot)->store->hints[i] = NULL;
    if ((*slot)->stmt)
        (*slot)->store->def->finish((*slot)->stmt);
    free((*slot)->text);
    free(*slot);
    *slot = NULL;
}

void sql_forget(struct store *store)
{
    for (uint32_t i = 0; i < SQL_CACHE; i++)
        forget(&store->cache[i]);
}

static uint32_t text_slot(const char *text)
{
    uint32_t hash = 2166136261u;
    for (const char *c = text; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    return hash % SQL_CACHE;
}

/* An empty place is better than the longest unused one. */
static bool gives_way(const struct sql *a, const struct sql *b)
{
    if (!a || !b)
        return !a && b;
    return a->used < b->used;
}

/* The statement's place: by content, in a set of SQL_WAYS slots. */
static struct sql **find(struct store *store, const char *text)
{
    uint32_t first = text_slot(text);
    struct sql **place = NULL;

    for (uint32_t i = 0; i < SQL_WAYS; i++) {
        struct sql **slot = &store->cache[(first + i) % SQL_CACHE];
        if (*slot && strcmp((*slot)->text, text) == 0)
            return slot;
        if (*slot && (*slot)->busy)
            continue;
        if (!place || gives_way(*slot, *place))
            place = slot;
    }
    CHECK(place);
    forget(place);
    return place;
}

static struct sql *find_or_make(struct store *store, const char *text)
{
    struct sql **hint = &store->hints[(uintptr_t)text / 8 % SQL_CACHE];

    if (*hint && strcmp((*hint)->text, text) == 0)
        return *hint;
    struct sql **slot = find(store, text);
    if (!*slot) {
        struct sql *q = calloc(1, sizeof(*q));
        CHECK(q);
        q->store = store;
        q->text = strdup(text);
        CHECK(q->text);
        *slot = q;
    }
    *hint = *slot;
    return *slot;
}

struct sql *sql_start(struct store *store, const char *text)
{
    struct sql *q = find_or_make(store, text);

    CHECK(!q->busy);
    q->busy = true;
    q->bound = false;
    q->n = 0;
    q->given = q->args;
    q->err = ERR_OK;
    q->used = ++store->uses;
    if (!q->stmt)
        failed(q, store->def->prepare(store->engine, slice_of_str(text), &q->stmt));
    return q;
}

static void add(struct sql *q, struct sql_value value)
{
    CHECK(q->busy && q->n < SQL_ARGS_MAX);
    q->args[q->n++] = value;
}

void sql_int(struct sql *q, int64_t value)
{
    add(q, sql_of_int(value));
}

void sql_time(struct sql *q, uint64_t ns)
{
    add(q, sql_of_int(ns > INT64_MAX ? INT64_MAX : (int64_t)ns));
}

void sql_text(struct sql *q, struct slice text)
{
    add(q, (struct sql_value){SQL_TEXT, 0, text});
}

void sql_str(struct sql *q, const char *text)
{
    sql_text(q, slice_of_str(text));
}

void sql_blob(struct sql *q, struct slice bytes)
{
    add(q, (struct sql_value){SQL_BLOB, 0, bytes});
}

void sql_given(struct sql *q, const struct sql_value *args, uint32_t n)
{
    CHECK(q->busy && q->n == 0);
    q->given = args;
    q->n = n;
}

bool sql_row(struct sql *q)
{
    const struct store_def *def = q->store->def;

    CHECK(q->busy);
    if (q->err)
        return false;
    if (!q->bound) {
        failed(q, def->bind(q->stmt, q->given, q->n));
        q->bound = true;
    }
    if (q->err)
        return false;
    enum err err = def->step(q->stmt);
    if (err != ERR_END)
        failed(q, err);
    return err == ERR_OK;
}

enum err sql_end(struct sql *q)
{
    CHECK(q->busy);
    if (q->stmt)
        q->store->def->reset(q->stmt);
    q->busy = false;
    return q->err;
}

enum err sql_end_found(struct sql *q, bool found)
{
    enum err err = sql_end(q);

    return err ? err : found ? ERR_OK : ERR_NOTFOUND;
}

enum err sql_run(struct sql *q)
{
    while (sql_row(q))
        continue;
    return sql_end(q);
}

enum err sql_run_found(struct sql *q)
{
    enum err err = sql_run(q);

    return err ? err : sql_changed(q->store) ? ERR_OK : ERR_NOTFOUND;
}

enum err sql_post(struct sql *q)
{
    const struct store_def *def = q->store->def;

    CHECK(q->busy);
    if (!def->post || !q->store->in_batch)
        return sql_run(q);
    if (!q->err)
        failed(q, def->post(q->stmt, q->given, q->n));
    q->busy = false;
    return q->err;
}

static enum err said(struct store *store, enum err err)
{
    if (err)
        snprintf(store->fault, sizeof(store->fault), "%s", store->def->fault(store->engine));
    return err;
}

enum err sql_copy(struct store *store, const char *table, const struct sql_value *args,
                  uint32_t columns, uint32_t rows)
{
    return said(store, store->def->copy(store->engine, table, args, columns, rows));
}

enum err sql_copied(struct store *store)
{
    return said(store, store->def->copied(store->engine));
}

int64_t sql_changed(struct store *store)
{
    return store->def->changed(store->engine);
}

int64_t sql_col_int(struct sql *q, uint32_t i)
{
    return q->store->def->column(q->stmt, i).i;
}

uint64_t sql_col_time(struct sql *q, uint32_t i)
{
    int64_t ns = sql_col_int(q, i);
    return ns < 0 ? 0 : (uint64_t)ns;
}

const char *sql_col_str(struct sql *q, uint32_t i, struct arena *arena)
{
    const char *text = arena_str(arena, q->store->def->column(q->stmt, i).s);
    return text ? text : "";
}

struct slice sql_col_blob(struct sql *q, uint32_t i, struct arena *arena)
{
    return arena_keep(arena, q->store->def->column(q->stmt, i).s);
}

void *sql_rows_add(struct sql_rows *rows)
{
    if (rows->n == rows->room) {
        uint32_t room = rows->room ? rows->room * 2 : 64;
        void *more = arena_alloc(rows->arena, room * rows->size);
        if (!more)
            return NULL;
        if (rows->n)
            memcpy(more, rows->at, rows->n * rows->size);
        rows->at = more;
        rows->room = room;
    }
    return (uint8_t *)rows->at + rows->size * rows->n++;
}

void *sql_rows_next(struct sql *q, struct sql_rows *rows)
{
    return sql_row(q) ? sql_rows_add(rows) : NULL;
}

void sql_where_init(struct sql_where *w, const char *head)
{
    memset(w, 0, sizeof(*w));
    strbuf_init(&w->text, 1 << 16);
    strbuf_str(&w->text, head);
    w->first = true;
    arena_init(&w->arena, 1024, 0);
}

void sql_where_fini(struct sql_where *w)
{
    strbuf_fini(&w->text);
    arena_fini(&w->arena);
}

static void append(struct sql_where *w, const char *part, const struct sql_value *args, uint32_t n)
{
    uint32_t used = 0;
    for (const char *c = part; *c; c++) {
        if (*c != '?') {
            strbuf_char(&w->text, *c);
            continue;
        }
        CHECK(used < n && w->n < SQL_WHERE_ARGS);
        w->args[w->n++] = args[used++];
        strbuf_fmt(&w->text, "$%u", w->n);
    }
    CHECK(used == n);
}

void sql_where_and(struct sql_where *w, const char *term, const struct sql_value *args, uint32_t n)
{
    strbuf_str(&w->text, w->first ? " WHERE (" : " AND (");
    w->first = false;
    append(w, term, args, n);
    strbuf_char(&w->text, ')');
}

void sql_where_tail(struct sql_where *w, const char *tail, const struct sql_value *args, uint32_t n)
{
    append(w, tail, args, n);
}

struct sql *sql_where_start(struct sql_where *w, struct store *store)
{
    struct sql *q = sql_start(store, w->text.at);
    for (uint32_t i = 0; i < w->n; i++)
        add(q, w->args[i]);
    return q;
}

enum err sql_where_end(struct sql_where *w, struct sql *q)
{
    enum err err = sql_end(q);

    sql_where_fini(w);
    return err;
}

void sql_where_int(struct sql_where *w, const char *term, int64_t value)
{
    if (value == 0)
        return;
    struct sql_value v = sql_of_int(value);
    sql_where_and(w, term, &v, 1);
}

void sql_where_str(struct sql_where *w, const char *term, const char *text)
{
    if (!text || !*text)
        return;
    struct sql_value v = sql_of_str(text);
    sql_where_and(w, term, &v, 1);
}

/* "%text%" with the signs of LIKE escaped. */
static struct slice pattern_of(struct sql_where *w, struct slice text)
{
    struct strbuf p;
    strbuf_init(&p, 0);
    strbuf_char(&p, '%');
    for (uint32_t i = 0; i < text.len; i++) {
        char c = (char)text.at[i];
        if (c == '%' || c == '_' || c == '\\')
            strbuf_char(&p, '\\');
        strbuf_char(&p, c);
    }
    strbuf_char(&p, '%');
    struct slice kept = arena_keep(&w->arena, strbuf_view(&p));
    strbuf_fini(&p);
    return kept;
}

void sql_where_contains(struct sql_where *w, const char *column, struct slice text)
{
    struct sql_value v = {SQL_TEXT, 0, pattern_of(w, text)};
    char term[128];

    snprintf(term, sizeof(term), "%s LIKE ? ESCAPE '\\'", column);
    sql_where_and(w, term, &v, 1);
}

void sql_where_words(struct sql_where *w, const char *column, const char *text)
{
    struct strbuf folded;

    strbuf_init(&folded, 1024);
    utf8_fold(slice_head(slice_of_str(text), 256), &folded);
    struct slice rest = strbuf_view(&folded);
    struct slice word = slice_word(&rest);
    for (uint32_t words = 0; words < 8 && word.len; words++, word = slice_word(&rest))
        sql_where_contains(w, column, word);
    strbuf_fini(&folded);
}

void sql_where_before(struct sql_where *w, const char *a, uint64_t a_value, int64_t id)
{
    const struct sql_value args[] = {sql_of_int((int64_t)a_value), sql_of_int((int64_t)a_value),
                                     sql_of_int(id)};
    char term[128];

    if (a_value == 0)
        return;
    snprintf(term, sizeof(term), "%s<=? AND (%s<? OR id<?)", a, a);
    sql_where_and(w, term, args, 3);
}

void sql_where_page(struct sql_where *w, const char *order, uint32_t limit, uint32_t usual,
                    uint32_t most)
{
    limit = limit == 0 ? usual : limit > most ? most : limit;
    strbuf_fmt(&w->text, " ORDER BY %s LIMIT %u", order, limit);
}

void sql_where_bits(struct sql_where *w, const char *column, uint32_t bits)
{
    const char *glue = "";

    if (bits == 0)
        return;
    strbuf_fmt(&w->text, "%s%s IN (", w->first ? " WHERE " : " AND ", column);
    w->first = false;
    for (uint32_t i = 0; i < 32; i++) {
        if (bits & 1u << i) {
            strbuf_fmt(&w->text, "%s%u", glue, i);
            glue = ",";
        }
    }
    strbuf_char(&w->text, ')');
}

void sql_where_sites(struct sql_where *w, const char *column, const char *const *sites)
{
    uint32_t n = 0;

    if (!sites)
        return;
    strbuf_fmt(&w->text, "%s%s IN (NULL", w->first ? " WHERE " : " AND ", column);
    w->first = false;
    for (; sites[n] && n < SQL_SITES_MOST; n++) {
        struct sql_value site = sql_of_str(sites[n]);
        append(w, ",?", &site, 1);
    }
    strbuf_char(&w->text, ')');
}

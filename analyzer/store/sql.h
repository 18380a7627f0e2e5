/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements, for the db_*.c files only. A statement is prepared once per connection and kept.
 *
 *     struct sql *q = sql_start(store, "UPDATE grp SET state=$1 WHERE id=$2");
 *     sql_int(q, state);
 *     sql_int(q, id);
 *     return sql_run(q);
 *
 * The first failure sticks in the statement: later calls do nothing, sql_run / sql_end report it.
 * Only one use of the same text at a time (a loop over rows must not start itself again).
 */
#ifndef TRAMGAC_ANALYZER_STORE_SQL_H
#define TRAMGAC_ANALYZER_STORE_SQL_H

#include "analyzer/store/store.h"
#include "common/strbuf.h"

enum { SQL_CACHE = 256, SQL_ARGS_MAX = 48 };

/** A kept statement. Only sql.c looks inside. */
struct sql {
    struct store *store;
    char *text;
    struct sql_stmt *stmt;
    struct sql_value args[SQL_ARGS_MAX];
    const struct sql_value *given; /* args, or the caller's */
    uint32_t n;
    enum err err;
    bool busy;  /* between sql_start and its end */
    bool bound; /* stepping */
    uint64_t used;
};

struct store {
    const struct store_def *def;
    struct sql_engine *engine;
    char *place;
    bool in_batch;
    uint64_t uses;
    struct sql *cache[SQL_CACHE];
    struct sql *hints[SQL_CACHE]; /* by address of the text: most are literals */
    char fault[256];
};

/** Frees all kept statements (before the engine is closed). */
void sql_forget(struct store *store);

struct sql *sql_start(struct store *store, const char *text);
/** Arguments, in the order $1, $2, ... */
void sql_int(struct sql *q, int64_t value);
void sql_time(struct sql *q, uint64_t ns);
void sql_str(struct sql *q, const char *text);
void sql_text(struct sql *q, struct slice text);
void sql_blob(struct sql *q, struct slice bytes);
/** All arguments at once, any number, instead of one by one. Borrowed until the end. */
void sql_given(struct sql *q, const struct sql_value *args, uint32_t n);

/** Runs a statement without rows. */
enum err sql_run(struct sql *q);
/** The same; ERR_NOTFOUND when it changed no row. */
enum err sql_run_found(struct sql *q);
/** The same, in a transaction, without waiting for the answer: a failure shows in a later statement
 * or in the commit. For rows that nobody asks back about. */
enum err sql_post(struct sql *q);
/** Rows by the engine's copy (store_def.copy, which must be there), and their end. */
enum err sql_copy(struct store *store, const char *table, const struct sql_value *args,
                  uint32_t columns, uint32_t rows);
enum err sql_copied(struct store *store);
/** Rows the last sql_run changed. */
int64_t sql_changed(struct store *store);

/** Next row; false at the end or on failure. */
bool sql_row(struct sql *q);
/** After the last row (or to stop before it): the statement's failure, or ERR_OK. */
enum err sql_end(struct sql *q);
/** The same after a look-up: ERR_NOTFOUND when nothing failed and nothing was `found`. */
enum err sql_end_found(struct sql *q, bool found);
/** For look-ups of one row: runs, true when there is one. Then read columns and call sql_end. */
int64_t sql_col_int(struct sql *q, uint32_t i);
uint64_t sql_col_time(struct sql *q, uint32_t i);
/** Copies into the arena; "" for NULL. */
const char *sql_col_str(struct sql *q, uint32_t i, struct arena *arena);
struct slice sql_col_blob(struct sql *q, uint32_t i, struct arena *arena);

/** Growing result array in an arena: returns zeroed room for one more row; NULL at the arena's cap.
 */
struct sql_rows {
    struct arena *arena;
    size_t size;
    void *at;
    uint32_t n, room;
};
void *sql_rows_add(struct sql_rows *rows);
/** Goes to the next row of `q` and returns room for it; NULL after the last, at a failure (which
 * sql_end says) or at the cap. */
void *sql_rows_next(struct sql *q, struct sql_rows *rows);

/** Search with a variable WHERE: text and arguments side by side. Texts of arguments are borrowed.
 */
enum { SQL_WHERE_ARGS = 48, SQL_SITES_MOST = 16 };
struct sql_where {
    struct strbuf text;
    struct sql_value args[SQL_WHERE_ARGS];
    uint32_t n;
    bool first;
    struct arena arena; /* of patterns made here */
};
void sql_where_init(struct sql_where *w, const char *head);
void sql_where_fini(struct sql_where *w);
/** Appends a condition; each '?' in `term` takes the next of the `n` arguments. */
void sql_where_and(struct sql_where *w, const char *term, const struct sql_value *args, uint32_t n);
/** With one argument, and only when it is not 0 / not empty. */
void sql_where_int(struct sql_where *w, const char *term, int64_t value);
void sql_where_str(struct sql_where *w, const char *term, const char *text);
/** `column` (folded text) holds each word of `text`, folded too; at most eight words count. */
void sql_where_words(struct sql_where *w, const char *column, const char *text);
/** `column` holds `text` somewhere; `column` must be lower case already. */
void sql_where_contains(struct sql_where *w, const char *column, struct slice text);
/** `column` is one of the sites of the list that NULL ends; a NULL list = all, an empty one none.
 */
void sql_where_sites(struct sql_where *w, const char *column, const char *const *sites);
/** The page after (a, id) in descending order: a<? or (a=? and id<?), when `a_value` is not 0. */
void sql_where_before(struct sql_where *w, const char *a, uint64_t a_value, int64_t id);
/** " ORDER BY <order> LIMIT n" with n cut to 1..most, `usual` for 0. */
void sql_where_page(struct sql_where *w, const char *order, uint32_t limit, uint32_t usual,
                    uint32_t most);
/** `column` is one of the bits of `bits`; 0 = all. */
void sql_where_bits(struct sql_where *w, const char *column, uint32_t bits);
/** What stands behind the conditions (ORDER BY, LIMIT). */
void sql_where_tail(struct sql_where *w, const char *tail, const struct sql_value *args,
                    uint32_t n);
/** Then sql_row ... sql_end; `w` must live until then. */
struct sql *sql_where_start(struct sql_where *w, struct store *store);
/** Ends the statement and frees the search: its failure, or ERR_OK. */
enum err sql_where_end(struct sql_where *w, struct sql *q);

static inline struct sql_value sql_of_int(int64_t i)
{
    return (struct sql_value){SQL_INT, i, SLICE_NONE};
}

static inline struct sql_value sql_of_str(const char *text)
{
    return (struct sql_value){SQL_TEXT, 0, slice_of_str(text)};
}

#endif

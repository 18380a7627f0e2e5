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

struct sql;

struct sql *sql_start(struct store *store, const char *text);
/** Arguments, in the order $1, $2, ... */
void sql_int(struct sql *q, int64_t value);
void sql_time(struct sql *q, uint64_t ns);
void sql_str(struct sql *q, const char *text);
void sql_text(struct sql *q, struct slice text);
void sql_blob(struct sql *q, struct slice bytes);

/** Runs a statement without rows. */
enum err sql_run(struct sql *q);
/** Rows the last sql_run changed. */
int64_t sql_changed(struct store *store);

/** Next row; false at the end or on failure. */
bool sql_row(struct sql *q);
/** After the last row (or to stop before it): the statement's failure, or ERR_OK. */
enum err sql_end(struct sql *q);
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

/** Search with a variable WHERE: text and arguments side by side. */
struct sql_where {
    struct strbuf text;
    struct sql_value args[32];
    uint32_t n;
};
void sql_where_init(struct sql_where *w, const char *head);
void sql_where_fini(struct sql_where *w);
/** Appends " AND <term>" (" WHERE <term>" the first time); each '?' in `term` takes the next of the
 * `n` arguments. */
void sql_where_and(struct sql_where *w, const char *term, const struct sql_value *args, uint32_t n);
void sql_where_tail(struct sql_where *w, const char *tail);
struct sql *sql_where_start(struct sql_where *w, struct store *store);

static inline struct sql_value sql_of_int(int64_t i)
{
    return (struct sql_value){SQL_INT, i, SLICE_NONE};
}

static inline struct sql_value sql_of_str(const char *text)
{
    return (struct sql_value){SQL_TEXT, 0, slice_of_str(text)};
}

#endif

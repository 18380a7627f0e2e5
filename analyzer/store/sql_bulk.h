/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many rows of one table, for the db_*.c files only: one statement for some rows at a time, or a
 * copy where the engine has one. Texts are borrowed until sql_bulk_end. In no transaction it is no
 * transaction either.
 *
 *     sql_bulk_start(&b, store, &table);
 *     for each row: table.n times sql_bulk_int, sql_bulk_str, ...
 *     return sql_bulk_end(&b);
 */
#ifndef TRAMGAC_ANALYZER_STORE_SQL_BULK_H
#define TRAMGAC_ANALYZER_STORE_SQL_BULK_H

#include "analyzer/store/sql.h"

struct sql_table {
    const char *name, *columns; /* "grp", "id,gid,..." */
    uint32_t n;                 /* columns */
    const char *tail;           /* " ON CONFLICT ..."; "" = none */
    const char *key;            /* with a tail: the first column, a number, which no other row of
                                 * the same call has unless it is new; "" = not known */
};

enum { SQL_BULK_SIZES = 3 };

struct sql_bulk {
    struct store *store;
    const struct sql_table *table;
    struct sql_value *args;
    uint32_t n, room; /* values */
    bool copying;
    struct strbuf texts[SQL_BULK_SIZES + 1];
    enum err err;
};

/** Which of `keys` the table has in its column `key`: `known` gets them in their order (room for
 * `n`). In a transaction, of a table with one writer. */
enum err sql_bulk_known(struct store *store, const struct sql_table *table, const int64_t *keys,
                        uint32_t n, int64_t *known, uint32_t *n_known);
/** Is `key` one of them. */
bool sql_bulk_is_known(const int64_t *known, uint32_t n, int64_t key);

void sql_bulk_start(struct sql_bulk *b, struct store *store, const struct sql_table *table);
void sql_bulk_int(struct sql_bulk *b, int64_t value);
void sql_bulk_time(struct sql_bulk *b, uint64_t ns);
void sql_bulk_str(struct sql_bulk *b, const char *text);
void sql_bulk_text(struct sql_bulk *b, struct slice text);
/** Gives the rest to the engine and frees `b`; the first failure. As with sql_post, a failure may
 * show in a later statement or in the commit. */
enum err sql_bulk_end(struct sql_bulk *b);

#endif

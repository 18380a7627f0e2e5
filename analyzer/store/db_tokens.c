/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/store/db_tokens.h"
#include "analyzer/store/sql.h"

#define TOKEN_COLUMNS "id,account,name,hash,scopes,created,expires,used,address"

static void read_row(struct sql *q, struct arena *arena, struct token_row *t)
{
    t->id = sql_col_int(q, 0);
    t->account_id = sql_col_int(q, 1);
    t->name = sql_col_str(q, 2, arena);
    t->hash = sql_col_str(q, 3, arena);
    t->scopes = sql_col_str(q, 4, arena);
    t->created_ns = sql_col_time(q, 5);
    t->expires_ns = sql_col_time(q, 6);
    t->used_ns = sql_col_time(q, 7);
    t->address = sql_col_str(q, 8, arena);
}

enum err db_tokens_add(struct store *store, struct token_row *token)
{
    struct sql *q =
        sql_start(store, "INSERT INTO token (account,name,hash,scopes,created,expires,used,address)"
                         " VALUES ($1,$2,$3,$4,$5,$6,0,'') RETURNING id");
    sql_int(q, token->account_id);
    sql_str(q, token->name);
    sql_str(q, token->hash);
    sql_str(q, token->scopes);
    sql_time(q, token->created_ns);
    sql_time(q, token->expires_ns);
    token->id = sql_row(q) ? sql_col_int(q, 0) : 0;
    return sql_end(q);
}

enum err db_tokens_find(struct store *store, const char *hash, uint64_t now_ns, struct arena *arena,
                        struct token_row *token)
{
    struct sql *q = sql_start(store, "SELECT " TOKEN_COLUMNS " FROM token WHERE hash=$1 AND "
                                     "(expires=0 OR expires>$2)");
    sql_str(q, hash);
    sql_time(q, now_ns);
    bool found = sql_row(q);
    if (found)
        read_row(q, arena, token);
    return sql_end_found(q, found);
}

enum err db_tokens_touch(struct store *store, int64_t id, uint64_t now_ns, const char *address)
{
    struct sql *q = sql_start(store, "UPDATE token SET used=$1,address=$2 WHERE id=$3");

    sql_time(q, now_ns);
    sql_str(q, address);
    sql_int(q, id);
    return sql_run(q);
}

enum err db_tokens_delete(struct store *store, int64_t id, int64_t account_id)
{
    struct sql *q = sql_start(store, "DELETE FROM token WHERE id=$1 AND ($2=0 OR account=$2)");

    sql_int(q, id);
    sql_int(q, account_id);
    return sql_run_found(q);
}

enum err db_tokens_list(struct store *store, int64_t account_id, struct arena *arena,
                        struct token_row **rows, uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct sql_where w;

    sql_where_init(&w, "SELECT " TOKEN_COLUMNS " FROM token");
    sql_where_int(&w, "account=?", account_id);
    sql_where_page(&w, "name, id", 1000, 1000, 1000);
    struct sql *q = sql_where_start(&w, store);
    struct token_row *row;
    while ((row = sql_rows_next(q, &out)))
        read_row(q, arena, row);
    *rows = out.at;
    *n = out.n;
    return sql_where_end(&w, q);
}

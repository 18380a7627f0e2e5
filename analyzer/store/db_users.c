/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/store/db_users.h"
#include "analyzer/store/sql.h"

bool db_users_name_ok(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= USER_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

enum err db_users_add(struct store *store, struct user_row *user)
{
    if (!db_users_name_ok(user->name))
        return ERR_INPUT;
    struct sql *q = sql_start(
        store, "INSERT INTO account (name,full_name,role,password,language,disabled,failures,"
               "locked_until,created,last_login,sites) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,"
               "$11) "
               "ON CONFLICT (name) DO NOTHING RETURNING id");
    sql_str(q, user->name);
    sql_str(q, user->full_name);
    sql_int(q, user->role);
    sql_str(q, user->password);
    sql_str(q, user->language);
    sql_int(q, user->disabled);
    sql_int(q, user->failures);
    sql_time(q, user->locked_until_ns);
    sql_time(q, user->created_ns);
    sql_time(q, user->last_login_ns);
    sql_str(q, user->sites ? user->sites : "");
    user->id = sql_row(q) ? sql_col_int(q, 0) : 0;
    enum err err = sql_end(q);
    return err ? err : user->id ? ERR_OK : ERR_CONFLICT;
}

#define USER_COLUMNS                                                                               \
    "id,name,full_name,role,password,language,disabled,failures,locked_until,created,last_login,"  \
    "sites,totp,totp_on,totp_step,recovery"

static void read_user(struct sql *q, struct arena *arena, struct user_row *user)
{
    user->id = sql_col_int(q, 0);
    user->name = sql_col_str(q, 1, arena);
    user->full_name = sql_col_str(q, 2, arena);
    user->role = (enum role)sql_col_int(q, 3);
    user->password = sql_col_str(q, 4, arena);
    user->language = sql_col_str(q, 5, arena);
    user->disabled = sql_col_int(q, 6) != 0;
    user->failures = sql_col_int(q, 7);
    user->locked_until_ns = sql_col_time(q, 8);
    user->created_ns = sql_col_time(q, 9);
    user->last_login_ns = sql_col_time(q, 10);
    user->sites = sql_col_str(q, 11, arena);
    user->totp = sql_col_str(q, 12, arena);
    user->totp_on = sql_col_int(q, 13) != 0;
    user->totp_step = sql_col_int(q, 14);
    user->recovery = sql_col_str(q, 15, arena);
}

enum err db_users_get(struct store *store, const char *name, int64_t id, struct arena *arena,
                      struct user_row *user)
{
    struct sql *q = sql_start(store, name ? "SELECT " USER_COLUMNS " FROM account WHERE name=$1"
                                          : "SELECT " USER_COLUMNS " FROM account WHERE id=$1");
    if (name)
        sql_str(q, name);
    else
        sql_int(q, id);
    bool found = sql_row(q);
    if (found)
        read_user(q, arena, user);
    return sql_end_found(q, found);
}

enum err db_users_put(struct store *store, const struct user_row *user)
{
    struct sql *q = sql_start(
        store, "UPDATE account SET full_name=$1,role=$2,password=$3,language=$4,disabled=$5,"
               "failures=$6,locked_until=$7,last_login=$8,sites=$9,totp=$10,totp_on=$11,"
               "totp_step=$12,recovery=$13 WHERE id=$14");
    sql_str(q, user->full_name);
    sql_int(q, user->role);
    sql_str(q, user->password);
    sql_str(q, user->language);
    sql_int(q, user->disabled);
    sql_int(q, user->failures);
    sql_time(q, user->locked_until_ns);
    sql_time(q, user->last_login_ns);
    sql_str(q, user->sites ? user->sites : "");
    sql_str(q, user->totp ? user->totp : "");
    sql_int(q, user->totp_on);
    sql_int(q, user->totp_step);
    sql_str(q, user->recovery ? user->recovery : "");
    sql_int(q, user->id);
    return sql_run_found(q);
}

enum err db_users_list(struct store *store, struct arena *arena, struct user_row **rows,
                       uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct sql *q = sql_start(store, "SELECT " USER_COLUMNS " FROM account ORDER BY name");

    struct user_row *row;
    while ((row = sql_rows_next(q, &out)))
        read_user(q, arena, row);
    *rows = out.at;
    *n = out.n;
    return sql_end(q);
}

enum err db_users_session_add(struct store *store, const struct session_row *session)
{
    struct sql *q = sql_start(
        store, "INSERT INTO session (token,account,csrf,created,seen,expires,address,agent) "
               "VALUES ($1,$2,$3,$4,$5,$6,$7,$8)");
    sql_str(q, session->token_hash);
    sql_int(q, session->user_id);
    sql_str(q, session->csrf);
    sql_time(q, session->created_ns);
    sql_time(q, session->seen_ns);
    sql_time(q, session->expires_ns);
    sql_str(q, session->address);
    sql_str(q, session->agent);
    return sql_run(q);
}

#define SESSION_COLUMNS "token,account,csrf,created,seen,expires,address,agent"

static void read_session(struct sql *q, struct arena *arena, struct session_row *session)
{
    session->token_hash = sql_col_str(q, 0, arena);
    session->user_id = sql_col_int(q, 1);
    session->csrf = sql_col_str(q, 2, arena);
    session->created_ns = sql_col_time(q, 3);
    session->seen_ns = sql_col_time(q, 4);
    session->expires_ns = sql_col_time(q, 5);
    session->address = sql_col_str(q, 6, arena);
    session->agent = sql_col_str(q, 7, arena);
}

enum err db_users_session_get(struct store *store, const char *token_hash, uint64_t now_ns,
                              struct arena *arena, struct session_row *session)
{
    struct sql *q =
        sql_start(store, "SELECT " SESSION_COLUMNS " FROM session WHERE token=$1 AND expires>$2");
    sql_str(q, token_hash);
    sql_time(q, now_ns);
    bool found = sql_row(q);
    if (found)
        read_session(q, arena, session);
    return sql_end_found(q, found);
}

enum err db_users_session_touch(struct store *store, const char *token_hash, uint64_t now_ns,
                                uint64_t expires_ns)
{
    struct sql *q = sql_start(store, "UPDATE session SET seen=$1,expires=$2 WHERE token=$3");
    sql_time(q, now_ns);
    sql_time(q, expires_ns);
    sql_str(q, token_hash);
    return sql_run(q);
}

enum err db_users_session_end(struct store *store, const char *token_hash)
{
    struct sql *q = sql_start(store, "DELETE FROM session WHERE token=$1");
    sql_str(q, token_hash);
    return sql_run(q);
}

enum err db_users_sessions_end(struct store *store, int64_t user_id)
{
    struct sql *q = sql_start(store, "DELETE FROM session WHERE account=$1");
    sql_int(q, user_id);
    return sql_run(q);
}

enum err db_users_sessions(struct store *store, int64_t user_id, struct arena *arena,
                           struct session_row **rows, uint32_t *n)
{
    struct sql_rows out = {.arena = arena, .size = sizeof(**rows)};
    struct sql *q = sql_start(store, "SELECT " SESSION_COLUMNS
                                     " FROM session WHERE account=$1 ORDER BY seen DESC");
    sql_int(q, user_id);
    struct session_row *row;
    while ((row = sql_rows_next(q, &out)))
        read_session(q, arena, row);
    *rows = out.at;
    *n = out.n;
    return sql_end(q);
}

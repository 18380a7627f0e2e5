/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounts and sign-in sessions. Passwords are only seen by secret.c; here are hashes.
 */
#ifndef TRAMGAC_ANALYZER_STORE_DB_USERS_H
#define TRAMGAC_ANALYZER_STORE_DB_USERS_H

#include "analyzer/record/permission.h"
#include "analyzer/store/store.h"

enum { USER_NAME_MAX = 64 };

struct user_row {
    int64_t id;
    const char *name; /* 1..64 of a-z 0-9 . _ - */
    const char *full_name;
    enum role role;
    const char *password; /* argon2id hash, text form */
    const char *language; /* "vi", "en" */
    bool disabled;
    int64_t failures; /* wrong passwords since the last right one */
    uint64_t locked_until_ns;
    uint64_t created_ns, last_login_ns;
    const char *sites;    /* names with blanks between; "" = all */
    const char *totp;     /* secret, base32; "" = none */
    bool totp_on;         /* it has been proved, and is asked for */
    int64_t totp_step;    /* of the last code: none is taken twice */
    const char *recovery; /* SHA-256 of codes for once, blanks between */
};

bool db_users_name_ok(const char *name);
/** ERR_CONFLICT: the name exists. ERR_INPUT: not a name. */
enum err db_users_add(struct store *store, struct user_row *user);
/** By name; by id when name is NULL. */
enum err db_users_get(struct store *store, const char *name, int64_t id, struct arena *arena,
                      struct user_row *user);
/** Everything but name and id. */
enum err db_users_put(struct store *store, const struct user_row *user);
enum err db_users_list(struct store *store, struct arena *arena, struct user_row **rows,
                       uint32_t *n);

/** A session is known by the SHA-256 of its token, never by the token. */
struct session_row {
    const char *token_hash; /* hexadecimal */
    int64_t user_id;
    const char *csrf;
    uint64_t created_ns, seen_ns, expires_ns;
    const char *address, *agent;
};
enum err db_users_session_add(struct store *store, const struct session_row *session);
/** ERR_NOTFOUND also when it has expired at `now_ns`. */
enum err db_users_session_get(struct store *store, const char *token_hash, uint64_t now_ns,
                              struct arena *arena, struct session_row *session);
enum err db_users_session_touch(struct store *store, const char *token_hash, uint64_t now_ns,
                                uint64_t expires_ns);
enum err db_users_session_end(struct store *store, const char *token_hash);
/** All of one user (password changed, account disabled). */
enum err db_users_sessions_end(struct store *store, int64_t user_id);
enum err db_users_sessions(struct store *store, int64_t user_id, struct arena *arena,
                           struct session_row **rows, uint32_t *n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of programs: each belongs to an account and holds some of its permissions. A token is
 * known by its SHA-256, never by itself.
 */
#ifndef TRAMGAC_ANALYZER_STORE_DB_TOKENS_H
#define TRAMGAC_ANALYZER_STORE_DB_TOKENS_H

#include "analyzer/store/store.h"

struct token_row {
    int64_t id, account_id;
    const char *name;
    const char *hash;
    const char *scopes; /* names of permissions, blanks between */
    uint64_t created_ns;
    uint64_t expires_ns; /* 0 = never */
    uint64_t used_ns;
    const char *address; /* where it was used last */
};
/** Sets the id. */
enum err db_tokens_add(struct store *store, struct token_row *token);
/** ERR_NOTFOUND also when it has expired. */
enum err db_tokens_find(struct store *store, const char *hash, uint64_t now_ns, struct arena *arena,
                        struct token_row *token);
enum err db_tokens_touch(struct store *store, int64_t id, uint64_t now_ns, const char *address);
/** `account_id` 0: of any account. ERR_NOTFOUND. */
enum err db_tokens_delete(struct store *store, int64_t id, int64_t account_id);
/** By name; account 0: of all. */
enum err db_tokens_list(struct store *store, int64_t account_id, struct arena *arena,
                        struct token_row **rows, uint32_t *n);

#endif

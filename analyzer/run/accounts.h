/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounts from the command line: the first administrator, `user add|passwd|list`.
 */
#ifndef TRAMGAC_ANALYZER_RUN_ACCOUNTS_H
#define TRAMGAC_ANALYZER_RUN_ACCOUNTS_H

#include "analyzer/store/store.h"

struct accounts_order {
    const char *verb; /* "add", "passwd", "list" */
    const char *name;
    const char *role;      /* NULL = analyst */
    const char *full_name; /* NULL = none */
    const char *language;  /* NULL = "vi" */
    const char
        *password_file; /* first line; "-" = standard input; NULL = one is made and printed */
};

/** Does it and says what was done. Exit status. */
int accounts_run(struct store *store, const struct accounts_order *order);

/** In a store without accounts: makes "admin" with a random password, printed once on standard
 * error. False when the store refuses. */
bool accounts_first(struct store *store);

#endif

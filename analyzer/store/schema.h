/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables, as a list of migrations. A released one is never changed.
 */
#ifndef TRAMGAC_ANALYZER_STORE_SCHEMA_H
#define TRAMGAC_ANALYZER_STORE_SCHEMA_H

#include "analyzer/store/store.h"

/** Runs what is missing, each migration in a transaction. ERR_UNSUPPORTED: the store was written by
 * a newer version. */
enum err schema_migrate(struct store *store);
/** Number of migrations that have run; 0 for an empty store. */
int64_t schema_version(struct store *store);

#endif

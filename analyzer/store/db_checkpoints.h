/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State of the correlator and others, as named byte strings, written in the transaction of the
 * events it comes from: after a crash the state fits the ledger exactly, nothing is counted twice.
 * Name parts are separated by '/': "corr/<rule>/<group>". Write only what a batch changed.
 */
#ifndef TRAMGAC_ANALYZER_STORE_DB_CHECKPOINTS_H
#define TRAMGAC_ANALYZER_STORE_DB_CHECKPOINTS_H

#include "analyzer/store/store.h"

enum err db_checkpoints_put(struct store *store, const char *name, struct slice bytes);
enum err db_checkpoints_get(struct store *store, const char *name, struct arena *arena,
                            struct slice *bytes);
enum err db_checkpoints_delete(struct store *store, const char *name);
/** Calls `each` for every name that begins with `prefix`, in order; it must not write. Stops on its
 * first error and returns it. */
enum err db_checkpoints_each(struct store *store, const char *prefix,
                             enum err (*each)(void *ctx, const char *name, struct slice bytes),
                             void *ctx);

#endif

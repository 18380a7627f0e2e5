/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands backup, restore and export.
 */
#ifndef TRAMGAC_ANALYZER_RUN_ARCHIVE_H
#define TRAMGAC_ANALYZER_RUN_ARCHIVE_H

#include "analyzer/store/store.h"

#include <stdio.h>

/** Copies the store to a new file while it is in use; then checks the copy. 0 or 2. */
int archive_backup(struct store *store, const char *path);
/** Makes the empty store of `data_dir` from the copy, after its tables and the chain of its audit
 * trail were checked. 0 or 2. */
int archive_restore(const char *path, const char *data_dir);
/** `what`: incidents, groups or events; those that fit `search` ("" = all), newest first, as lines
 * of JSON or as CSV. 0 or 2. */
int archive_export(struct store *store, const char *what, const char *search, bool csv, FILE *out);

#endif

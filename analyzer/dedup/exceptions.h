/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions applied to alerts as they come: compiled from the store, read again when somebody
 * changed one. The first that fits (by id) hides the alert and counts it.
 */
#ifndef TRAMGAC_ANALYZER_DEDUP_EXCEPTIONS_H
#define TRAMGAC_ANALYZER_DEDUP_EXCEPTIONS_H

#include "analyzer/record/record.h"
#include "analyzer/store/db_exceptions.h"
#include "common/stat.h"

enum { EXCEPTIONS_HIDDEN, EXCEPTIONS_EXPIRED, EXCEPTIONS_WRONG, EXCEPTIONS_COUNTERS };
extern const struct counter exceptions_counters[];

struct exceptions;

struct exceptions *exceptions_new(void);
void exceptions_free(struct exceptions **exceptions);

/** Sets exception_id of the batch's alerts, and writes hits in the store's open transaction.
 * `now_ns`: the clock, for what has expired. Before dedup_batch. */
enum err exceptions_batch(struct exceptions *exceptions, struct store *store, struct batch *batch,
                          uint64_t now_ns, uint64_t *counters);

/** Whether a site is one of the words; "" = all are. */
bool exceptions_site(const char *sites, const char *site);

#endif

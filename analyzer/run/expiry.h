/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Retention: how long rows stay after they arrived. Time of arrival, not event time: a capture of
 * last year that is replayed today is kept as long as what happens today. Work is done in small
 * transactions between batches; what an open incident links stays.
 */
#ifndef TRAMGAC_ANALYZER_RUN_EXPIRY_H
#define TRAMGAC_ANALYZER_RUN_EXPIRY_H

#include "analyzer/store/store.h"

extern const struct option expiry_options[];

struct expiry;

struct expiry *expiry_new(const struct conf *conf);
void expiry_free(struct expiry **expiry);
/** At most one small transaction; call about once a second. */
enum err expiry_tick(struct expiry *expiry, struct store *store, uint64_t now_ns, uint64_t mono_ns);

#endif

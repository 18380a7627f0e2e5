/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The half of the path that one analyzer of a cluster does, the keeper: envelopes that all of them
 * stored, taken in the order of their sensors, are counted, correlated and acknowledged. What is
 * here makes messages of them, for the same path that an analyzer alone has.
 */
#ifndef TRAMGAC_ANALYZER_RUN_KEEP_H
#define TRAMGAC_ANALYZER_RUN_KEEP_H

#include "analyzer/ingest/ingest.h"
#include "analyzer/run/origins.h"
#include "analyzer/store/store.h"

/** How long what lies behind a hole waits for it; then it is judged late. */
enum { KEEP_PATIENCE_S = 10 };

/** Envelopes that are next, at most `lines` events (but one envelope); NULL: none. `source`: to
 * answer through. */
enum err keep_next(struct store *store, uint64_t now_ns, uint32_t lines, struct source *source,
                   struct message **list);
/** In the transaction: the first `n` of the list were taken. */
enum err keep_done(struct store *store, const struct message *list, uint32_t n);
/** Tells origins what waits behind their ledgers, so that they ask for holes. */
enum err keep_heard(struct store *store, struct origins *origins, struct source *source);
/** To all sensors that the store knows: there is a new keeper; who hears it says what he has. */
enum err keep_greet(struct store *store, struct source *source);

#endif

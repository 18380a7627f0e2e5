/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom events come from: one ledger per (sensor, epoch) in memory, saved with each batch, and the
 * answers owed to sensors. One thread.
 *
 *     origins_begin, origins_offer..., origins_save in the transaction; then origins_answer after
 *     the commit, or origins_undo after a failure.
 */
#ifndef TRAMGAC_ANALYZER_RUN_ORIGINS_H
#define TRAMGAC_ANALYZER_RUN_ORIGINS_H

#include "analyzer/dedup/ledger.h"
#include "analyzer/ingest/ingest.h"

enum { ORIGINS_MAX = 4096, ORIGINS_ASK_AFTER_MS = 500, ORIGINS_ASK_AGAIN_S = 5 };

struct origins;
struct origin;

struct origins *origins_new(void);
void origins_free(struct origins **origins);

void origins_begin(struct origins *origins);
void origins_undo(struct origins *origins);

/** An envelope: is it new? Then it counts as taken. `*origin` is who sent it. ERR_FULL: more than
 * ORIGINS_MAX sensors and epochs in one batch; store errors. */
enum err origins_offer(struct origins *origins, struct store *store, const struct message *m,
                       enum ledger_verdict *verdict, struct origin **origin);
/** hello and bye. */
enum err origins_greet(struct origins *origins, struct store *store, const struct message *m);
/** Envelopes `first`..`last` of the sensor of `m` wait to be offered: what is missing before them
 * is asked for. */
enum err origins_heard(struct origins *origins, struct store *store, const struct message *m,
                       uint64_t first, uint64_t last);
/** Somebody else may have changed the ledgers: all are read from the store again. */
void origins_clear(struct origins *origins);
/** What the lines of a taken envelope were: `newest_ns` event time, `bad` lines. */
void origins_count(struct origin *origin, uint32_t events, uint32_t bad, uint64_t newest_ns);
/** The newest stats or visibility event of a sensor; kept until saved. */
void origins_status(struct origin *origin, bool is_stats, struct slice json);

enum err origins_save(struct origins *origins, struct store *store);
/** Acknowledges what was committed. */
void origins_answer(struct origins *origins);
/** Asks again for holes that have stayed open. */
void origins_tick(struct origins *origins, uint64_t mono_ns);
/** Totals for health. */
void origins_totals(const struct origins *origins, uint64_t *sensors, uint64_t *missing,
                    uint64_t *duplicates);

#endif

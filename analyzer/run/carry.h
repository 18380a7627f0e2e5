/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The half of the path that every analyzer of a cluster does: which envelopes of a batch nobody has
 * stored yet, and leaving them for the keeper (run/keep.h) with what was decided of their events.
 *
 *     carry_begin; carry_offer, carry_took ... ; carry_save in the transaction; carry_answer after
 *
 * Exactly once. The number of an envelope is a key of the store: of two analyzers that have it at
 * once, the second to commit is refused, looks again, and drops it. An envelope that the keeper has
 * removed meanwhile is in the ledger of its sensor: carry_save reads that after its own keys were
 * written, so that a transaction of the keeper is either seen there, or meets the key.
 */
#ifndef TRAMGAC_ANALYZER_RUN_CARRY_H
#define TRAMGAC_ANALYZER_RUN_CARRY_H

#include "analyzer/ingest/ingest.h"
#include "analyzer/record/record.h"
#include "analyzer/store/store.h"

struct carry;

struct carry *carry_new(void);
void carry_free(struct carry **carry);

void carry_begin(struct carry *carry);
/** An envelope: has nobody stored it yet? */
enum err carry_offer(struct carry *carry, struct store *store, struct message *m, bool *is_new);
/** Its events are records [first, first + n) of the batch. */
void carry_took(struct carry *carry, struct message *m, uint32_t first, uint32_t n);
/** ERR_CONFLICT: another analyzer was faster with one of them; the batch is to be tried again. */
enum err carry_save(struct carry *carry, struct store *store, const struct batch *batch);
/** After the commit: who sends what is stored already did not hear our acknowledgement. */
void carry_answer(struct carry *carry);

/** What was decided of a record, from the envelope back into it; false: that is not about it. */
bool carry_recall(struct slice decided, uint32_t i, uint32_t n, struct record *r);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Envelopes between the analyzers of a cluster: any of them stores the events of an envelope and
 * leaves the envelope here, in one transaction; one of them (the keeper) takes it from here in the
 * order of its sensor, counts, correlates, and removes it in the transaction of what followed.
 *
 * That an envelope is taken once rests on two things: its number is a key of this table, and the
 * ledger of its sensor is looked at after that key was written (see run/carry.c).
 */
#ifndef TRAMGAC_ANALYZER_STORE_DB_ENVELOPES_H
#define TRAMGAC_ANALYZER_STORE_DB_ENVELOPES_H

#include "analyzer/store/store.h"

struct envelope_row {
    const char *sensor, *site;
    uint64_t epoch, seq;
    uint64_t received_ns;
    uint32_t n;           /* events, as its header says */
    struct slice message; /* as on the wire (common/wire.h) */
    struct slice decided; /* what was decided of each event; only run/carry.c reads it */
};

/** In a transaction, without waiting: the commit is refused when somebody else has it already. */
enum err db_envelopes_put(struct store *store, const struct envelope_row *row);
/** Numbers from..to of one sensor and epoch that are here, rising. */
enum err db_envelopes_here(struct store *store, const char *sensor, uint64_t epoch, uint64_t from,
                           uint64_t to, struct arena *arena, uint64_t **seqs, uint32_t *n);
/** What comes next of each sensor behind its ledger, without holes, and behind holes what was
 * received before `patience_ns`; at most `limit`, sensors taking turns. Without message and
 * decided. */
enum err db_envelopes_next(struct store *store, uint64_t patience_ns, uint32_t limit,
                           struct arena *arena, struct envelope_row **rows, uint32_t *n);
/** Message and decided of a row. */
enum err db_envelopes_get(struct store *store, struct arena *arena, struct envelope_row *row);
enum err db_envelopes_drop(struct store *store, const char *sensor, uint64_t epoch, uint64_t seq);
enum err db_envelopes_count(struct store *store, int64_t *n);

/** What waits behind the ledger of one sensor and epoch. */
struct envelope_span {
    const char *sensor, *site;
    uint64_t epoch, upto; /* of the ledger */
    uint64_t first, last; /* that wait */
};
enum err db_envelopes_spans(struct store *store, struct arena *arena, struct envelope_span **rows,
                            uint32_t *n);

#endif

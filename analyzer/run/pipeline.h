/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The path of the data in the analyzer, as one function: start reading here.
 *
 *     messages -> records -> enriched -> admitted -> matched -> incidents -> one transaction ->
 * news
 *
 * One thread. A batch is one transaction of the store: events, groups, rollups, devices, incidents,
 * outbox, the correlator's checkpoints and the ledger stand or fall together; only after the commit
 * are the sensors acknowledged. When the store refuses (disk full), nothing of the batch exists;
 * the same messages are tried again and nobody is acknowledged meanwhile.
 */
#ifndef TRAMGAC_ANALYZER_RUN_PIPELINE_H
#define TRAMGAC_ANALYZER_RUN_PIPELINE_H

#include "analyzer/ingest/ingest.h"
#include "analyzer/record/hub.h"
#include "analyzer/store/store.h"

struct pipeline;

enum {
    PIPELINE_BATCHES,
    PIPELINE_MESSAGES,
    PIPELINE_DUPLICATES,
    PIPELINE_RECORDS,
    PIPELINE_EVENTS_KEPT,
    PIPELINE_STORE_FAILURES,
    PIPELINE_COUNTERS,
};
extern const struct counter pipeline_counters[];
extern const struct option pipeline_options[];

/** `store` and `hub` are borrowed. Faults of rules and site files are lines in `report`. */
enum err pipeline_new(const struct conf *conf, struct store *store, struct hub *hub,
                      struct pipeline **pipeline, struct strbuf *report);
void pipeline_free(struct pipeline **pipeline);

/** One batch: takes the list of messages on ERR_OK; on failure the list is still the caller's, to
 * be given again. */
enum err pipeline_messages(struct pipeline *pipeline, struct message *messages);
/** Wall clock moves on: deadlines of correlation, resend requests, expiry. */
enum err pipeline_tick(struct pipeline *pipeline, uint64_t now_ns);
/** Members of the health object: counters, queue, last commit, store fault. Any thread. */
void pipeline_health(struct pipeline *pipeline, struct strbuf *json);

#endif

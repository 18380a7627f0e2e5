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

#include "analyzer/incident/book.h"
#include "analyzer/ingest/ingest.h"
#include "analyzer/record/hub.h"
#include "analyzer/run/rulebook.h"
#include "analyzer/store/store.h"

struct pipeline;

enum {
    PIPELINE_BATCHES,
    PIPELINE_MESSAGES,
    PIPELINE_DUPLICATES,
    PIPELINE_KEPT,
    PIPELINE_STORE_FAILURES,
    PIPELINE_REFUSED,
    PIPELINE_RACES,
    PIPELINE_COUNTERS,
};
extern const struct counter pipeline_counters[];
extern const struct option pipeline_options[];

/** `store`, `queue`, `hub`, `rulebook` and `attack` (which may be NULL) are borrowed. Faults of
 * rules and site files are lines in `report`; what is wrong is left out, the rest works. */
enum err pipeline_new(const struct conf *conf, struct store *store, struct queue *queue,
                      struct hub *hub, const struct attack *attack, struct rulebook *rulebook,
                      struct pipeline **pipeline, struct strbuf *report);
void pipeline_free(struct pipeline **pipeline);

/*
 * In a cluster (run/cluster.h) the path has two halves, each a pipeline of its own thread.
 *
 *   carrier  messages -> records -> enriched -> admitted -> events and envelopes in one transaction
 *   keeper   envelopes -> records -> enriched -> matched -> incidents, sums and ledger in another
 */

/** The first half; without rules. Messages that are no envelopes go on to `greetings`. */
enum err pipeline_new_carrier(const struct conf *conf, struct store *store, struct queue *queue,
                              struct queue *greetings, struct pipeline **pipeline,
                              struct strbuf *report);
/** The second half, from a whole one: each transaction begins with `fence`; when that fails
 * nothing is written, and the error is given back. */
typedef enum err pipeline_fence(void *ctx, struct store *store);
void pipeline_make_keeper(struct pipeline *pipeline, pipeline_fence *fence, void *ctx);
/** Somebody else kept before: all that is remembered is read from the store again. */
void pipeline_take_over(struct pipeline *pipeline, uint64_t mono_ns);
/** Envelopes that come next, as messages for pipeline_messages; NULL: none. `source`: to answer
 * through. */
enum err pipeline_envelopes(struct pipeline *keeper, struct source *source, uint64_t now_ns,
                            struct message **messages);
/** Looks for holes between ledgers and envelopes that wait. */
enum err pipeline_heard(struct pipeline *keeper, struct source *source);
/** The counters of `carrier` are shown with those of the keeper. */
void pipeline_show_beside(struct pipeline *keeper, struct pipeline *carrier);

/** Stores messages, in as many transactions as they need. What was stored is taken off the list and
 * freed; on failure the rest stays, to be given again. */
enum err pipeline_messages(struct pipeline *pipeline, struct message **messages);
/** Time moves on: deadlines of correlation, requests for what is missing, expiry. */
enum err pipeline_tick(struct pipeline *pipeline, uint64_t now_ns, uint64_t mono_ns);
/** The input is over: what waits for the end of a window is decided. */
enum err pipeline_end(struct pipeline *pipeline);
/** Reads the correlation rules again; `report` as of pipeline_new. */
void pipeline_reload(struct pipeline *pipeline, struct strbuf *report);
/** Who is told of changed incidents, in the transaction (push). */
void pipeline_tell(struct pipeline *pipeline, book_changed *changed, void *ctx);
/** Files that could not be read, once all files are done; -1 before that. */
int64_t pipeline_files_done(const struct pipeline *pipeline);
/** Members of the health object: counters, queue, last commit, store fault. Any thread. */
void pipeline_health(struct pipeline *pipeline, struct strbuf *json);
/** Members: rules and enrichers, as loaded. Any thread. */
void pipeline_about(struct pipeline *pipeline, struct strbuf *json);

#endif

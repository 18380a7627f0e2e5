/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The open incidents, and the rule by which evidence becomes few of them.
 *
 * A hit of a correlation rule with `incident: true`, or an alert at or above incident.open_at,
 * opens an incident about the own hosts in it. What shares a host (address or device, same site)
 * with an open one within incident.window of event time joins it; a hit that shares hosts with two
 * makes them one: the younger is merged into the older. Other alerts of its hosts become evidence.
 * What happens after an incident was closed opens a new one.
 *
 * All of it runs inside the transaction of a batch:
 *
 *     book_begin(book, store, now);
 *     correlate_batch(correlator, batch, book_hit, book);
 *     book_records(book, batch);
 *     err = book_end(book, changed, ctx);
 *     ... groups of the batch are stored ...
 *     err = book_mark_groups(book);
 *
 * After a rollback: book_load. One thread.
 */
#ifndef TRAMGAC_ANALYZER_INCIDENT_BOOK_H
#define TRAMGAC_ANALYZER_INCIDENT_BOOK_H

#include "analyzer/correlate/correlate.h"
#include "analyzer/enrich/attack.h"
#include "analyzer/record/incident.h"
#include "analyzer/store/store.h"

enum {
    BOOK_OPENED,
    BOOK_MERGED,
    BOOK_JOINED,
    BOOK_ATTACHED,
    BOOK_UNLOADED,
    BOOK_COUNTERS,
};
extern const struct counter book_counters[];
extern const struct option book_options[];

struct book;

/** `attack` may be NULL; it and `counters` (BOOK_COUNTERS values) must outlive the book. */
struct book *book_new(const struct conf *conf, const struct attack *attack, uint64_t *counters);
void book_free(struct book **book);

/** Forgets everything and reads the open incidents of the store. */
enum err book_load(struct book *book, struct store *store);

/** `now_ns`: wall clock, for history and opening times. */
void book_begin(struct book *book, struct store *store, uint64_t now_ns);
/** A correlate_emit: `book` is the context. */
void book_hit(void *book, const struct corr_hit *hit);
void book_records(struct book *book, const struct batch *batch);

/** Told of each incident that was written. `kind`: "opened", "updated", "closed" (merged into
 * another) when operations centres must hear of it; NULL when only counts changed. */
typedef enum err book_changed(void *ctx, struct store *store, const struct incident *incident,
                              const char *kind);
/** Writes incidents, history, links and state; the first failure of the whole batch. */
enum err book_end(struct book *book, book_changed *changed, void *ctx);
/** Notes in the groups of this batch which incident they belong to; after they were stored. */
enum err book_mark_groups(struct book *book);

uint32_t book_count(const struct book *book);

#endif

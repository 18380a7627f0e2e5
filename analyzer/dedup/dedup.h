/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Admission: which alerts are one group, which rows are kept, and the sums a batch adds to groups,
 * sparklines and minute rollups. In a storm the first rows of a group and hour are kept, as far as
 * they say anything new, then one of each power of two; all are counted.
 */
#ifndef TRAMGAC_ANALYZER_DEDUP_DEDUP_H
#define TRAMGAC_ANALYZER_DEDUP_DEDUP_H

#include "analyzer/record/record.h"
#include "analyzer/store/db_groups.h"
#include "analyzer/store/db_rollups.h"
#include "common/conf.h"
#include "common/stat.h"

extern const struct option dedup_options[];

/** dedup.keep_first, dedup.drop: which rows are kept. */
enum { DEDUP_ALERTS, DEDUP_SAMPLED_OUT, DEDUP_NOT_KEPT, DEDUP_FORGOTTEN, DEDUP_COUNTERS };
extern const struct counter dedup_counters[];

struct dedup;

/** `next_event_id`: first free id of the store. */
struct dedup *dedup_new(const struct conf *conf, int64_t next_event_id);
void dedup_free(struct dedup **dedup);

/** Group of an alert: a hash of (gid, sid, source, destination, site, techniques,
 * exception). 1 .. 2^53 - 1.
 */
int64_t dedup_group_id(const struct record *r);

/** Sets event_id, group_id and sampled_out of each record, and the sums. Sums live until the next
 * call. */
void dedup_batch(struct dedup *dedup, struct batch *batch, uint64_t *counters);
/** The same when it was decided before (in a cluster by who stored the events): only the sums. */
void dedup_batch_decided(struct dedup *dedup, struct batch *batch, uint64_t *counters);
/** Where the next batch's numbers begin. */
void dedup_number_from(struct dedup *dedup, int64_t next_event_id);
int64_t dedup_next_number(const struct dedup *dedup);
/** The transaction failed: ids and samples of the last batch are free again; the same batch will be
 * admitted anew. */
void dedup_undo(struct dedup *dedup);

struct group_add *dedup_groups(struct dedup *dedup, uint32_t *n);
const struct spark_add *dedup_sparks(const struct dedup *dedup, uint32_t *n);
const struct rollup *dedup_rollups(const struct dedup *dedup, uint32_t *n);

#endif

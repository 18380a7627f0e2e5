/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where events of a time are: per block of event numbers its first and last event time and how many
 * it has. A search goes from block to block, newest first, and passes over those of other times.
 */
#ifndef TRAMGAC_ANALYZER_STORE_DB_BLOCKS_H
#define TRAMGAC_ANALYZER_STORE_DB_BLOCKS_H

#include "analyzer/record/record.h"
#include "analyzer/store/store.h"

/** In the transaction that stores them. */
enum err db_blocks_add(struct store *store, const struct record *records, uint32_t n);

struct blocks_window {
    int64_t first, end; /* numbers first <= id < end */
    int64_t n;          /* events in these blocks */
    bool last;          /* no block of that time is below */
};
/** The newest blocks below number `before` (0 = all) that may hold events of from <= ts <= to (0 =
 * open), side by side, until they have `events`; an empty window: there are none. */
enum err db_blocks_window(struct store *store, int64_t before, uint64_t from_ns, uint64_t to_ns,
                          int64_t events, struct blocks_window *window);

/** Forgets blocks below `id` that have no event any more. */
enum err db_blocks_forget(struct store *store, int64_t id);

#endif

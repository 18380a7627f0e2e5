/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers of events per time (what the charts show), written at ingest: by the minute for what is
 * near, by the half hour for what is long.
 */
#ifndef TRAMGAC_ANALYZER_STORE_DB_ROLLUPS_H
#define TRAMGAC_ANALYZER_STORE_DB_ROLLUPS_H

#include "analyzer/store/store.h"

/** One minute of one sensor. `severity` is -1 for events that are no alerts. */
struct rollup {
    uint64_t minute_ns;
    const char *sensor, *site;
    const char *type; /* event_type */
    int severity;
    int64_t n;
};
enum err db_rollups_add(struct store *store, const struct rollup *adds, uint32_t n);

struct rollups_query {
    uint64_t from_ns, to_ns;  /* minutes that begin in them, both ends included */
    uint64_t step_ns;         /* whole minutes; 0 = one */
    const char *const *sites; /* only these; NULL = all; ended by NULL */
    const char *type;         /* NULL or "" = all */
    bool by_severity;         /* alerts only, one row per severity; else all in one */
    uint32_t most;            /* rows wanted; 0 = all */
};

/** One row per step (and severity), ordered by time; steps without events are left out. */
struct rollups_sum {
    uint64_t at_ns;
    int severity; /* -1 unless by_severity */
    int64_t n;
};
enum err db_rollups_sums(struct store *store, const struct rollups_query *query,
                         struct arena *arena, struct rollups_sum **rows, uint32_t *n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters, declared once as rows, counted per worker without locks, added up for `stats`.
 * A module has an enum and a table in the same order; a worker holds one array per module.
 */
#ifndef TRAMGAC_COMMON_STAT_H
#define TRAMGAC_COMMON_STAT_H

#include "common/slice.h"

struct counter {
    const char *name; /* dotted, as in EVE stats: "tcp.gaps" */
    const char *doc;  /* one sentence; for a loss: cause and remedy */
};
#define COUNTER_END                                                                                \
    {                                                                                              \
        NULL, NULL                                                                                 \
    }

enum { STAT_TABLES_MAX = 96 };

/** All counters of one worker (or of the whole, after adding up). */
struct stats {
    const struct counter *tables[STAT_TABLES_MAX];
    uint64_t *values[STAT_TABLES_MAX];
    uint32_t n;
};

/** Adds a table (ended by COUNTER_END); returns its zeroed values, owned by `stats`. */
uint64_t *stats_add(struct stats *stats, const struct counter *table);
/** sum += one, table by table; tables not yet in `sum` are added. */
void stats_sum(struct stats *sum, const struct stats *one);
/** A counter by its name, over all tables; 0 when there is none. */
uint64_t stats_value(const struct stats *stats, const char *name);
void stats_fini(struct stats *stats);

/** A member that is no counter: raw JSON under a dotted name. */
struct stats_more {
    const char *name; /* NULL: none */
    struct slice json;
};

struct jsonw;
/** Nested objects by the dots of the names: "tcp.gaps" becomes {"tcp":{"gaps":n}}. */
void stats_json(const struct stats *stats, struct jsonw *w);
/** The same with `before`, unless NULL: what the counters were, and each gets a member gaps_delta
 * beside it; and with one member more, unless NULL. */
void stats_json_more(const struct stats *stats, const struct stats *before,
                     const struct stats_more *more, struct jsonw *w);

#endif

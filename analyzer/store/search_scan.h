/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What searches of groups and of events share, for the db_search*.c files only.
 */
#ifndef TRAMGAC_ANALYZER_STORE_SEARCH_SCAN_H
#define TRAMGAC_ANALYZER_STORE_SEARCH_SCAN_H

#include "analyzer/store/db_search.h"
#include "analyzer/store/sql.h"

#include <stdio.h>

enum {
    SEARCH_SCAN_USUAL = 50,
    SEARCH_SCAN_MOST = 1000,
    SEARCH_SCAN_CHUNK = 2000, /* rows of one statement */
};

struct search_scan {
    struct store *store;
    const struct search *search;
    const struct search_range *range;
    struct search_state *state;
    bool exact;        /* the statement says all */
    bool led;          /* an index leads this window, where the engine is told to (store_def.led) */
    int64_t wide;      /* events of the last window of a search that an index leads */
    int64_t seen;      /* events of all windows, */
    int64_t found;     /* those that were summed, */
    int64_t most;      /* and how many of them are wanted; 0 = rows are wanted, not sums */
    uint64_t began_ns; /* monotonic: the search, */
    uint64_t window_ns; /* its last window */
    enum err err;
};

static inline uint32_t search_scan_limit(const struct search_range *range)
{
    return range->limit == 0                 ? SEARCH_SCAN_USUAL
           : range->limit > SEARCH_SCAN_MOST ? SEARCH_SCAN_MOST
                                             : range->limit;
}

static inline uint32_t search_scan_budget(const struct search_range *range, uint32_t usual)
{
    return range->budget ? range->budget : usual;
}

/* What a range says, on top of the search. */
static inline void search_scan_range(struct sql_where *w, const struct search_range *range,
                                     const char *time, const char *site)
{
    char from[32], to[32];
    snprintf(from, sizeof(from), "%.20s>=?", time);
    snprintf(to, sizeof(to), "%.20s<=?", time);
    sql_where_int(w, from, (int64_t)range->from_ns);
    sql_where_int(w, to, (int64_t)range->to_ns);
    sql_where_sites(w, site, range->sites);
}

struct search_scan_taken {
    struct sql_rows rows;
    uint32_t limit;
};

static inline bool search_scan_take(struct search_scan_taken *t, const void *row)
{
    void *to = sql_rows_add(&t->rows);

    if (to)
        memcpy(to, row, t->rows.size);
    return to && t->rows.n < t->limit;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Searches (analyzer/search) over groups and events. What a statement can say is left to the
 * engine, the rest is decided row by row with search/match.h, so that both engines mean the same. A
 * look at rows is bounded: `complete` false means that the budget ended first; `next` goes on.
 */
#ifndef TRAMGAC_ANALYZER_STORE_DB_SEARCH_H
#define TRAMGAC_ANALYZER_STORE_DB_SEARCH_H

#include "analyzer/search/search.h"
#include "analyzer/store/db_events.h"
#include "analyzer/store/db_groups.h"

struct search_range {
    uint64_t from_ns, to_ns;  /* events: event time; groups: last seen; 0 = open */
    uint64_t before_ns;       /* groups: page after (before_ns, before_id) */
    int64_t before_id;        /* events: page after this id */
    uint32_t limit;           /* rows wanted; 0 = 50, at most 1000 */
    uint32_t budget;          /* rows looked at; 0 = 40,000 groups, 10,000 events */
    uint64_t patience_ns;     /* events: look no further after this time; 0 = as long as it takes */
    const char *const *sites; /* only these; NULL = all; ended by NULL */
};

struct search_state {
    bool complete;    /* nothing more is behind what was given */
    uint64_t next_ns; /* where to go on */
    int64_t next_id;
    uint32_t looked; /* rows looked at */
};

enum err db_search_groups(struct store *store, const struct search *search,
                          const struct search_range *range, struct arena *arena,
                          struct group_row **rows, uint32_t *n, struct search_state *state);
enum err db_search_events(struct store *store, const struct search *search,
                          const struct search_range *range, struct arena *arena,
                          struct event_row **rows, uint32_t *n, struct search_state *state);

/** How many groups and alerts fit, looking at no more than the budget (0 = the newest 40,000
 * groups; a search for a rule, an address, a group or an incident counts all). */
enum err db_search_groups_count(struct store *store, const struct search *search,
                                const struct search_range *range, int64_t *groups, int64_t *alerts,
                                struct search_state *state);

struct search_count {
    const char *value[SEARCH_FIELDS_MAX]; /* per field of the groupby */
    int64_t n;
};
/** Events by the fields of the groupby, most first; of more than 20,000 that fit the newest. */
enum err db_search_groupby(struct store *store, const struct search *search,
                           const struct search_range *range, struct arena *arena,
                           struct search_count **rows, uint32_t *n, struct search_state *state);

struct search_step {
    uint64_t at_ns;
    int64_t n;
};
/** Events per step of time; steps without events are left out. `step_ns` 0: about 60 steps. Of
 * whole minutes and a type, or all: also events that were only counted. */
enum err db_search_histogram(struct store *store, const struct search *search,
                             const struct search_range *range, struct arena *arena,
                             struct search_step **rows, uint32_t *n, uint64_t *step_ns,
                             struct search_state *state);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Incidents, their history and their evidence.
 */
#ifndef TRAMGAC_ANALYZER_STORE_DB_INCIDENTS_H
#define TRAMGAC_ANALYZER_STORE_DB_INCIDENTS_H

#include "analyzer/record/incident.h"
#include "analyzer/store/store.h"

/**
 * Stores an incident. id 0: a new one (id and version are set); when its key exists already:
 * ERR_CONFLICT, nothing changed: find it by key. Otherwise the stored version must equal
 * incident->version, else ERR_CONFLICT (somebody changed it: read again); it rises by one.
 */
enum err db_incidents_put(struct store *store, struct incident *incident);
enum err db_incidents_get(struct store *store, int64_t id, struct arena *arena,
                          struct incident *incident);
/** Also closed ones. ERR_NOTFOUND. */
enum err db_incidents_find(struct store *store, const char *key, struct arena *arena,
                           struct incident *incident);
/** Open incidents whose last event is not older than `since_ns`, newest first: entity_ip NULL =
 * any. */
enum err db_incidents_open(struct store *store, const char *entity_ip, uint64_t since_ns,
                           struct arena *arena, struct incident **rows, uint32_t *n);

struct incidents_query {
    uint32_t states; /* bit per enum incident_state; 0 = all */
    enum severity at_least;
    const char *text; /* words of titles, entity, technique */
    const char *entity_ip;
    const char *assignee;
    const char *site;
    const char *const *sites; /* only these; NULL = all; ended by NULL */
    bool serious, personal, unassigned, held;
    bool worst_first;        /* by severity, score, time: one page, none behind it */
    uint64_t from_ns, to_ns; /* last_ns within */
    uint64_t before_ns;      /* page: after the row (last_ns, id) */
    int64_t before_id;
    uint32_t limit; /* 0 = 50, at most 500 */
};
/** Newest first (last_ns, id). */
enum err db_incidents_list(struct store *store, const struct incidents_query *query,
                           struct arena *arena, struct incident **rows, uint32_t *n);
/** Legal hold: while it is on, neither the incident nor what it links expires. Part of no version.
 */
enum err db_incidents_hold(struct store *store, int64_t id, bool hold);
/** Deletes closed and merged incidents that were closed before `before_ns`, with their history,
 * links and outbox, at most `limit`; none on hold. */
enum err db_incidents_expire(struct store *store, uint64_t before_ns, uint32_t limit,
                             int64_t *deleted);
/** Incidents per state: counts[state]; of these sites, NULL = all. */
enum err db_incidents_counts(struct store *store, const char *const *sites,
                             int64_t counts[INCIDENT_STATES]);
/** Open incidents of a site by severity: rows in the order of the sites. */
struct incidents_sum {
    const char *site;
    enum severity severity;
    int64_t n;
};
enum err db_incidents_sums(struct store *store, const char *const *sites, struct arena *arena,
                           struct incidents_sum **rows, uint32_t *n);
/** All that fit the query, whatever its page. */
enum err db_incidents_count(struct store *store, const struct incidents_query *query, int64_t *n);

/** Appends to the history; entry->id is set. Never changed or deleted. */
enum err db_incidents_entry_add(struct store *store, struct incident_entry *entry);
/** Oldest first, by (ts_ns, id). */
enum err db_incidents_entries(struct store *store, int64_t incident_id, struct arena *arena,
                              struct incident_entry **rows, uint32_t *n);

/** What was done with an incident and decided about it: its history without stages and alerts. */
struct history_query {
    int64_t incident_id;
    uint64_t before_ns; /* page: before this entry */
    int64_t before_id;
    uint32_t limit; /* 0 = 100 */
};
/** Newest first; *all is how many there are, whatever the page. */
enum err db_incidents_history(struct store *store, const struct history_query *query,
                              struct arena *arena, struct incident_entry **rows, uint32_t *n,
                              int64_t *all);

/** Links evidence; the same link again adds `n`. *was_new may be NULL. */
enum err db_incidents_link_add(struct store *store, const struct incident_link *link,
                               bool *was_new);
/** Ordered by time. */
enum err db_incidents_links(struct store *store, int64_t incident_id, struct arena *arena,
                            struct incident_link **rows, uint32_t *n);
/** Moves all links and entries of one incident to another (merge); counts are the caller's. */
enum err db_incidents_move(struct store *store, int64_t from_id, int64_t to_id);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alert groups (what the inbox shows), written at ingest.
 */
#ifndef TRAMGAC_ANALYZER_STORE_DB_GROUPS_H
#define TRAMGAC_ANALYZER_STORE_DB_GROUPS_H

#include "analyzer/record/record.h"
#include "analyzer/store/store.h"

enum group_state { GROUP_OPEN, GROUP_ARCHIVED, GROUP_ESCALATED };
enum { GROUP_STATES = 3 };
/** "open", "archived", "escalated". */
const char *db_groups_state_name(enum group_state state);
bool db_groups_state_parse(struct slice text, enum group_state *state);

struct group_row {
    int64_t id;
    int64_t gid, sid;
    const char *signature, *signature_vi, *category, *source;
    enum severity severity; /* the highest seen */
    const char *src_ip, *dst_ip, *src_name, *dst_name, *src_zone, *dst_zone;
    const char *src_country, *dst_country;
    int64_t dst_port; /* of the newest alert */
    const char *proto, *app_proto;
    uint8_t criticality; /* the higher of both ends */
    const char *sensor;  /* of the newest alert */
    const char *site;
    const char *techniques;            /* ids with blanks between */
    const char *reason_en, *reason_vi; /* of the newest alert */
    int64_t n;                         /* alerts counted */
    int64_t n_kept;                    /* of them with their row in events */
    int64_t n_done;                    /* of them handled (archived); n - n_done are new */
    uint64_t first_ns, last_ns;
    enum group_state state;
    const char *assignee;
    int64_t incident_id; /* the newest incident it belongs to; 0 = none */
    int64_t last_event_id;
    int64_t version;
    const char *words;    /* folded texts that words of a search are looked for in */
    int64_t exception_id; /* hidden by it; 0 = not hidden */
};

struct groups_query {
    uint32_t states;        /* bit per enum group_state; 0 = all */
    enum severity at_least; /* SEVERITY_INFO = all */
    const char *text;       /* words of signature, addresses, names, technique; "" = all */
    const char *host;       /* source or destination */
    int64_t sid;
    const char *site, *sensor, *technique;
    int64_t incident_id;
    bool excepted;            /* also those that an exception hides; always with incident_id */
    const char *const *sites; /* only these; NULL = all; ended by NULL */
    uint64_t from_ns, to_ns;  /* last seen within */
    uint64_t before_ns;       /* page: after the row (last_ns, id); 0 = first page */
    int64_t before_id;
    uint32_t limit; /* 0 = 100, at most 1000 */
};

/** What one batch adds to one group: counted alerts, with `newest` as the example of its texts. */
struct group_add {
    const struct record *newest;
    enum severity severity; /* the highest of them */
    uint64_t first_ns, last_ns;
    int64_t n, n_kept;
    int64_t n_same; /* without a row, saying the same as one that has its row */
    uint64_t hour_ns;
    int64_t hour_n;      /* of them in this hour; those of others are spark_adds */
    struct record *kept; /* the first of them that has a row; NULL: none */
    bool asked, known;   /* by db_groups_find: the store has the group */
};

/** Asks which groups the store has, in the transaction that adds them. The first row of a group
 * that it has not (record.opens_group) is found through the group, and needs no index. */
enum err db_groups_find(struct store *store, struct group_add *adds, uint32_t n);
/** Adds, each group once; one that was archived opens again with n - n_done new ones. Groups and
 * alerts of each site are counted on. */
enum err db_groups_add(struct store *store, const struct group_add *adds, uint32_t n);
enum err db_groups_get(struct store *store, int64_t id, struct arena *arena, struct group_row *row);
/** Newest first (last_ns, id). */
enum err db_groups_list(struct store *store, const struct groups_query *query, struct arena *arena,
                        struct group_row **rows, uint32_t *n);
/** Groups and alerts that match, for "exact counts"; limit and page are ignored. */
enum err db_groups_count(struct store *store, const struct groups_query *query, int64_t *groups,
                         int64_t *alerts);
/** All groups there are, and all alerts ever counted, of these sites (NULL = all). */
enum err db_groups_totals(struct store *store, const char *const *sites, int64_t *groups,
                          int64_t *alerts);
/** Sets state and assignee (NULL = unchanged). `n_seen`: archive up to what the analyst saw; alerts
 * that came later stay new. ERR_NOTFOUND. */
enum err db_groups_set(struct store *store, int64_t id, enum group_state state,
                       const char *assignee, int64_t n_seen);
/** State, handled alerts and assignee as they were. ERR_NOTFOUND. */
enum err db_groups_put_back(struct store *store, int64_t id, enum group_state state, int64_t n_done,
                            const char *assignee);
enum err db_groups_set_incident(struct store *store, int64_t id, int64_t incident_id);

/** Alerts per hour of one group: sparkline. */
struct hour_count {
    uint64_t hour_ns;
    int64_t n;
};
struct spark_add {
    int64_t group_id;
    uint64_t hour_ns;
    int64_t n;
};
/** What a batch adds to hours that no group_add has, each hour of a group once. */
enum err db_groups_sparks_add(struct store *store, const struct spark_add *adds, uint32_t n);
enum err db_groups_spark(struct store *store, int64_t id, uint64_t from_ns, struct arena *arena,
                         struct hour_count **rows, uint32_t *n);

/** Deletes groups whose newest kept event is not above `last_event_id`, at most `limit`, but none
 * of an open incident; their sparklines go with them. */
enum err db_groups_expire(struct store *store, int64_t last_event_id, uint32_t limit,
                          int64_t *deleted);

#endif

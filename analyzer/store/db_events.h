/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events that were kept, with their raw line. Rows rise with arrival (id).
 */
#ifndef TRAMGAC_ANALYZER_STORE_DB_EVENTS_H
#define TRAMGAC_ANALYZER_STORE_DB_EVENTS_H

#include "analyzer/record/record.h"
#include "analyzer/store/store.h"

struct event_row {
    int64_t id;
    uint64_t ts_ns, received_ns;
    enum record_kind kind;
    const char *event_type;
    const char *sensor, *site;
    const char *src_ip, *dst_ip;
    const char *src_name, *dst_name; /* as known when it came */
    uint16_t src_port, dst_port;
    const char *proto, *app_proto;
    const char *device; /* of the source or subject */
    enum severity severity;
    int64_t group_id;
    uint64_t flow_id;
    const char *signature; /* alerts and deviations */
    int64_t gid, sid;
    const char *json; /* the whole event */
};

/** All set conditions hold together; zero or NULL = not asked. */
struct events_query {
    int64_t group_id;
    int64_t incident_id; /* linked to it, or in one of its groups */
    const char *host;    /* source or destination address */
    const char *device;
    uint64_t flow_id;
    uint32_t kinds;          /* bit per enum record_kind; 0 = all */
    const char *type;        /* event_type */
    const char *contains;    /* substring of the raw event, case-insensitive for ASCII */
    uint64_t from_ns, to_ns; /* event time, inclusive */
    int64_t before_id;       /* page: rows older than this one; 0 = newest first page */
    uint32_t limit;          /* 0 = 50, at most 1000 */
};

/** Stores records under their event_id, but for those that were sampled out. */
enum err db_events_put(struct store *store, const struct record *records, uint32_t n);
/** ERR_NOTFOUND when it was not kept or has expired. */
enum err db_events_get(struct store *store, int64_t id, struct arena *arena, struct event_row *row);
/** Newest arrival first. */
enum err db_events_list(struct store *store, const struct events_query *query, struct arena *arena,
                        struct event_row **rows, uint32_t *n);
/** Those above `id` in the order of their numbers. */
enum err db_events_after(struct store *store, int64_t id, uint32_t limit, struct arena *arena,
                         struct event_row **rows, uint32_t *n);
/** Highest id given so far; 0 when empty. Ids of expired events are not used again. */
enum err db_events_last_id(struct store *store, int64_t *id);
/** In the transaction that put it: nothing up to `id` is given again. */
enum err db_events_mark_last(struct store *store, int64_t id);
/** Deletes events of these kinds (0 = all) with ids up to `last_id`, at most `limit`, but none that
 * an open incident links or an incident on legal hold needs; gives the number deleted. */
enum err db_events_expire(struct store *store, uint32_t kinds, int64_t last_id, uint32_t limit,
                          int64_t *deleted);

#endif

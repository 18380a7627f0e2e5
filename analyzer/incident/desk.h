/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people do with whole incidents: make one by hand, merge, split, and take that back. Each
 * call runs in the caller's transaction and leaves rows, stories, evidence and histories that fit
 * together; the book reads the stories again before its next batch.
 */
#ifndef TRAMGAC_ANALYZER_INCIDENT_DESK_H
#define TRAMGAC_ANALYZER_INCIDENT_DESK_H

#include "analyzer/enrich/attack.h"
#include "analyzer/record/incident.h"
#include "analyzer/store/store.h"
#include "common/json.h"
#include "common/jsonw.h"

enum { DESK_SOURCES_MAX = 64, DESK_GROUPS_MAX = 300 };

struct desk {
    struct store *store; /* inside a transaction */
    struct arena *arena;
    const struct attack *attack; /* may be NULL */
    uint64_t half_life_ns, now_ns;
    const char *actor;
    const char *comment; /* NULL = none; goes to the history of the surviving incident */
    /** Told of each incident that operations centres must hear of; may be NULL. */
    enum err (*tell)(void *ctx, struct store *store, const struct incident *incident);
    void *ctx;
    struct jsonw *undo; /* an open object: gets what desk_undo needs */
};

/** What goes into an incident. */
struct desk_parts {
    struct incident *sources; /* open or closed, not merged; read in this transaction */
    uint32_t n_sources;
    const int64_t *groups;
    uint32_t n_groups;
};

/** By hand. `made` holds title, severity, assignee ("" = nobody) of the new one, site may be "":
 * the parts' own; the rest is set. `given_severity` false: what its parts say. ERR_INPUT: neither
 * title nor parts. ERR_NOTFOUND: a group that does not exist. */
enum err desk_create(struct desk *desk, struct incident *made, bool given_severity,
                     const struct desk_parts *parts);
/** Sources end as merged. ERR_INPUT: into itself, into or from a merged one. */
enum err desk_merge(struct desk *desk, struct incident *into, const struct desk_parts *parts);
/** These groups leave `from` for a new incident; title and severity as in desk_create. ERR_INPUT:
 * none of them is in `from`. */
enum err desk_split(struct desk *desk, struct incident *from, struct incident *made,
                    bool given_severity, const int64_t *groups, uint32_t n);
/** `detail`: what was written to `undo`. ERR_CONFLICT: merged or split on since. */
enum err desk_undo(struct desk *desk, const struct json *detail);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions: alerts that somebody has decided not to see, and why. What an exception matches is
 * stored and counted, but its groups stand outside the inbox (grp.exception) until the exception is
 * disabled or deleted.
 *
 * Every change raises one number (db_exceptions_edition) in its own transaction: who keeps them
 * compiled asks for it and knows when to read them again.
 */
#ifndef TRAMGAC_ANALYZER_STORE_DB_EXCEPTIONS_H
#define TRAMGAC_ANALYZER_STORE_DB_EXCEPTIONS_H

#include "analyzer/search/search.h"
#include "analyzer/store/store.h"

enum { EXCEPTIONS_MAX = 2000 };

struct exception_row {
    int64_t id;
    int64_t version;
    const char *query; /* of the search language */
    const char *reason;
    const char *owner;   /* account that answers for it */
    const char *sites;   /* names with blanks between; "" = all */
    uint64_t expires_ns; /* 0 = never; later alerts are seen again */
    bool enabled;
    uint64_t created_ns, changed_ns;
    int64_t hits;         /* alerts it has hidden as they came */
    uint64_t last_hit_ns; /* event time of the newest of them */
    int64_t groups;       /* that it hides now */
};

/** Sets row->id. ERR_FULL at EXCEPTIONS_MAX. */
enum err db_exceptions_add(struct store *store, struct exception_row *row);
/** ERR_CONFLICT when row->version is not the stored one; the new one is one higher. Hits stay. */
enum err db_exceptions_set(struct store *store, const struct exception_row *row);
/** ERR_NOTFOUND. */
enum err db_exceptions_delete(struct store *store, int64_t id);
enum err db_exceptions_get(struct store *store, int64_t id, struct arena *arena,
                           struct exception_row *row);
/** Oldest first. */
enum err db_exceptions_list(struct store *store, struct arena *arena, struct exception_row **rows,
                            uint32_t *n);
enum err db_exceptions_edition(struct store *store, int64_t *edition);
enum err db_exceptions_hit(struct store *store, int64_t id, int64_t n, uint64_t last_ns);

/** A group that a search reaches. */
struct exception_reach {
    int64_t group_id;
    int64_t matched; /* kept alerts of it that fit */
    int64_t alerts;  /* that would be hidden: of a whole group all, else the kept ones that fit */
    bool whole;      /* every alert of the group fits, also those whose rows were not kept */
};
/** What an exception with this search would hide among the stored alerts of the time. Groups of
 * which only a part fits cannot be hidden afterwards. `complete`: the numbers are
 * exact; else they are the least. */
enum err db_exceptions_reach(struct store *store, const struct search_node *root,
                             const char *const *sites, uint64_t from_ns, uint64_t to_ns,
                             struct arena *arena, struct exception_reach **rows, uint32_t *n,
                             bool *complete);
/** Hides a group that no other exception hides. */
enum err db_exceptions_hide(struct store *store, int64_t id, int64_t group_id);
/** Gives all groups of an exception back to the inbox; how many. */
enum err db_exceptions_show(struct store *store, int64_t id, int64_t *groups);

#endif

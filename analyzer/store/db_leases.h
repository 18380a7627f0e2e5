/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several analyzers at one store: who is there (members), and who may do what only one may
 * (leases).
 *
 * A member shows that it lives by its beat, a number that goes up. Nobody compares clocks of
 * different machines: who wants the lease of another watches his beat, and takes it when it has not
 * moved for long enough (run/leases.h). Each time a lease changes hands its token goes up. A writer
 * shows his token in each transaction (db_leases_fence): from then to its end nobody can take the
 * lease, and who lost it meanwhile is refused, however late he wakes up.
 */
#ifndef TRAMGAC_ANALYZER_STORE_DB_LEASES_H
#define TRAMGAC_ANALYZER_STORE_DB_LEASES_H

#include "analyzer/store/store.h"

struct member_row {
    const char *name;
    const char *life; /* of this process; another one of the same name has another */
    int64_t beat;
    uint64_t seen_ns; /* wall clock of that machine; for people only */
};

struct lease_row {
    const char *name;
    const char *holder; /* name of a member; "" = free */
    int64_t token;
    uint64_t since_ns;
};

/** From now on `name` is this process; an older one of the same name is out. */
enum err db_leases_join(struct store *store, const char *name, const char *life, uint64_t now_ns);
/** ERR_CONFLICT: another process has the name now. */
enum err db_leases_beat(struct store *store, const char *name, const char *life, uint64_t now_ns);
/** By name. */
enum err db_leases_members(struct store *store, struct arena *arena, struct member_row **rows,
                           uint32_t *n);
/** By name. */
enum err db_leases_list(struct store *store, struct arena *arena, struct lease_row **rows,
                        uint32_t *n);
/** Makes a free lease, unless it is there. */
enum err db_leases_make(struct store *store, const char *lease);
/** Takes `was` for `holder`; its token becomes was->token + 1. ERR_CONFLICT: it is no longer as it
 * was, or its holder writes at this moment. */
enum err db_leases_take(struct store *store, const struct lease_row *was, const char *holder,
                        uint64_t now_ns);
/** Gives it back in good order; ERR_NOTFOUND when it was lost already. */
enum err db_leases_release(struct store *store, const char *lease, const char *holder,
                           int64_t token);
/** In a transaction: ERR_DENIED when the lease is somebody else's or has another token; else nobody
 * takes it before the transaction ends. */
enum err db_leases_fence(struct store *store, const char *lease, const char *holder, int64_t token);

#endif

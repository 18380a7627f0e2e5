/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a cluster's work this analyzer does: leases it holds, shown alive by a beat in the store
 * (store/db_leases.h), taken over from who beats no longer.
 *
 * No clocks of different machines are compared: another one is dead when his beat has not moved
 * for `time` of our own monotonic clock; we stop believing in our own leases a quarter of `time`
 * earlier. What nobody can be sure of is left to the token that each transaction shows.
 *
 * leases_tick() may be called by one thread, leases_held() by any.
 */
#ifndef TRAMGAC_ANALYZER_RUN_LEASES_H
#define TRAMGAC_ANALYZER_RUN_LEASES_H

#include "analyzer/store/store.h"
#include "common/strbuf.h"

enum { LEASES_MAX = 8, LEASES_NAME_MAX = 128, LEASES_MEMBERS_MAX = 64 };

struct leases;

/** `store` is borrowed, and used by leases_tick() only. `wanted`: names, ended by NULL; literals.
 * `name`: this analyzer, no other one has it; `life`: this process. */
struct leases *leases_new(struct store *store, const char *name, const char *life,
                          const char *const *wanted, uint64_t time_ns);
void leases_free(struct leases **leases);

/** Beats, looks at the others, takes what is free. To be called several times in `time`. */
enum err leases_tick(struct leases *leases, uint64_t now_ns, uint64_t mono_ns);
/** Gives all back: others need not wait. */
void leases_release(struct leases *leases);

/** Whether we hold a lease, and its token. */
bool leases_held(struct leases *leases, const char *lease, uint64_t mono_ns, int64_t *token);
const char *leases_name(const struct leases *leases);
/** Members of a JSON object: our name, leases with their holders, members and their silence. */
void leases_health(struct leases *leases, uint64_t mono_ns, struct strbuf *json);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Append-only record of what people and connectors did. Each row's hash covers the one before, so a
 * changed or missing row is found.
 */
#ifndef TRAMGAC_ANALYZER_STORE_DB_AUDIT_H
#define TRAMGAC_ANALYZER_STORE_DB_AUDIT_H

#include "analyzer/store/store.h"

struct audit_row {
    int64_t id;
    uint64_t ts_ns;
    const char *user; /* "" = the analyzer itself */
    const char *address;
    const char *action; /* "login", "incident.close", "user.add", ... */
    const char *object; /* "incident/17", "user/lan" */
    const char *detail_json;
    const char *hash; /* set by the store */
};
enum err db_audit_add(struct store *store, const struct audit_row *row);

/** NULL, "" and 0: any. */
struct audit_query {
    const char *object, *user;
    const char *action; /* whole, or what stands before its dot: "incident" */
    uint64_t from_ns, to_ns;
    int64_t before_id; /* page: before this row */
    uint32_t limit;    /* 0 = 100, at most 1000 */
};
/** Newest first. */
enum err db_audit_list(struct store *store, const struct audit_query *query, struct arena *arena,
                       struct audit_row **rows, uint32_t *n);
/** Walks the chain: ERR_OK, or ERR_INPUT with the first id that does not fit. */
enum err db_audit_verify(struct store *store, int64_t *bad_id);

/** Deletes rows before `before_ns`, at most `limit`. The hash of the last one that went is kept:
 * the chain begins behind it, and the end of rows is a row itself. */
enum err db_audit_expire(struct store *store, uint64_t before_ns, uint64_t now_ns, uint32_t limit,
                         int64_t *deleted);

#endif

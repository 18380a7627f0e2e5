/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The analysts' desk: tasks of incidents, saved views, and what is needed to take an action back.
 */
#ifndef TRAMGAC_ANALYZER_STORE_DB_DESK_H
#define TRAMGAC_ANALYZER_STORE_DB_DESK_H

#include "analyzer/store/store.h"

struct task_row {
    int64_t id, incident_id;
    const char *title, *assignee;
    uint64_t due_ns, done_ns; /* 0 = none, not done */
    const char *done_by;
    uint64_t created_ns;
    const char *created_by;
    int64_t version;
};
/** Sets id and version. */
enum err db_desk_task_add(struct store *store, struct task_row *task);
enum err db_desk_task_get(struct store *store, int64_t id, struct arena *arena,
                          struct task_row *task);
/** ERR_CONFLICT: the version is another; it rises by one. */
enum err db_desk_task_put(struct store *store, struct task_row *task);
enum err db_desk_task_delete(struct store *store, int64_t id);
/** Of one incident, oldest first. */
enum err db_desk_tasks(struct store *store, int64_t incident_id, struct arena *arena,
                       struct task_row **rows, uint32_t *n);

/** What an action has to be undone with: `detail` is the API's own JSON. */
struct undo_row {
    const char *id; /* random */
    int64_t account_id;
    uint64_t created_ns, expires_ns;
    const char *action, *detail;
};
/** Also forgets what has expired. */
enum err db_desk_undo_add(struct store *store, const struct undo_row *undo);
/** Takes it out, once. ERR_NOTFOUND: unknown, of another account, expired or used. */
enum err db_desk_undo_take(struct store *store, const char *id, int64_t account_id, uint64_t now_ns,
                           struct arena *arena, struct undo_row *undo);

struct saved_row {
    int64_t id, account_id;
    const char *owner; /* user name */
    const char *name, *page, *query;
    bool shared;
    uint64_t created_ns, updated_ns;
};
/** id 0: a new one. ERR_CONFLICT: the account has one of that name on that page. */
enum err db_desk_saved_put(struct store *store, struct saved_row *saved);
enum err db_desk_saved_get(struct store *store, int64_t id, struct arena *arena,
                           struct saved_row *saved);
enum err db_desk_saved_delete(struct store *store, int64_t id);
/** The account's own and the shared ones, by page and name. */
enum err db_desk_saved(struct store *store, int64_t account_id, struct arena *arena,
                       struct saved_row **rows, uint32_t *n);

/** Stories of incidents were edited by hand: who keeps them in memory must read them again. */
enum err db_desk_stories_edited(struct store *store);
enum err db_desk_stories_edits(struct store *store, int64_t *n);

#endif

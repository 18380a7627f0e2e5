/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changes leave behind to be taken back: the fields before and after. Taking back restores the
 * fields that the change has set, when they are still as it left them.
 */
#ifndef TRAMGAC_ANALYZER_API_UNDO_H
#define TRAMGAC_ANALYZER_API_UNDO_H

#include "analyzer/api/act.h"
#include "analyzer/store/db_desk.h"
#include "analyzer/store/db_groups.h"

/** Elements of the open array "items" of an act's `undo`. */
void undo_keep_incident(struct act *act, const struct incident *before,
                        const struct incident *after);
void undo_keep_group(struct act *act, const struct group_row *before,
                     const struct group_row *after);
/** `before` NULL: it was made; `after` NULL: it was deleted. */
void undo_keep_task(struct act *act, const struct task_row *before, const struct task_row *after);

/** Takes all items back, in the transaction. ERR_CONFLICT: something has been changed again. *n:
 * how many. */
enum err undo_incidents(struct call *call, const struct json *items, int64_t *n);
enum err undo_groups(struct call *call, const struct json *items, int64_t *n);
enum err undo_tasks(struct call *call, const struct json *items, int64_t *n);

#endif

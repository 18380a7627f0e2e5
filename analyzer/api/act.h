/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all changes of groups, incidents and tasks have in common: one transaction with its entry
 * in the audit, and a key with which whoever did it can take it back for a while.
 */
#ifndef TRAMGAC_ANALYZER_API_ACT_H
#define TRAMGAC_ANALYZER_API_ACT_H

#include "analyzer/api/api.h"
#include "analyzer/record/incident.h"
#include "analyzer/record/secret.h"

struct act {
    struct call *call;
    const char *name; /* of the action: "incident.merge" */
    struct strbuf text;
    struct jsonw undo; /* an open object while the action runs */
    char id[SECRET_TOKEN_MAX];
    uint64_t until_ns;
};

/** Begins the transaction. Every act_begin needs its act_end. */
enum err act_begin(struct act *act, struct call *call, const char *name);
/** With err 0: audit, undo and commit; otherwise (and when these fail) all is rolled back and
 * answered. `object`: "incident/INC-…"; `detail`: JSON object. */
enum err act_end(struct act *act, enum err err, const char *object, const char *detail);
/** "undo":{"id":…,"until":…} into the open object. */
void act_write_undo(const struct act *act);

/** Is a thing of this site the account's business? */
bool act_in_scope(const struct call *call, const char *site);
/** One audit row outside of a change. */
enum err act_audit(struct call *call, const char *action, const char *object, const char *detail);

/** The incident of a name, in scope; answered when there is none. */
bool act_find_incident(struct call *call, const char *name, struct incident *incident);
/** Tells open pages and, for `act_tell`, operations centres (a `tell` of struct desk). */
void act_publish_incident(struct call *call, const struct incident *incident);
enum err act_tell(void *call, struct store *store, const struct incident *incident);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From admitted records to incidents: rules, correlator and the book of open incidents, kept in
 * step with the store's transactions.
 */
#ifndef TRAMGAC_ANALYZER_RUN_MATCHING_H
#define TRAMGAC_ANALYZER_RUN_MATCHING_H

#include "analyzer/enrich/attack.h"
#include "analyzer/incident/book.h"
#include "analyzer/record/hub.h"
#include "analyzer/run/rulebook.h"

struct matching;

/** Reads rules; those that are wrong are left out, with a line in `report`. `attack` may be NULL;
 * `rulebook` is borrowed, and told what is in use. */
enum err matching_new(const struct conf *conf, struct store *store, const struct attack *attack,
                      struct stats *stats, struct rulebook *rulebook, struct matching **matching,
                      struct strbuf *report);
void matching_free(struct matching **matching);

/** Reads the rules again; between transactions. Windows of rules that are as they were go on, those
 * of others begin anew. When a path cannot be read all stays as it is. An error: the store could
 * not give the windows back; matching_undo() has to. */
enum err matching_reload(struct matching *m, struct store *store, struct strbuf *report);

/** Who is told of changed incidents, in the transaction (push). */
void matching_tell(struct matching *m, book_changed *changed, void *ctx);

/** Records in, incidents and checkpoints written. */
enum err matching_batch(struct matching *m, struct store *store, const struct batch *batch,
                        uint64_t now_ns);
/** Time passed without events, or (`ended`) the input is over and all windows with it. False: there
 * is nothing to decide. To be asked outside of a transaction; matching_time() works inside of one.
 */
bool matching_due(const struct matching *m, uint64_t quiet_ns, bool ended);
enum err matching_time(struct matching *m, struct store *store, uint64_t quiet_ns, bool ended,
                       uint64_t now_ns);
/** After the groups of the batch were stored. */
enum err matching_mark(struct matching *m);
/** The transaction failed: back to what the store has. */
enum err matching_undo(struct matching *m, struct store *store);
/** After the commit: news of the incidents that changed. */
void matching_publish(struct matching *m, struct hub *hub);

/** Rules in use and put aside, incidents that are open: members of the health object. */
void matching_health(const struct matching *m, struct strbuf *json);
/** The member "correlation": when rules were loaded, and what was put aside why. Any thread. */
void matching_about(const struct matching *m, struct strbuf *json);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live reload of the rules: a thread of low priority loads the files again beside the running set;
 * the packet tier hands the new one on with a round, workers and host tier change over where that
 * round begins, so all of them at the same frame. The old set goes when the last has let go.
 *
 * A set is refused, and the running one stays, when a named file cannot be read, when no rule would
 * be in force, or when lines are newly unreadable and more than a tenth of the rules (ten at least)
 * would go with them (a half-written file, a page of HTML in its place). Otherwise broken lines are
 * put aside.
 */
#ifndef TRAMGAC_SENSOR_RUN_RELOAD_H
#define TRAMGAC_SENSOR_RUN_RELOAD_H

#include "common/conf.h"
#include "common/strbuf.h"
#include "sensor/detect/detect.h"

extern const struct option reload_options[];

struct reload;

/** `ruleset`: in force now; taken. `paths` are borrowed, ended by NULL. NULL without memory. */
struct reload *reload_new(const struct conf *conf, const char *const *paths,
                          struct ruleset *ruleset);
/** All others have let go of the rules; frees the ruleset too. */
void reload_free(struct reload **reload);

/** Asks for a reload; one that is asked for while another runs follows it. */
void reload_ask(struct reload *reload);
/** Asks and waits, at most `wait_ns`, until the new set is in force or was refused: members of a
 * JSON object. ERR_INPUT: refused; ERR_AGAIN: not within this time. */
enum err reload_ask_and_wait(struct reload *reload, uint64_t wait_ns, struct strbuf *members);

/** The set in force, for another thread: it is not freed before reload_let_go. The packets do not
 * wait for that. */
const struct ruleset *reload_hold(struct reload *reload);
void reload_let_go(struct reload *reload);

/** Packet tier: the set for the next round. `*told`: members of the event about a change or a
 * refusal, once; NULL = nothing is new. Valid until the next call. `frames` that were read: see
 * detect.reload-at. */
const struct ruleset *reload_current(struct reload *reload, uint64_t frames,
                                     const struct strbuf **told);
/** Host tier: this set is in force everywhere. */
void reload_settled(struct reload *reload, const struct ruleset *ruleset);

#endif

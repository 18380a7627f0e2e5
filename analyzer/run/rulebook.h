/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The correlation rules in use, for people, and the wish to read them again: any thread asks, the
 * writer does it between two transactions, and whoever asked hears what changed.
 */
#ifndef TRAMGAC_ANALYZER_RUN_RULEBOOK_H
#define TRAMGAC_ANALYZER_RUN_RULEBOOK_H

#include "analyzer/correlate/sigma.h"
#include "common/strbuf.h"

struct rulebook;

struct rulebook *rulebook_new(void);
void rulebook_free(struct rulebook **book);

/** The writer: these rules are in use now. `before` NULL: the start. */
void rulebook_put(struct rulebook *book, const struct sigma_set *before,
                  const struct sigma_set *now);
/** The writer: nothing could be read, the rules of before stay. */
void rulebook_refuse(struct rulebook *book, const char *why);
/** The writer: does somebody wait for the rules to be read again? rulebook_put or rulebook_refuse
 * answers him. */
bool rulebook_wanted(struct rulebook *book);
/** A line for the log: what the last reading changed. */
void rulebook_line(struct rulebook *book, char *out, size_t room);

/** Any thread: waits for the next reading and appends what it changed; false when the writer did
 * not come to it within `wait_ns` (it will, all the same). */
bool rulebook_reload(struct rulebook *book, uint64_t wait_ns, struct strbuf *json);
/** Any thread: all rules, and what the last reading changed. */
void rulebook_list(struct rulebook *book, struct strbuf *json);

#endif

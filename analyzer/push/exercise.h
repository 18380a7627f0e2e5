/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message that tries a connector: in the form of its incidents, and in every language and place
 * of that form marked as an exercise, so that nobody acts on it. It is in no outbox.
 */
#ifndef TRAMGAC_ANALYZER_PUSH_EXERCISE_H
#define TRAMGAC_ANALYZER_PUSH_EXERCISE_H

#include "analyzer/push/push.h"

enum { EXERCISE_NAME_MAX = 40 };

/** "TEST-20261122T064000Z": what stands where incidents have their name. */
void exercise_name(uint64_t now_ns, char out[EXERCISE_NAME_MAX]);
/** Appends the message of the connector's form. Pure. */
void exercise_render(const struct connector *c, uint64_t now_ns, struct strbuf *out);

#endif

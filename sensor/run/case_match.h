/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares the events of a run with what a replay case expects of them.
 */
#ifndef TRAMGAC_SENSOR_RUN_CASE_MATCH_H
#define TRAMGAC_SENSOR_RUN_CASE_MATCH_H

#include "common/json.h"
#include "common/strbuf.h"

/** True when every dotted path of `match` has its value in `event`. A text that begins with ~ must
 * be contained; of a list one element is enough. */
bool case_match_event(const struct json *match, const struct json *event);

/** Checks `expect` and `absent` of a case against the lines of an EVE file; what is not so is
 * appended to `faults`, a line each. Signature ids of alerts are passed to `alert`. */
void case_match_lines(const struct json *given, struct slice lines, struct strbuf *faults,
                      void (*alert)(void *context, uint32_t sid), void *context);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the text of one rule to a draft that is complete and checked.
 */
#ifndef TRAMGAC_SENSOR_DETECT_RULE_PARSE_H
#define TRAMGAC_SENSOR_DETECT_RULE_PARSE_H

#include "sensor/detect/draft.h"

/** Reads `text` (one rule, without comment or continuation) into `draft`, which is reset before.
 * False with draft->reason and draft->column when the rule cannot be accepted. */
bool rule_parse(struct draft *draft, struct slice text);

/** Whether the parts of a rule can hold together; false with a reason. */
bool rule_check(struct draft *draft);

/** Decides what kind of rule it is, checks what belongs together, chooses the prefilter's literal
 * and moves everything into the arena. False with a reason. */
bool rule_finish(struct draft *draft, struct rule *rule);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Rules by gid and sid while they are read: four bytes a rule, more or less. */
#ifndef TRAMGAC_SENSOR_DETECT_SID_INDEX_H
#define TRAMGAC_SENSOR_DETECT_SID_INDEX_H

#include "sensor/detect/rule.h"

/** Zero: empty. Indexes into a growing list of rules that the caller holds. */
struct sid_index {
    uint32_t *slots; /* index + 1; 0 = free; a power of two of them */
    uint32_t room, n;
};

/** The index of the rule with these numbers among `rules`, or `missing`. */
uint32_t sid_index_find(const struct sid_index *index, const struct rule *rules, uint32_t gid,
                        uint32_t sid, uint32_t missing);
/** rules[at], which is not there yet. Aborts without memory. */
void sid_index_add(struct sid_index *index, const struct rule *rules, uint32_t at);
void sid_index_fini(struct sid_index *index);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which address-only rules hold an address: sorted boundaries, one list of rules between each two.
 * A look-up costs a binary search whatever the number of rules.
 */
#ifndef TRAMGAC_SENSOR_DETECT_IP_INDEX_H
#define TRAMGAC_SENSOR_DETECT_IP_INDEX_H

#include "sensor/detect/rule.h"

struct ip_index;
/** `list`: rules of kind RULE_IP. Indexed by the narrower side. */
struct ip_index *ip_index_new(const struct rule *rules, const uint32_t *list, uint32_t n);
void ip_index_free(struct ip_index **index);
/** Calls `each` with every rule that may match these ends; its header must still be checked. */
void ip_index_find(const struct ip_index *index, const struct addr *src, const struct addr *dst,
                   void (*each)(void *context, uint32_t rule), void *context);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reputation of addresses by category, from the files a configuration names
 * (reputation-categories-file, reputation-files). Frozen with the ruleset.
 */
#ifndef TRAMGAC_SENSOR_DETECT_REPUTATION_H
#define TRAMGAC_SENSOR_DETECT_REPUTATION_H

#include "common/addr.h"
#include "common/conf.h"

struct reputation;

/** Categories "id,name,description", and addresses or prefixes "address,id,score" with scores up to
 * 127. Files that cannot be read and lines that make no sense go to `report`. NULL when nothing is
 * configured. */
struct reputation *reputation_new(const struct conf *conf, struct strbuf *report);
void reputation_free(struct reputation **reputation);
/** Number of a category by name; -1 = there is none. */
int reputation_category(const struct reputation *reputation, struct slice name);
enum { REPUTATION_NONE = -1 };
/** Score of the address, or of the longest prefix around it; REPUTATION_NONE when there is none. An
 * address that stands alone in some category has 0 in all others, and its prefixes do not count. */
int reputation_of(const struct reputation *reputation, int category, const struct addr *addr);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flows and hosts whose packets a rule with `tag` wants kept, and how many of them still. Called in
 * packet order by the host tier, so it does not depend on the number of workers.
 *
 * Limits, as Suricata's: TAGS_PER_END rules a flow or host; a rule that hits again begins its count
 * anew, TAG_RENEWALS times at most; a host that says nothing for TAG_SILENCE_S is forgotten. All
 * together TAGS_MAX: beyond it what was longest without a packet gives way, counted.
 */
#ifndef TRAMGAC_SENSOR_DETECT_TAGGED_H
#define TRAMGAC_SENSOR_DETECT_TAGGED_H

#include "sensor/detect/rule.h"

enum { TAGS_MAX = 8192, TAGS_PER_END = 50, TAG_RENEWALS = 9, TAG_SILENCE_S = 600 };

struct tagged;
struct tagged *tagged_new(void);
void tagged_free(struct tagged **tagged);

/** The rule has hit a packet. */
void tagged_hit(struct tagged *tagged, const struct rule *rule, const struct tagged_packet *packet);
/** Counts a packet, behind its hits; true when some rule wants it kept. */
bool tagged_take(struct tagged *tagged, const struct tagged_packet *packet);
/** Tags that gave way. */
uint64_t tagged_lost(const struct tagged *tagged);

#endif

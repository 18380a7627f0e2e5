/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Search for one literal.
 */
#ifndef TRAMGAC_SENSOR_DETECT_CONTENT_H
#define TRAMGAC_SENSOR_DETECT_CONTENT_H

#include "common/slice.h"

/** Position of `what` in `in`, or -1. `rare`: what content_rare says of `what`, or 0.
 * `nocase`: `what` is in lower case. */
int64_t content_find(struct slice in, struct slice what, uint32_t rare, bool nocase);
/** Where in `what` (its first 255 bytes) the two bytes begin that are likely to be the rarest. */
uint8_t content_rare(struct slice what);
/** True when `what` stands at `at`. The bytes must be there. */
bool content_at(const uint8_t *at, struct slice what, bool nocase);

#endif

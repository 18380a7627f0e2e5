/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What closes the events between two devices, as text: written once, then copied while nothing of
 * what it says has changed. A bounded table; whether a text is there decides only how fast events
 * are written.
 */
#ifndef TRAMGAC_SENSOR_EVENT_CLOSINGS_H
#define TRAMGAC_SENSOR_EVENT_CLOSINGS_H

#include "common/slice.h"

struct closings;

/** What is said of whom. */
struct closings_key {
    uint64_t src, dst; /* devices_version(); 0 = none */
    bool brief;
};

/** NULL without memory: nothing is kept. */
struct closings *closings_new(void);
void closings_free(struct closings **closings);

/** Empty when it is not kept. */
struct slice closings_get(const struct closings *closings, const struct closings_key *key);
/** What is too long is not kept. */
void closings_keep(struct closings *closings, const struct closings_key *key, struct slice text);

#endif

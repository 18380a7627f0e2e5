/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which literals and which gates matter to the bytes of one protocol, transport, direction and pair
 * of ports. They are the same for most packets: what was found is kept, by what it depends on.
 */
#ifndef TRAMGAC_SENSOR_DETECT_CONCERN_H
#define TRAMGAC_SENSOR_DETECT_CONCERN_H

#include "sensor/detect/ruleset.h"

struct detect;

enum { CONCERNS_KEPT = 256, CONCERN_GATES = 5 };

struct concern {
    uint64_t key; /* 0: nothing is kept here */
    const struct raw_sets *raw;
    uint32_t n_gates;
    const struct gates *gates[CONCERN_GATES];
};

/** Those of the packet or stream whose ends `d` has, until the next call. */
const struct concern *concern_find(struct detect *d, enum dir dir);

#endif

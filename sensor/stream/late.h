/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hole whose bytes the receiver has: they were lost on the way to the sensor, or the mirror
 * brings them late. In a flow whose packets come in disorder it may for a while be the latter.
 */
#ifndef TRAMGAC_SENSOR_STREAM_LATE_H
#define TRAMGAC_SENSOR_STREAM_LATE_H

#include "sensor/flow/flow.h"

/** The hole of one direction. All zero: there is none. */
struct late {
    uint32_t since_us; /* of the flow's time; 0: none */
    uint32_t packets;  /* that the flow had then */
};

/** The hole is there (still); true while its bytes may come. */
bool late_may_come(struct late *late, const struct flow *flow, uint64_t now_ns);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of devices for events: written once, then copied while nothing of what they say has
 * changed. A bounded table; whether a text is there decides only how fast events are written.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_TOLD_H
#define TRAMGAC_SENSOR_DEVICE_TOLD_H

#include "sensor/device/core.h"

struct told;

struct told *told_new(void);
void told_free(struct told **told);

/** Object of the device, as devices_write writes them; empty when they are too long to be kept. */
struct slice told_text(struct told *told, const struct device *device, bool brief);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of a device that most never have, made when they are first written. What was not made reads
 * as empty.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_PARTS_H
#define TRAMGAC_SENSOR_DEVICE_PARTS_H

#include "sensor/device/core.h"

/** The text of a slot; "" = none. */
static inline const char *parts_evidence(const struct device *device, enum evidence slot)
{
    return device->evidence ? device->evidence[slot] : "";
}

/** These make the part when it is not there yet; NULL without memory. */
struct device_novelty *parts_novelty(struct device *device);
struct device_memo *parts_memo(struct device *device);
struct device_role *parts_roles(struct device *device);
char *parts_evidence_slot(struct device *device, enum evidence slot);

/** Frees the device with all of its parts. */
void parts_free(struct device *device);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The condition language of hard rules: words joined by " and ", each may have "not " before it
 * (iot-profiles/schema.md, section 4).
 */
#ifndef TRAMGAC_SENSOR_DEVICE_CONDITION_H
#define TRAMGAC_SENSOR_DEVICE_CONDITION_H

#include "sensor/device/profile.h"

/** Fills hard->all; false with a sentence in `why`. */
bool condition_parse(const char *when, struct profile_hard *hard, char *why, size_t why_room);
/** "tcp/502" */
bool condition_port(const char *text, uint8_t *proto, uint16_t *port);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What kind of device it is: evidence is collected, weighed against the profiles' `identify`
 * entries, and the best profile with a sum of at least 1.0 is assigned.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_IDENTITY_H
#define TRAMGAC_SENSOR_DEVICE_IDENTITY_H

#include "sensor/device/core.h"

const struct ident_def *identity_kind(const char *kind);
bool identity_match_ok(const struct ident_def *kind, const char *match);

/** True when the text is news. */
bool identity_text(struct device *device, enum evidence slot, struct slice text);
/** The device serves or uses a port; true when that is news. */
bool identity_port(struct device *device, bool serves, uint8_t proto, uint16_t port);
/** Weighs the evidence anew; true when another profile was assigned. */
bool identity_decide(const struct devices *devices, struct device *device);
/** `pattern` knows * and ?; case does not count. */
bool identity_glob(const char *pattern, const char *text);

#endif

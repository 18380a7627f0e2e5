/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who plays a role for a device: the site says it; else the profile names a network; else the
 * first peers that act in the role while the device learns hold it from then on.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_ROLE_H
#define TRAMGAC_SENSOR_DEVICE_ROLE_H

#include "sensor/device/core.h"

enum role_answer { ROLE_NO, ROLE_YES, ROLE_FREE /* nobody holds it yet, and it is being learnt */ };

enum role_answer role_ask(const struct devices *devices, const struct device *device,
                          const char *role, const struct addr *peer);
/** The peer takes a role that role_ask called free. */
void role_learn(struct device *device, const char *role, const struct addr *peer);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device's MUD policy applied to a contact: names by passive DNS, controllers by the site's
 * roles, makers by MAC. What is always accepted: DHCP, ICMP and groups within the network, DNS and
 * NTP within the network.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_POLICY_H
#define TRAMGAC_SENSOR_DEVICE_POLICY_H

#include "sensor/device/core.h"

/** `entry`: the deciding entry, or NULL. Roles that are being learnt are taken by allowed peers. */
bool policy_allows(struct devices *devices, struct view *view, const char **entry);

#endif

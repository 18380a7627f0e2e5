/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds from minute 0: hard rules of the profile, its policy (MUD), its commands, and scans.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_JUDGE_H
#define TRAMGAC_SENSOR_DEVICE_JUDGE_H

#include "sensor/device/core.h"

/** Judges a fact from one end; true when the fact is a deviation (reported or kept back): it then
 * must teach nothing. */
bool judge_fact(struct devices *devices, struct view *view);
/** `view` is a contact or ARP request that made the scan test or the sweep count say so. */
void judge_scan(struct devices *devices, const struct view *view, bool sweep,
                const uint32_t figures[2]);

#endif

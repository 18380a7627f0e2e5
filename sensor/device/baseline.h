/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First-seen values per device and the surprise of a new one, in bits:
 *
 *     p = (n + 1/2) / (H + 1),  bits = -log2 p
 *
 * H: steps (hours when learning takes 72 h) since the device was first seen, without the first six;
 * n: steps of these that brought something new of the class. A new value is reported when the bits
 * of all classes that were new within 600 s reach the threshold; it then is not learnt.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_BASELINE_H
#define TRAMGAC_SENSOR_DEVICE_BASELINE_H

#include "sensor/device/core.h"

/** Moves the device on from learn to observe to enforce; true when the state changed. */
bool baseline_state(const struct devices *devices, struct device *device);
/** Learns from a fact or reports it. `teach` false: what is known is refreshed, nothing is added.
 * False when the fact showed nothing new. */
bool baseline_fact(struct devices *devices, const struct view *view, bool teach);
/** Counts what the fact shows and reports when it is far more than usual. */
void baseline_volume(struct devices *devices, const struct view *view);

/** Of all fields, the one whose number counts. */
static inline bool baseline_is_query(const struct fact *fact)
{
    return fact->kind == FACT_FIELD && *fact->text == 'd' && strcmp(fact->text, "dns.query") == 0;
}

bool baseline_knows(struct device *device, const char *class_, struct slice value);
/** How many values of a class the device is known for. */
uint32_t baseline_known(const struct device *device, const char *class_);
/** Bits of a new value now; for tests and documents. */
double baseline_bits(double steps_observed, double steps_with_new);
const char *baseline_state_name(enum device_state state);
/** The same word for people, in Vietnamese. */
const char *baseline_state_vi(enum device_state state);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings of one fact, waiting to be fetched; repetition and rate are bounded here: the same
 * (device, class, value) at most once an hour, and at most `device.alerts_per_hour` deviations of a
 * device an hour. What is kept back is counted and said with the next one.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_FINDINGS_H
#define TRAMGAC_SENSOR_DEVICE_FINDINGS_H

#include "sensor/device/core.h"

/** A finding to be filled: `en`, `vi` sentences, `detail` members. NULL when there are too many.
 * `sid`: a detector; 0 makes it a change of the inventory. */
struct devices_found *findings_new(struct devices *devices, struct device *device,
                                   const struct fact *fact, const char *class_, uint32_t sid);
/** Makes a change the deviation that this detector reports. */
void findings_set(struct devices_found *found, uint32_t sid);
/** True when a deviation with this class and value may be reported now; counts and remembers. */
bool findings_admit(struct devices *devices, struct device *device, const char *class_,
                    struct slice value, uint32_t *kept_back);
/** Counts as reported from now on, without being reported. */
void findings_remember(struct devices *devices, struct device *device, const char *class_,
                       struct slice value);
/** True when it was reported within the hour: then it also does not teach. */
bool findings_known(const struct devices *devices, const struct device *device, const char *class_,
                    struct slice value);
void findings_clear(struct devices *devices);
void findings_free(struct devices *devices);

/** Appends "key":"text" (with a comma where needed), escaped. */
void findings_text(struct devices_found *found, const char *key, const char *text);
void findings_num(struct devices_found *found, const char *key, double value);

/** What the device is known to do, and its profile's title: for people who look at it. */
void findings_habits(struct devices_found *found, const struct device *device);
/** Name for people: name and address. */
void findings_who(const struct device *device, const struct addr *addr, char *out, size_t room);
/** The other end for people: name, address, and who it is. */
void findings_peer(const struct view *view, char *out, size_t room);
/** Protocol name of a fact's proto: "tcp". */
const char *findings_proto(uint8_t proto);

#endif

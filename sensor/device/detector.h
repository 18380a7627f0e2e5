/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The detectors of deviations: what holds from minute 0 stands here, features in their rows. A
 * detector is named by its number (sid within DEVICE_GID), which never changes its meaning.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_DETECTOR_H
#define TRAMGAC_SENSOR_DEVICE_DETECTOR_H

#include <stdint.h>

enum detector_sid {
    DETECTOR_NONE, /* a change of the inventory */
    DETECTOR_RULE = 1,
    DETECTOR_POLICY,
    DETECTOR_COMMAND,
    DETECTOR_WRITE,
    DETECTOR_TOPIC,
    DETECTOR_SCAN,
    DETECTOR_SWEEP,
    DETECTOR_VOLUME,
    DETECTOR_FLEET,
    DETECTOR_NEW_DEVICE = 201,
    DETECTOR_ARP,
};

struct detector {
    uint32_t sid;
    const char *class_;
    const char *title; /* signature of the alert */
    const char *doc;
    const char *title_vi; /* the same in Vietnamese */
};

/** i-th detector, NULL class behind the last. */
struct detector detector_at(uint32_t i);
/** By number; an empty one for a number that nobody has. */
struct detector detector_of(uint32_t sid);

#endif

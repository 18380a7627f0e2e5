/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same kind of news on several devices of a segment is one thing: an outage, an update, a worm.
 * From the third device within ten minutes on, single reports are folded into one of the segment.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_FLEET_H
#define TRAMGAC_SENSOR_DEVICE_FLEET_H

#include <stdint.h>

enum { FLEET_ENTRIES = 64, FLEET_DEVICES = 32, FLEET_FROM = 3 };

struct fleet_entry {
    uint64_t key; /* of class and segment; 0 = free */
    uint64_t first_ns;
    uint32_t n;
    uint64_t devices[FLEET_DEVICES]; /* their numbers */
};

struct fleet {
    struct fleet_entry all[FLEET_ENTRIES];
};

enum fleet_answer {
    FLEET_SINGLE, /* report it for the device */
    FLEET_NOW,    /* the device that makes it a matter of the segment */
    FLEET_FOLDED, /* was said for the segment */
};

/** `n`: devices of the segment with this within ten minutes. */
enum fleet_answer fleet_note(struct fleet *fleet, uint64_t key, uint64_t device, uint64_t now_ns,
                             uint32_t *n);

#endif

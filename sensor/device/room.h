/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of a device that begin small: most devices do little, and what they do not do takes no
 * memory. A list has a fixed bound and doubles until there.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_ROOM_H
#define TRAMGAC_SENSOR_DEVICE_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** How a list grows: elements at first and at most, bytes of each. */
struct room_rule {
    uint32_t first, most;
    size_t each;
};

/** `all` with room for `need` (<= most) elements; `room` is set. NULL without memory: then `all` is
 * as it was. */
void *room_for(void *all, uint32_t *room, uint32_t need, const struct room_rule *rule);

#endif

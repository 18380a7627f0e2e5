/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that were lost among those of a stream that wait for a look. Each look ends at the next
 * hole; what stands behind it waits on.
 */
#ifndef TRAMGAC_SENSOR_DETECT_HOLES_H
#define TRAMGAC_SENSOR_DETECT_HOLES_H

#include "sensor/detect/state.h"
#include "sensor/stream/stream.h"

/** What stands behind the first hole, and the holes there. */
struct rest {
    struct slice bytes;
    uint64_t at, next; /* in the stream: of its first byte, behind its last */
    uint32_t lost;     /* before it */
    uint8_t n;
    struct hole hole[HOLES_MAX];
};

/** Bytes were lost before the chunk. False when the window has no room for one more hole. */
bool holes_note(struct window *win, const struct chunk *chunk);
/** Takes the first hole out: the window ends there, `room` has the bytes of what is returned. */
struct rest holes_split(struct window *win, uint8_t *room);
/** The rest waits on in the window, with the hole before it; false without memory. */
bool holes_put_back(struct pool *pool, struct window *win, const struct rest *rest);
/** Its bytes up to the next hole. */
struct slice holes_piece(const struct rest *rest);
/** Goes on behind that hole. */
void holes_next(struct rest *rest);
/** Bytes that were not looked at, `chunk` (or NULL) having come, and those lost among them. `win`
 * may be NULL. */
uint64_t holes_waiting(const struct window *win, const struct chunk *chunk);

#endif

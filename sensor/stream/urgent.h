/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that receivers hand to their application out of line (RFC 9293, 3.8.5; RFC 6093): where
 * they lie in a stream. Hosts differ in which of several pointers counts.
 */
#ifndef TRAMGAC_SENSOR_STREAM_URGENT_H
#define TRAMGAC_SENSOR_STREAM_URGENT_H

#include "sensor/flow/flow.h"

enum { URGENT_MAX = 4 }; /* of both directions, still to come out of the stream's order */

struct urgent {
    uint8_t n;
    uint8_t dirs; /* bit i: of at[i] */
    uint32_t at[URGENT_MAX];
};

/** A byte that is to be left out. False when there are too many. */
bool urgent_add(struct urgent *urgent, enum dir dir, uint32_t seq);
/** As Linux does it: one place is remembered, and of those that its receiver, who has read up to
 * `read`, has not reached only the one furthest on counts. */
bool urgent_move(struct urgent *urgent, enum dir dir, uint32_t seq, uint32_t read);
/** How many of the `len` bytes from `next` on come before one that is left out; its entry is then
 * used up, and `found` says so. */
uint32_t urgent_before(struct urgent *urgent, enum dir dir, uint32_t next, uint32_t len,
                       bool *found);

#endif

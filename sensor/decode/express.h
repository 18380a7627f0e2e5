/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The short way for common frames: Ethernet, at most one 802.1Q tag, IPv4 without options in one
 * piece, TCP without options but the time stamp, or UDP. Says of them exactly what the rows say.
 */
#ifndef TRAMGAC_SENSOR_DECODE_EXPRESS_H
#define TRAMGAC_SENSOR_DECODE_EXPRESS_H

#include "sensor/decode/decode.h"

/** True when the frame was such a one, and has nothing wrong; `next`: its datagram's payload, or
 * DEC_STOP. False: nothing was done. `p` holds nothing but its frame yet. */
bool express_take(struct packet *p, struct slice frame, struct dec_next *next);

#endif

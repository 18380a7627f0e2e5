/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a packet begin here? Strict answers from the bytes alone, so that a tunnel on any port is
 * only believed when an inner packet proves it, and the same bytes always get the same answer.
 */
#ifndef TRAMGAC_SENSOR_DECODE_INNER_H
#define TRAMGAC_SENSOR_DECODE_INNER_H

#include "sensor/decode/decode.h"

/** IPv4 with a right header checksum, or IPv6, that fills `in` (but for padding); with `cut` bytes
 * missing at the end of the frame. */
bool inner_ip(struct slice in, uint32_t cut);
/** An Ethernet header (tags allowed) before such an IP packet, also in LLC, PPPoE or MPLS; or
 * before ARP. */
bool inner_ethernet(struct slice in, uint32_t cut);
/** What follows when `in` begins with IP of either version; DEC_STOP when it does not. */
struct dec_next inner_next(struct slice in);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may be wrong with options of IPv4 and with extension headers of IPv6; only notes are made.
 */
#ifndef TRAMGAC_SENSOR_DECODE_IP_OPTIONS_H
#define TRAMGAC_SENSOR_DECODE_IP_OPTIONS_H

#include "sensor/decode/decode.h"

/** Options of an IPv4 header (RFC 791). */
void ip_options_check(struct packet *p, struct slice options);

/** Which extension headers of a packet were seen. */
struct ip_options_seen {
    uint8_t hop, routing, destination, auth, fragment;
};
/** One extension header of IPv6 (RFC 8200, RFC 4302), with its first two bytes. */
void ip_options_extension(struct packet *p, uint8_t kind, struct slice header,
                          struct ip_options_seen *seen);
/** The fragment header, 8 bytes. */
void ip_options_fragment(struct packet *p, struct slice header, struct ip_options_seen *seen);

#endif

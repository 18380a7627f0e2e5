/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packet that an ICMP error quotes: enough of it to find its flow.
 */
#ifndef TRAMGAC_SENSOR_DECODE_QUOTE_H
#define TRAMGAC_SENSOR_DECODE_QUOTE_H

#include "sensor/decode/decode.h"

/** Fills p->quoted from the quoted IP packet, as far as it is there. */
void quote_read(struct packet *p, struct slice quoted);

#endif

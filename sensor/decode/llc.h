/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LLC with or without SNAP, as it stands behind 802.3, 802.11, FDDI, Token Ring and ATM headers.
 */
#ifndef TRAMGAC_SENSOR_DECODE_LLC_H
#define TRAMGAC_SENSOR_DECODE_LLC_H

#include "sensor/decode/decode.h"

/** What follows an LLC header: the EtherType of SNAP, a bridged frame, or IP by its service point;
 * DEC_STOP for what carries none of them. */
struct dec_next llc_next(struct slice in);

#endif

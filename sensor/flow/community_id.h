/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Community ID version 1: a name for a flow that other tools compute alike.
 */
#ifndef TRAMGAC_SENSOR_FLOW_COMMUNITY_ID_H
#define TRAMGAC_SENSOR_FLOW_COMMUNITY_ID_H

#include "sensor/flow/flow.h"

/** Fills flow->community_id if it is still empty. `turned`: between two ports of one address the
 * one whose bytes, read the other way round, are less comes first, as Suricata 7 has it on
 * little-endian machines; the specification compares the numbers. */
void community_id_fill(struct flow *flow, uint16_t seed, bool turned);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Community ID version 1: a name for a flow that other tools compute alike.
 */
#ifndef TRAMGAC_SENSOR_FLOW_COMMUNITY_ID_H
#define TRAMGAC_SENSOR_FLOW_COMMUNITY_ID_H

#include "sensor/flow/flow.h"

/** Fills flow->community_id if it is still empty. */
void community_id_fill(struct flow *flow, uint16_t seed);

#endif

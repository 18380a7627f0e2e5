/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRAMGAC_SENSOR_FLOW_FLOW_TURN_H
#define TRAMGAC_SENSOR_FLOW_FLOW_TURN_H

#include "sensor/flow/flow.h"

/** Client and server of a flow joined in its middle change places: its first bytes say so. Before
 * anything is kept of its streams. False when their ports are proof enough. */
bool flow_turn(struct flow *flow);

#endif

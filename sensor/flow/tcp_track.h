/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a TCP connection stands (RFC 9293, section 3.3.2), as far as a bystander can tell.
 */
#ifndef TRAMGAC_SENSOR_FLOW_TCP_TRACK_H
#define TRAMGAC_SENSOR_FLOW_TCP_TRACK_H

#include "sensor/flow/flow.h"

/** Moves flow->tcp_state, state and midstream on by one packet. */
void tcp_track(struct flow *flow, const struct packet *p, enum dir dir);

/** True when the packet opens a new connection with the ports of one that is over. */
bool tcp_track_reused(const struct flow *flow, const struct packet *p);

#endif

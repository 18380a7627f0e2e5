/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a flow shows of the mirror it came through: one direction only, parts of the handshake
 * missing, answers before questions, loss. Collected in flow->view (bits of enum view_kind).
 */
#ifndef TRAMGAC_SENSOR_FLOW_SIGHT_H
#define TRAMGAC_SENSOR_FLOW_SIGHT_H

#include "sensor/flow/flow.h"

/** A flow is judged for the first time when it has so many packets, again at its end. */
enum { SIGHT_PKTS = 16 };

/** Counts a packet in, behind tags_learn. */
void sight_packet(struct flow *flow, const struct packet *p, enum dir dir);

/** True when it is time to judge the flow, for the first time. */
static inline bool sight_due(const struct flow *flow)
{
    return flow->pkts[TO_SERVER] + flow->pkts[TO_CLIENT] == SIGHT_PKTS;
}

/** The packet begins a direction of which nothing was seen yet but its acknowledgements: they fit.
 */
bool sight_awaited(const struct flow *flow, const struct packet *p, enum dir dir);

/** Adds to flow->view what only the whole flow shows. */
void sight_judge(struct flow *flow);

#endif

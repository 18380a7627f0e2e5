/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a TCP connection stands (RFC 9293, section 3.3.2), as far as a bystander can tell, and
 * whether the receiver of a packet will take it: windows, acknowledgements, time stamps (RFC 7323),
 * resets (RFC 5961). A mirror port loses packets: once one is missed, or the handshake was not
 * seen, what looks impossible is taken (`lenient`).
 */
#ifndef TRAMGAC_SENSOR_FLOW_TCP_TRACK_H
#define TRAMGAC_SENSOR_FLOW_TCP_TRACK_H

#include "sensor/flow/flow.h"

/** How far `a` lies behind `b`, modulo 2^32. */
static inline int32_t tcp_after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

/** Moves flow->tcp, tcp_state, state and midstream on by one packet; raises stream events.
 * flow->tcp.pass_over says that the packet's bytes are not for reassembly. */
void tcp_track(struct flow *flow, const struct packet *p, enum dir dir);

/** True when the packet opens a new connection with the ports of one that is over. */
bool tcp_track_reused(const struct flow *flow, const struct packet *p);

/** The packet acknowledges what `peer` was not seen to send. */
static inline bool tcp_acks_unseen(const struct packet *p, const struct tcp_side *peer)
{
    return tcp_after(p->tcp.ack, peer->next) > (int32_t)peer->fin;
}

#endif

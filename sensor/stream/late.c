/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/stream/late.h"
#include "sensor/decode/view.h"

enum {
    PACKETS = 64,       /* of the flow: further away no mirror puts a packet */
    WITHIN_US = 200000, /* nor later than this */
};

/* Packets of this flow came in another order than they were sent in; or the whole handshake came
 * by, and yet not in its order. */
static bool in_disorder(const struct flow *flow)
{
    const struct tcp_side *side = flow->tcp.side;

    return flow->view & VIEW_BIT(VIEW_DISORDER) || side[TO_SERVER].out_of_order ||
           side[TO_CLIENT].out_of_order ||
           (flow->tcp.lenient && !flow->gaps[TO_SERVER] && !flow->gaps[TO_CLIENT] &&
            flow->tcp_flags[TO_SERVER] & flow->tcp_flags[TO_CLIENT] & TCP_SYN);
}

bool late_may_come(struct late *late, const struct flow *flow, uint64_t now_ns)
{
    uint32_t packets = (uint32_t)(flow->pkts[TO_SERVER] + flow->pkts[TO_CLIENT]);
    uint32_t now_us = (uint32_t)((now_ns - flow->first_ns) / 1000) | 1;

    if (!in_disorder(flow))
        return false;
    if (!late->since_us)
        *late = (struct late){now_us, packets};
    return packets - late->packets < PACKETS && now_us - late->since_us < WITHIN_US;
}

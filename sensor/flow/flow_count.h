/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flow table's counters.
 */
#ifndef TRAMGAC_SENSOR_FLOW_FLOW_COUNT_H
#define TRAMGAC_SENSOR_FLOW_FLOW_COUNT_H

#include "common/stat.h"
#include "sensor/flow/flow.h"

enum {
    FLOW_COUNT_TOTAL,
    FLOW_COUNT_TCP,
    FLOW_COUNT_UDP,
    FLOW_COUNT_ICMP,
    FLOW_COUNT_ICMP4,
    FLOW_COUNT_ICMP6,
    FLOW_COUNT_ACTIVE,
    FLOW_COUNT_SESSIONS,
    FLOW_COUNT_SESSIONS_ACTIVE,
    FLOW_COUNT_SYN,
    FLOW_COUNT_SYNACK,
    FLOW_COUNT_RST,
    FLOW_COUNT_MIDSTREAM,
    FLOW_COUNT_TIMEOUT,
    FLOW_COUNT_REUSED,
    FLOW_COUNT_EVICTED,
    FLOW_COUNT_TENANTS,
    FLOW_COUNT_JOINED,
    FLOW_COUNT_END_STATE, /* by enum flow_state, then bypassed */
    FLOW_COUNT_END_TCP =
        FLOW_COUNT_END_STATE + FLOW_CLOSED + 2, /* by enum tcp_state, without TCP_NONE */
};

extern const struct counter flow_count_rows[];

/** `as_suricata`: flows of protocols that it keeps none of do not count. */
void flow_count_begin(uint64_t *count, const struct flow *flow, bool as_suricata);
void flow_count_end(uint64_t *count, const struct flow *flow, bool as_suricata);
/** A TCP packet went by; `unfollowed`: its connection was not followed before it. */
void flow_count_tcp(uint64_t *count, const struct flow *flow, const struct packet *p,
                    bool unfollowed);

#endif

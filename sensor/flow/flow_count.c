/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/flow/flow_count.h"

const struct counter flow_count_rows[] = {
    [FLOW_COUNT_TOTAL] = {"flow.total", "Flows"},
    [FLOW_COUNT_TCP] = {"flow.tcp", "TCP flows"},
    [FLOW_COUNT_UDP] = {"flow.udp", "UDP flows"},
    [FLOW_COUNT_ICMP] = {"flow.icmp", "ICMP flows"},
    [FLOW_COUNT_ICMP4] = {"flow.icmpv4", "ICMP flows over IPv4"},
    [FLOW_COUNT_ICMP6] = {"flow.icmpv6", "ICMP flows over IPv6"},
    [FLOW_COUNT_ACTIVE] = {"flow.active", "Flows that live now"},
    [FLOW_COUNT_SESSIONS] = {"tcp.sessions", "TCP connections that are followed"},
    [FLOW_COUNT_SESSIONS_ACTIVE] = {"tcp.active_sessions", "TCP connections followed now"},
    [FLOW_COUNT_SYN] = {"tcp.syn", "TCP packets with SYN, without ACK"},
    [FLOW_COUNT_SYNACK] = {"tcp.synack", "TCP packets with SYN and ACK"},
    [FLOW_COUNT_RST] = {"tcp.rst", "TCP packets with RST"},
    [FLOW_COUNT_MIDSTREAM] = {"flow.midstream", "TCP flows whose handshake was not seen"},
    [FLOW_COUNT_TIMEOUT] = {"flow.end.timeout", "Flows ended by silence"},
    [FLOW_COUNT_REUSED] = {"flow.end.tcp_reuse",
                           "Flows ended by a new connection of the same ports"},
    [FLOW_COUNT_EVICTED] = {"flow.end.evicted",
                            "Flows ended early because the table was full; raise --memory"},
    [FLOW_COUNT_TENANTS] = {"flow.tenants",
                            "Flows kept apart from others by VLAN or tunnel id only"},
    [FLOW_COUNT_JOINED] = {"flow.tags_joined",
                           "Flows whose directions carry different VLANs or tunnel ids"},
#define ENDED(name)                                                                                \
    {                                                                                              \
        "flow.end." name, "Flows that were in this state when they ended"                          \
    }
    [FLOW_COUNT_END_STATE] = ENDED("state.new"),
    ENDED("state.established"),
    ENDED("state.closed"),
    ENDED("state.local_bypassed"),
    [FLOW_COUNT_END_TCP] = ENDED("tcp_state.syn_sent"),
    ENDED("tcp_state.syn_recv"),
    ENDED("tcp_state.established"),
    ENDED("tcp_state.fin_wait1"),
    ENDED("tcp_state.fin_wait2"),
    ENDED("tcp_state.close_wait"),
    ENDED("tcp_state.last_ack"),
    ENDED("tcp_state.closing"),
    ENDED("tcp_state.time_wait"),
    ENDED("tcp_state.closed"),
    COUNTER_END,
};

static bool is_counted(const struct flow *f, bool as_suricata)
{
    return !as_suricata || packet_known_there(f->proto);
}

void flow_count_begin(uint64_t *count, const struct flow *f, bool as_suricata)
{
    if (!is_counted(f, as_suricata))
        return;
    count[FLOW_COUNT_TOTAL]++;
    count[FLOW_COUNT_ACTIVE]++;
    switch (f->proto) {
    case IPPROTO_TCP4:
        count[FLOW_COUNT_TCP]++;
        break;
    case IPPROTO_UDP4:
        count[FLOW_COUNT_UDP]++;
        break;
    case IPPROTO_ICMP4:
        count[FLOW_COUNT_ICMP]++;
        count[FLOW_COUNT_ICMP4]++;
        break;
    case IPPROTO_ICMP6:
        count[FLOW_COUNT_ICMP]++;
        count[FLOW_COUNT_ICMP6]++;
        break;
    default:
        break;
    }
}

void flow_count_end(uint64_t *count, const struct flow *f, bool as_suricata)
{
    bool unknown_there = as_suricata && flow_unfollowed(f);

    if (!is_counted(f, as_suricata))
        return;
    count[FLOW_COUNT_ACTIVE]--;
    count[FLOW_COUNT_END_STATE + (f->shunted      ? FLOW_CLOSED + 1
                                  : unknown_there ? FLOW_NEW
                                                  : f->state)]++;
    if (f->proto != IPPROTO_TCP4 || flow_unfollowed(f))
        return;
    count[FLOW_COUNT_SESSIONS_ACTIVE]--;
    count[FLOW_COUNT_END_TCP + f->tcp_state - 1]++;
}

void flow_count_tcp(uint64_t *count, const struct flow *f, const struct packet *p, bool unfollowed)
{
    if (p->tcp.flags & TCP_SYN)
        count[p->tcp.flags & TCP_ACK ? FLOW_COUNT_SYNACK : FLOW_COUNT_SYN]++;
    count[FLOW_COUNT_RST] += (p->tcp.flags & TCP_RST) != 0;
    if (unfollowed && !flow_unfollowed(f)) {
        count[FLOW_COUNT_SESSIONS]++;
        count[FLOW_COUNT_SESSIONS_ACTIVE]++;
    }
}

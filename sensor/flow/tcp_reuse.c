/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a SYN begins a new connection between the ports of an old one.
 */
#include "sensor/flow/tcp_track.h"

enum { NEAR = 1 << 16 };              /* in a connection that is not wholly seen */
#define REPEAT_NS UINT64_C(100000000) /* copies of a mirror come sooner */

/* The same initial number once more: a late copy of the SYN, or, long after both sides have closed,
 * a connection that repeats itself (a replayed capture, a small device without randomness). */
static bool is_late_syn(const struct flow *f, const struct packet *p)
{
    const struct tcp_side *client = &f->tcp.side[TO_SERVER];

    if (!client->has_isn && f->midstream && client->seen) { /* behind what it began */
        int32_t gone_on = tcp_after(client->next, p->tcp.seq + 1);
        return gone_on >= 0 && gone_on <= NEAR && p->ts_ns <= f->last_ns + REPEAT_NS;
    }
    return client->has_isn && p->tcp.seq == client->isn &&
           !(client->fin && f->tcp.side[TO_CLIENT].fin && p->ts_ns > f->last_ns + REPEAT_NS);
}

bool tcp_track_reused(const struct flow *f, const struct packet *p)
{
    const struct tcp_side *client = &f->tcp.side[TO_SERVER];
    uint8_t flags = p->tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST);

    if (p->proto != IPPROTO_TCP4 || !(flags & TCP_SYN) || p->checksum_bad)
        return false;
    if (flags == TCP_SYN)
        return (f->tcp_state >= TCP_FIN_WAIT1 && !is_late_syn(f, p)) ||
               (f->tcp_state == TCP_NONE && f->tcp.whole_only && !(p->tcp.flags & TCP_FIN));
    /* the end of the old connection was missed; the server's answer proves that there is a new one
     */
    return flags == (TCP_SYN | TCP_ACK) && f->tcp_state == TCP_ESTABLISHED && client->has_other &&
           p->tcp.ack == client->other_isn + 1 && flow_dir(f, p) == TO_CLIENT;
}

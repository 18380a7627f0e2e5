/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/flow/tcp_track.h"

static void set_state(struct flow *f, enum tcp_state state)
{
    f->tcp_state = (uint8_t)state;
    if (state >= TCP_TIME_WAIT)
        f->state = FLOW_CLOSED;
    else if (state >= TCP_ESTABLISHED)
        f->state = FLOW_ESTABLISHED;
}

/* The first packet: a handshake begins, is half over, or was missed. */
static void first_packet(struct flow *f, uint8_t flags)
{
    if (flags & TCP_RST) {
        set_state(f, TCP_CLOSED);
        return;
    }
    if (flags & TCP_SYN) {
        set_state(f, flags & TCP_ACK ? TCP_SYN_RECV : TCP_SYN_SENT);
        return;
    }
    f->midstream = true;
    set_state(f, TCP_ESTABLISHED);
}

static void handshake(struct flow *f, uint8_t flags, enum dir dir)
{
    if (flags & TCP_SYN) {
        if (flags & TCP_ACK && dir == TO_CLIENT)
            set_state(f, TCP_SYN_RECV);
        return;
    }
    if (!(flags & TCP_ACK))
        return;
    /* The client's ACK ends it; an ACK of the server shows that the SYN-ACK was missed. */
    if (f->tcp_state == TCP_SYN_RECV || dir == TO_CLIENT || f->pkts[TO_CLIENT] == 0)
        set_state(f, TCP_ESTABLISHED);
}

void tcp_track(struct flow *f, const struct packet *p, enum dir dir)
{
    uint8_t flags = p->tcp.flags;

    f->tcp_flags[dir] |= flags;
    if (f->tcp_state == TCP_NONE) {
        first_packet(f, flags);
        return;
    }
    if (flags & TCP_RST) {
        set_state(f, TCP_CLOSED);
        return;
    }
    if (f->tcp_state <= TCP_SYN_RECV)
        handshake(f, flags, dir);
    if (flags & TCP_FIN && f->tcp_state < TCP_FIN_WAIT)
        set_state(f, TCP_FIN_WAIT);
    bool both = f->tcp_flags[TO_SERVER] & f->tcp_flags[TO_CLIENT] & TCP_FIN;
    if (both && f->tcp_state == TCP_FIN_WAIT)
        set_state(f, TCP_CLOSING);
    else if (both && f->tcp_state == TCP_CLOSING && flags & TCP_ACK)
        set_state(f, TCP_TIME_WAIT);
}

bool tcp_track_reused(const struct flow *f, const struct packet *p)
{
    return p->proto == IPPROTO_TCP4 && (p->tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN &&
           f->tcp_state >= TCP_FIN_WAIT;
}

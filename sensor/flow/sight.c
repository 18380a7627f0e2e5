/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/flow/sight.h"

enum { FEW = 3 };

static int32_t ahead(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

/* New data that the other side acknowledged before it was seen: its answer overtook it. */
static bool overtaken(const struct flow *f, const struct packet *p, enum dir dir, uint32_t end)
{
    const struct flow_at *own = &f->at[dir];
    const struct flow_at *other = &f->at[dir_other(dir)];

    if (!other->has_ack || end == p->tcp.seq || ahead(end, other->ack) > 0)
        return false;
    return own->has_seq ? ahead(end, own->seq) > 0 : ahead(other->ack, p->tcp.seq) < FEW * 65536;
}

static void tcp_packet(struct flow *f, const struct packet *p, enum dir dir)
{
    struct flow_at *own = &f->at[dir];
    uint32_t end = p->tcp.seq + p->payload.len + p->payload_missing +
                   ((p->tcp.flags & (TCP_SYN | TCP_FIN)) != 0);

    if (p->tcp.flags & TCP_RST)
        return;
    if (overtaken(f, p, dir, end))
        f->view |= VIEW_BIT(VIEW_DISORDER);
    if (dir == TO_SERVER && f->pkts[TO_SERVER] == 2 && p->payload.len &&
        (f->tcp_flags[TO_SERVER] & f->tcp_flags[TO_CLIENT] & TCP_SYN))
        f->view |= VIEW_BIT(VIEW_NO_LAST_ACK);
    own->fin_hole = p->tcp.flags & TCP_FIN ? own->has_seq && ahead(p->tcp.seq, own->seq) > 0
                                           : own->fin_hole && !p->payload.len;
    if (!own->has_seq || ahead(end, own->seq) > 0)
        own->seq = end;
    own->has_seq = true;
    if (p->tcp.flags & TCP_ACK) {
        own->ack = own->has_ack && ahead(p->tcp.ack, own->ack) < 0 ? own->ack : p->tcp.ack;
        own->has_ack = true;
    }
}

bool sight_awaited(const struct flow *f, const struct packet *p, enum dir dir)
{
    const struct flow_at *other = &f->at[dir_other(dir)];
    int32_t before = ahead(other->ack, p->tcp.seq);

    return !f->at[dir].has_seq && other->has_ack && before > 0 && before < FEW * 65536;
}

void sight_packet(struct flow *f, const struct packet *p, enum dir dir)
{
    f->view |= p->view;
    if (p->proto == IPPROTO_TCP4)
        tcp_packet(f, p, dir);
}

/* The other side must have spoken: its packets are acknowledged. */
static bool one_direction(const struct flow *f)
{
    for (uint32_t dir = 0; dir < 2; dir++) {
        if (f->pkts[dir] >= FEW && f->pkts[!dir] == 0 && f->tcp_flags[dir] & TCP_ACK)
            return true;
    }
    return false;
}

/* Which packets of the handshake are missing, of a flow whose both directions were seen. */
static uint32_t handshake(const struct flow *f)
{
    bool syn = f->tcp_flags[TO_SERVER] & TCP_SYN;
    bool syn_ack = f->tcp_flags[TO_CLIENT] & TCP_SYN;

    if (syn && syn_ack)
        return 0;
    if (syn_ack)
        return VIEW_BIT(VIEW_NO_SYN);
    if (!syn)
        return f->pkts[TO_SERVER] + f->pkts[TO_CLIENT] > FEW ? VIEW_BIT(VIEW_NO_HANDSHAKE) : 0;
    return f->state != FLOW_NEW && f->pkts[TO_CLIENT] > 1 ? VIEW_BIT(VIEW_NO_SYN_ACK) : 0;
}

static uint32_t loss(const struct flow *f)
{
    uint32_t gaps = f->gaps[TO_SERVER] + f->gaps[TO_CLIENT];
    bool sampled = gaps > 1 && gaps * 8 >= f->pkts[TO_SERVER] + f->pkts[TO_CLIENT];

    if (!gaps && !f->at[TO_SERVER].fin_hole && !f->at[TO_CLIENT].fin_hole)
        return 0;
    return VIEW_BIT(VIEW_LOSS) | (sampled ? VIEW_BIT(VIEW_SAMPLED) : 0);
}

void sight_judge(struct flow *f)
{
    if (f->proto != IPPROTO_TCP4)
        return;
    if (one_direction(f))
        f->view |= VIEW_BIT(VIEW_ONE_DIRECTION);
    else if (f->pkts[TO_SERVER] && f->pkts[TO_CLIENT])
        f->view |= handshake(f);
    f->view |= loss(f);
}

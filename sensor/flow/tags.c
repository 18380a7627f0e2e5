/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A direction that was not seen yet may come under any tag; TCP's numbers must fit. A direction
 * that was seen may change its tag (another path, another antenna) only when TCP's numbers go on.
 * Datagrams have no such proof: a new tag in a known direction is another tenant.
 */
#include "sensor/flow/tags.h"

enum { NEAR = 1 << 20, GOES_ON = 1 << 16 };

static bool near(uint32_t a, uint32_t b, int32_t within)
{
    int32_t apart = (int32_t)(a - b);

    return apart >= -within && apart <= within;
}

/* The packet acknowledges the other side, or is what the other side acknowledged. */
static bool answers(const struct flow *f, const struct packet *p, enum dir dir)
{
    const struct flow_at *other = &f->at[dir_other(dir)];

    if (p->proto != IPPROTO_TCP4)
        return true;
    if (p->tcp.flags & TCP_ACK && near(p->tcp.ack, other->seq, NEAR))
        return true;
    return other->has_ack && near(p->tcp.seq, other->ack, NEAR);
}

static bool goes_on(const struct flow *f, const struct packet *p, enum dir dir)
{
    return p->proto == IPPROTO_TCP4 && !(p->tcp.flags & TCP_SYN) &&
           near(p->tcp.seq, f->at[dir].seq, GOES_ON) &&
           (!f->at[dir_other(dir)].seen || answers(f, p, dir));
}

enum tags_fit tags_fit(const struct flow *f, const struct packet *p, enum dir dir)
{
    const struct flow_at *own = &f->at[dir];

    if (own->seen) {
        if (own->tag == p->tag)
            return TAGS_CERTAIN;
        return goes_on(f, p, dir) ? TAGS_LIKELY : TAGS_NONE;
    }
    if (f->at[dir_other(dir)].tag == p->tag)
        return TAGS_CERTAIN;
    return answers(f, p, dir) ? TAGS_LIKELY : TAGS_NONE;
}

bool tags_learn(struct flow *f, const struct packet *p, enum dir dir)
{
    static const uint32_t joined = VIEW_BIT(VIEW_TAG_ONE_SIDE) | VIEW_BIT(VIEW_TAGS_DIFFER);
    struct flow_at *own = &f->at[dir];
    const struct flow_at *other = &f->at[dir_other(dir)];
    bool joins = other->seen && other->tag != p->tag;

    if (joins) {
        joins = !(f->view & joined);
        f->view |= VIEW_BIT(other->tag && p->tag ? VIEW_TAGS_DIFFER : VIEW_TAG_ONE_SIDE);
    }
    own->tag = p->tag;
    own->seen = true;
    if (!f->vlans && p->vlans) {
        f->vlans = p->vlans;
        memcpy(f->vlan, p->vlan, sizeof(f->vlan));
    }
    return joins;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/decode/express.h"
#include "sensor/decode/fixed.h"

enum {
    MACS = 12,
    ETHERNET = 14,
    TAG = 4,
    TYPE_IP4 = 0x0800,
    TYPE_TAG = 0x8100,
    PLAIN_HEAD = 0x45, /* version 4, five words */
    VLAN_ID = 0x0fff
};

/* Bytes of a TCP header without options but the stamp; 0: another one. */
static uint32_t tcp_head(const uint8_t *at, uint32_t len)
{
    uint32_t hlen = (at[12] >> 4) * 4u;

    if (hlen == FIXED_TCP)
        return hlen;
    bool stamp =
        hlen == FIXED_TCP + FIXED_STAMP && hlen <= len && fixed_be32(at + FIXED_TCP) == 0x0101080a;
    return stamp ? hlen : 0;
}

static bool take_tcp(struct packet *p, struct slice ip, struct dec_next *next)
{
    struct slice in = slice_from(ip, FIXED_IP4);
    uint32_t hlen = in.len < FIXED_TCP ? 0 : tcp_head(in.at, in.len);

    if (!hlen || fixed_be16(in.at + 2) == DEC_TCP_TUNNEL)
        return false;
    fixed_ip4(p, ip, FIXED_IP4);
    fixed_tcp(p, in, hlen);
    if (hlen > FIXED_TCP)
        fixed_stamp(p, in.at + FIXED_TCP);
    next->by = DEC_STOP;
    return true;
}

static bool take_udp(struct packet *p, struct slice ip, struct dec_next *next)
{
    struct slice in = slice_from(ip, FIXED_IP4);
    uint32_t length = in.len < FIXED_UDP ? 0 : fixed_be16(in.at + 4);

    if (length < FIXED_UDP || length > in.len)
        return false;
    fixed_ip4(p, ip, FIXED_IP4);
    fixed_udp(p, slice_head(in, length));
    *next = (struct dec_next){DEC_UDP, p->dport, p->payload};
    return true;
}

static bool take_ip4(struct packet *p, struct slice in, struct dec_next *next)
{
    if (in.len < FIXED_IP4 || in.at[0] != PLAIN_HEAD)
        return false;
    uint32_t total = fixed_be16(in.at + 2);
    if (total < FIXED_IP4 || total > in.len ||
        fixed_be16(in.at + 6) & (FIXED_IP4_MORE | FIXED_IP4_OFFSET))
        return false;
    struct slice ip = slice_head(in, total);
    return in.at[9] == IPPROTO_TCP4   ? take_tcp(p, ip, next)
           : in.at[9] == IPPROTO_UDP4 ? take_udp(p, ip, next)
                                      : false;
}

bool express_take(struct packet *p, struct slice frame, struct dec_next *next)
{
    if (frame.len < ETHERNET + TAG)
        return false;
    uint32_t type = fixed_be16(frame.at + MACS);
    uint32_t head = ETHERNET;
    if (type == TYPE_TAG) {
        type = fixed_be16(frame.at + ETHERNET + 2);
        head += TAG;
    }
    if (type != TYPE_IP4 || !take_ip4(p, slice_from(frame, head), next))
        return false;
    memcpy(p->dst_mac.b, frame.at, 6);
    memcpy(p->src_mac.b, frame.at + 6, 6);
    p->has_mac = true;
    p->ethertype = TYPE_IP4;
    if (head > ETHERNET) {
        uint16_t id = fixed_be16(frame.at + ETHERNET) & VLAN_ID;
        p->level_vlans = p->vlans = 1;
        p->vlan[0] = id;
        if (id) /* 0: a priority only */
            decode_tag(p, id);
    }
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/decode/inner.h"
#include "sensor/decode/checksum.h"

enum {
    PADDING_MAX = 64,
    TAGS_MAX = 3,
    LABELS_MAX = 8,
    LENGTHS = 1536,
    TYPE_IP4 = 0x0800,
    TYPE_IP6 = 0x86dd,
    TYPE_ARP = 0x0806,
    TYPE_PPPOE = 0x8864,
    TYPE_MPLS = 0x8847
};

static bool fills(uint32_t said, uint32_t there, uint32_t cut)
{
    return said <= there + cut && (cut || there - said <= PADDING_MAX);
}

static bool right_ip4(struct slice in, uint32_t cut)
{
    uint32_t hlen = (uint32_t)(in.at[0] & 0x0f) * 4;

    if (in.len < 20 || hlen < 20 || hlen > in.len)
        return false;
    uint32_t total = (uint32_t)in.at[2] << 8 | in.at[3];
    return total >= hlen && fills(total, in.len, cut) &&
           checksum_fold(checksum_add(0, slice_head(in, hlen))) == 0xffff;
}

/* IPv6 has no checksum: its addresses must make sense instead. */
static bool right_ip6(struct slice in, uint32_t cut)
{
    static const uint8_t known[] = {0, 6, 17, 43, 44, 50, 51, 58, 59, 60, 132, 135, 4, 41, 47};
    bool listed = false;

    if (in.len < 40 || in.at[0] >> 4 != 6)
        return false;
    for (uint32_t i = 0; i < sizeof(known); i++)
        listed = listed || in.at[6] == known[i];
    uint32_t length = (uint32_t)in.at[4] << 8 | in.at[5];
    return listed && in.at[8] != 0xff && fills(length + 40, in.len, cut) &&
           (in.at[8] || memcmp(in.at + 8, "\0\0\0\0\0\0\0", 8) == 0);
}

bool inner_ip(struct slice in, uint32_t cut)
{
    if (!in.len)
        return false;
    return in.at[0] >> 4 == 4 ? right_ip4(in, cut) : right_ip6(in, cut);
}

static bool right_arp(struct slice in)
{
    return in.len >= 28 && memcmp(in.at, "\0\1\x08\0\6\4\0", 7) == 0;
}

/* PPPoE: its header, the protocol of PPP, IP. */
static bool right_pppoe(struct slice in, uint32_t cut)
{
    return in.len > 8 && in.at[0] == 0x11 && in.at[1] == 0 && in.at[6] == 0 &&
           (in.at[7] == 0x21 || in.at[7] == 0x57) && inner_ip(slice_from(in, 8), cut);
}

static bool right_mpls(struct slice in, uint32_t cut)
{
    for (uint32_t at = 0; at + 4 < in.len && at < 4 * LABELS_MAX; at += 4) {
        if (in.at[at + 2] & 1)
            return inner_ip(slice_from(in, at + 4), cut);
    }
    return false;
}

static bool right_llc(struct slice in, uint32_t length, uint32_t cut)
{
    return in.len > 8 && length > 8 && length <= in.len + cut &&
           memcmp(in.at, "\xaa\xaa\3", 3) == 0 && inner_ip(slice_from(in, 8), cut);
}

static bool right_payload(uint16_t type, struct slice in, uint32_t cut)
{
    switch (type) {
    case TYPE_ARP:
        return right_arp(in);
    case TYPE_IP4:
        return in.len && in.at[0] >> 4 == 4 && inner_ip(in, cut);
    case TYPE_IP6:
        return in.len && in.at[0] >> 4 == 6 && inner_ip(in, cut);
    case TYPE_PPPOE:
        return right_pppoe(in, cut);
    case TYPE_MPLS:
        return right_mpls(in, cut);
    default:
        return type < LENGTHS && right_llc(in, type, cut);
    }
}

bool inner_ethernet(struct slice in, uint32_t cut)
{
    struct cursor c = cursor_of(in);
    cursor_skip(&c, 12);
    uint16_t type = cursor_be16(&c);

    for (uint32_t i = 0; i < TAGS_MAX && (type == 0x8100 || type == 0x88a8 || type == 0x9100);
         i++) {
        cursor_skip(&c, 2);
        type = cursor_be16(&c);
    }
    return cursor_ok(&c) && right_payload(type, cursor_rest(&c), cut);
}

struct dec_next inner_next(struct slice in)
{
    uint8_t version = in.len ? in.at[0] >> 4 : 0;

    if (version != 4 && version != 6)
        return dec_stop();
    return (struct dec_next){DEC_ETHER, version == 4 ? TYPE_IP4 : TYPE_IP6, in};
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MPLS label stack. What follows the last label is not announced: IP by its version, a pseudowire
 * with control word by a zero nibble, else an Ethernet pseudowire.
 */
#include "sensor/decode/inner.h"

static const struct counter mpls_counters[] = {
    {"decoder.mpls", "MPLS label stacks"},
    COUNTER_END,
};

enum { LABELS_MAX = 16, BOTTOM = 0x100, SNIFF = 4, PPP_HEAD = 4, LENGTHS = 1536 };
enum { ROUTER_ALERT = 1, IPV6_NULL = 2, IMPLICIT_NULL = 3, LAST_RESERVED = 15 };

/* Labels that mean something of their own and cannot be the last (RFC 3032, 2.1). */
static void check_last(struct packet *p, uint32_t label)
{
    if (label == ROUTER_ALERT)
        decode_note(p, NOTE_MPLS_ROUTER_ALERT);
    else if (label == IMPLICIT_NULL)
        decode_note(p, NOTE_MPLS_IMPLICIT_NULL);
    else if (label > IPV6_NULL && label < LAST_RESERVED)
        decode_note(p, NOTE_MPLS_RESERVED);
}

static bool usual_type(uint16_t type)
{
    static const uint16_t types[] = {0x0800, 0x0806, 0x86dd, 0x8100, 0x88a8, 0x8863,
                                     0x8864, 0x8847, 0x88cc, 0x88f7, 0x888e};

    for (uint32_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i] == type)
            return true;
    }
    return type && type < LENGTHS;
}

/* A frame begins right here rather than behind a control word. */
static bool plain_ethernet(struct slice in)
{
    struct cursor c = cursor_of(in);
    cursor_skip(&c, 12);
    uint16_t here = cursor_be16(&c);
    cursor_skip(&c, 2);
    uint16_t behind = cursor_be16(&c);

    return cursor_ok(&c) && usual_type(here) && here >= LENGTHS && !usual_type(behind);
}

static bool begins_with_ppp(struct slice in, uint32_t cut)
{
    return in.len > PPP_HEAD && memcmp(in.at, "\xff\3\0", 3) == 0 &&
           inner_ip(slice_from(in, PPP_HEAD), cut);
}

/* What stands behind the labels. */
static struct dec_next inside(struct packet *p, struct slice rest)
{
    uint8_t nibble = rest.at[0] >> 4;

    if (nibble == 4 || nibble == 6) {
        /* a pseudowire without control word may begin with a MAC that looks like a version */
        if (!inner_ip(rest, p->payload_missing) && inner_ethernet(rest, p->payload_missing))
            return (struct dec_next){DEC_ETHER, 0x6558, rest};
        return inner_next(rest);
    }
    if (begins_with_ppp(rest, p->payload_missing))
        return (struct dec_next){DEC_LINK, 9, rest};
    bool ethernet =
        inner_ethernet(rest, p->payload_missing) || (nibble == 0 && plain_ethernet(rest));
    if (nibble == 0 && !ethernet) {
        rest = slice_from(rest, 4); /* control word */
        if (inner_ip(rest, p->payload_missing))
            return inner_next(rest);
    } else if (nibble != 0 && !ethernet) {
        decode_note(p, NOTE_MPLS_UNKNOWN);
    }
    return (struct dec_next){DEC_ETHER, 0x6558, rest};
}

static struct dec_next mpls_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint32_t label = 0;

    for (uint32_t i = 0; i < LABELS_MAX && cursor_ok(&c) && !(label & BOTTOM); i++)
        label = cursor_be32(&c);
    if (!cursor_ok(&c)) {
        decode_note(p, NOTE_MPLS_SMALL);
        return dec_stop();
    }
    if (!(label & BOTTOM)) {
        decode_note(p, NOTE_MPLS_LAYERS);
        return dec_stop();
    }
    check_last(p, label >> 12);
    if (cursor_left(&c) < SNIFF) {
        decode_note(p, NOTE_MPLS_PAYLOAD_SMALL);
        return dec_stop();
    }
    decode_tag(p, label >> 12); /* the innermost: of a VPN or a pseudowire */
    return inside(p, cursor_rest(&c));
}

const struct decoder_def dec_mpls = {
    .name = "mpls",
    .doc = "MPLS labels and pseudowires",
    .spec = "RFC 3032, RFC 4385",
    .keys = {{DEC_ETHER, 0x8847}, {DEC_ETHER, 0x8848}, {DEC_IP, 137}},
    .counters = mpls_counters,
    .tunnel = true,
    .decode = mpls_decode,
};

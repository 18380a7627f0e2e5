/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PPP frames, with or without address and control, with short or long protocol field.
 */
#include "sensor/decode/decode.h"

static const struct counter ppp_counters[] = {
    {"decoder.ppp", "PPP headers"},
    COUNTER_END,
};

/* Bridged frames (BCP): flags, kind of MAC (1 = Ethernet), then the frame. */
static struct dec_next bridged(struct packet *p, struct cursor *c)
{
    cursor_skip(c, 2);
    if (!cursor_left(c) || !decode_enter(p, "bcp", 0))
        return dec_stop();
    return (struct dec_next){DEC_ETHER, 0x6558, cursor_rest(c)};
}

enum { ETHER_PPP = 0x880b };
enum { VJ_PLAIN = 0x002f, MULTILINK = 0x003d, MULTILINK_HEAD = 4, WHOLE = 0xc0 };

/* Protocols of PPP that carry no IP we could read: control (the high bit), other networks,
 * compression, bundles. */
static bool followed_by_others(uint16_t protocol)
{
    static const uint16_t known[] = {0x0023, 0x0025, 0x0027, 0x0029, 0x002b, 0x002d,
                                     0x0033, 0x0035, 0x003f, 0x0041, 0x0053, 0x0055,
                                     0x00fb, 0x00fd, 0x0201, 0x0231, 0x0233, 0x0283};

    for (uint32_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (protocol == known[i])
            return true;
    }
    return protocol & 0x8000;
}

/* A whole packet over several lines: flags with a number, then PPP without address. */
static struct dec_next multilink(struct packet *p, struct slice in)
{
    if (in.len > MULTILINK_HEAD && (in.at[0] & WHOLE) == WHOLE)
        return (struct dec_next){DEC_LINK, 9, slice_from(in, MULTILINK_HEAD)};
    decode_note(p, NOTE_PPP_UNSUPPORTED);
    return dec_stop();
}

static struct dec_next inside(struct packet *p, uint16_t protocol, struct cursor *c)
{
    struct cursor ahead = *c;
    struct slice rest = cursor_rest(&ahead);

    switch (protocol) {
    case 0x0021:
        if (rest.len < 20)
            decode_note(p, NOTE_PPP_IP4_SMALL);
        return (struct dec_next){DEC_ETHER, 0x0800, rest};
    case 0x0057:
        if (rest.len < 40)
            decode_note(p, NOTE_PPP_IP6_SMALL);
        return (struct dec_next){DEC_ETHER, 0x86dd, rest};
    case 0x0281:
        if (p->as_suricata)
            decode_note(p, NOTE_PPP_UNSUPPORTED);
        decode_only_here(p);
        return (struct dec_next){DEC_ETHER, 0x8847, cursor_rest(c)};
    case 0x0031:
        return bridged(p, c);
    case MULTILINK:
        return multilink(p, rest);
    case VJ_PLAIN: /* an IP header whose protocol field is a slot of the compression */
        if (rest.len < 20)
            decode_note(p, NOTE_PPP_VJ_SMALL);
        return dec_stop();
    default:
        decode_note(p, followed_by_others(protocol) ? NOTE_PPP_UNSUPPORTED : NOTE_PPP_TYPE);
        return dec_stop();
    }
}

static bool is_cisco_hdlc(struct slice in)
{
    return in.len >= 4 && (in.at[0] == 0x0f || in.at[0] == 0x8f) && in.at[1] == 0;
}

static struct dec_next ppp_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);

    if (p->ethertype == ETHER_PPP && !p->tunnels)
        decode_only_here(p);
    if (is_cisco_hdlc(in)) /* on the same line */
        return (struct dec_next){DEC_LINK, 104, in};
    if (in.len >= 2 && in.at[0] == 0xff && in.at[1] == 0x03)
        cursor_skip(&c, 2);
    uint16_t protocol = cursor_u8(&c);
    if (!(protocol & 1))
        protocol = (uint16_t)(protocol << 8 | cursor_u8(&c));
    if (!cursor_ok(&c)) {
        decode_note(p, NOTE_PPP_SMALL);
        return dec_stop();
    }
    return inside(p, protocol, &c);
}

const struct decoder_def dec_ppp = {
    .name = "ppp",
    .doc = "PPP",
    .spec = "RFC 1661",
    .keys = {{DEC_LINK, 9}, {DEC_LINK, 50}, {DEC_ETHER, ETHER_PPP}},
    .counters = ppp_counters,
    .decode = ppp_decode,
};

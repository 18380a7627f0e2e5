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

static struct dec_next inside(struct packet *p, uint16_t protocol, struct cursor *c)
{
    switch (protocol) {
    case 0x0021:
        return (struct dec_next){DEC_ETHER, 0x0800, cursor_rest(c)};
    case 0x0057:
        return (struct dec_next){DEC_ETHER, 0x86dd, cursor_rest(c)};
    case 0x0281:
        return (struct dec_next){DEC_ETHER, 0x8847, cursor_rest(c)};
    case 0x0031:
        return bridged(p, c);
    default: /* control protocols carry no IP; the rest is not PPP */
        if (!(protocol & 0x8000) && protocol != 0x002d && protocol != 0x002f)
            decode_note(p, NOTE_PPP_TYPE);
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
    .keys = {{DEC_LINK, 9}, {DEC_LINK, 50}, {DEC_LINK, 51}, {DEC_ETHER, 0x880b}},
    .counters = ppp_counters,
    .decode = ppp_decode,
};

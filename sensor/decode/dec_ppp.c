/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PPP frames, with or without address and control, with short or long protocol field.
 */
#include "sensor/decode/decode.h"

static const struct counter ppp_counters[] = {
    {"decoder.ppp", "PPP headers"},
    COUNTER_END,
};

static struct dec_next ppp_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);

    if (in.len >= 4 && (in.at[0] == 0x0f || in.at[0] == 0x8f) && in.at[1] == 0)
        return (struct dec_next){DEC_LINK, 104, in}; /* Cisco's HDLC on the same line */
    if (in.len >= 2 && in.at[0] == 0xff && in.at[1] == 0x03)
        cursor_skip(&c, 2);
    uint16_t protocol = cursor_u8(&c);
    if (!(protocol & 1))
        protocol = (uint16_t)(protocol << 8 | cursor_u8(&c));
    if (!cursor_ok(&c)) {
        decode_note(p, NOTE_PPP_SMALL);
        return dec_stop();
    }
    switch (protocol) {
    case 0x0021:
        return (struct dec_next){DEC_ETHER, 0x0800, cursor_rest(&c)};
    case 0x0057:
        return (struct dec_next){DEC_ETHER, 0x86dd, cursor_rest(&c)};
    case 0x0281:
        return (struct dec_next){DEC_ETHER, 0x8847, cursor_rest(&c)};
    case 0x0031: /* bridged: flags, kind of MAC (1 = Ethernet) */
        cursor_skip(&c, 2);
        return cursor_ok(&c) && in.len && decode_enter(p, "bcp", 0)
                   ? (struct dec_next){DEC_ETHER, 0x6558, cursor_rest(&c)}
                   : dec_stop();
    default: /* control protocols carry no IP; the rest is not PPP */
        if (!(protocol & 0x8000) && protocol != 0x002d && protocol != 0x002f)
            decode_note(p, NOTE_PPP_TYPE);
        return dec_stop();
    }
}

const struct decoder_def dec_ppp = {
    .name = "ppp",
    .doc = "PPP",
    .spec = "RFC 1661",
    .keys = {{DEC_LINK, 9}, {DEC_LINK, 50}, {DEC_LINK, 51}, {DEC_ETHER, 0x880b}},
    .counters = ppp_counters,
    .decode = ppp_decode,
};

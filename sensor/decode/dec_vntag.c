/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tags of port extenders and rings before the EtherType: VN-Tag, 802.1BR, HSR, 802.1CB, Cisco
 * metadata, the time stamps of Arista's switches.
 */
#include "sensor/decode/decode.h"

static const struct counter vntag_counters[] = {
    {"decoder.vntag", "VN-Tags and their like"},
    COUNTER_END,
};

static uint32_t length_of(uint16_t type, struct slice in)
{
    switch (type) {
    case 0x893f:
        return 6;
    case 0x8909:
        return in.len > 1 ? 2u + in.at[1] * 4u : UINT32_MAX;
    case 0xd28b: /* subtype, version; the stamp has 48 or 64 bits */
        return in.len > 3 && in.at[3] == 0x20 ? 10 : 12;
    default: /* VN-Tag, HSR, redundancy tag */
        return 4;
    }
}

static struct dec_next vntag_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);

    if (p->ethertype != 0x8926 && p->ethertype != 0x893f)
        decode_only_here(p);
    cursor_skip(&c, length_of(p->ethertype, in));
    uint16_t type = cursor_be16(&c);
    if (!cursor_ok(&c)) {
        decode_note(p, p->ethertype == 0x893f ? NOTE_ETAG_SMALL : NOTE_VNTAG_SMALL);
        return dec_stop();
    }
    return (struct dec_next){DEC_ETHER, type, cursor_rest(&c)};
}

const struct decoder_def dec_vntag = {
    .name = "vntag",
    .doc = "VN-Tag, 802.1BR, HSR, 802.1CB, Cisco metadata, time stamps of Arista",
    .spec = "IEEE 802.1BR, IEC 62439-3",
    .keys = {{DEC_ETHER, 0x8926},
             {DEC_ETHER, 0x893f},
             {DEC_ETHER, 0x892f},
             {DEC_ETHER, 0x8909},
             {DEC_ETHER, 0xf1c1},
             {DEC_ETHER, 0xd28b}},
    .counters = vntag_counters,
    .unknown = NOTE_VNTAG_UNKNOWN,
    .decode = vntag_decode,
};

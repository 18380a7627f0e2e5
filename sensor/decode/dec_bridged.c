/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ethernet inside of Ethernet: provider backbone bridges, FabricPath, TRILL.
 */
#include "sensor/decode/decode.h"

static const struct counter bridged_counters[] = {
    {"decoder.bridged", "Ethernet headers inside of Ethernet"},
    COUNTER_END,
};

enum { ETHERNET = 14 }; /* what must stand behind: two addresses and a type */

static struct dec_next bridged_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint32_t id = 0;
    const char *kind = "pbb";

    if (p->ethertype == 0x88e7) {
        id = cursor_be32(&c) & 0xffffff; /* service instance */
    } else if (p->ethertype == 0x8903) {
        kind = "fabricpath";
        id = cursor_be16(&c) >> 6;
    } else {
        kind = "trill";
        uint32_t head = cursor_be16(&c);
        cursor_skip(&c, 4 + (head >> 6 & 0x1f) * 4); /* bridges, options */
    }
    if (!cursor_ok(&c) || cursor_left(&c) < ETHERNET) {
        if (p->ethertype != 0x22f3)
            decode_note(p, p->ethertype == 0x88e7 ? NOTE_PBB_SMALL : NOTE_DCE_SMALL);
        return dec_stop();
    }
    if (!decode_enter(p, kind, id))
        return dec_stop();
    return (struct dec_next){DEC_ETHER, 0x6558, cursor_rest(&c)};
}

const struct decoder_def dec_bridged = {
    .name = "bridged",
    .doc = "802.1ah, FabricPath, TRILL",
    .spec = "IEEE 802.1ah, RFC 6325",
    .keys = {{DEC_ETHER, 0x88e7}, {DEC_ETHER, 0x8903}, {DEC_ETHER, 0x22f3}},
    .counters = bridged_counters,
    .decode = bridged_decode,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Juniper routers write when they capture: magic, flags, an extension of a length it tells,
 * then the frame of the link type, or a protocol number and the packet.
 */
#include "sensor/decode/decode.h"

enum {
    MAGIC = 0x4d4743,
    HAS_EXTENSION = 0x80,
    NO_LINK_LAYER = 0x02,
    LINK_RAW = 101,
};

/* The link type that is captured. */
static uint32_t inner_link(uint32_t linktype)
{
    switch (linktype) {
    case 179:
        return 9; /* PPP */
    case 180:
        return 107; /* frame relay */
    case 181:
        return 104; /* Cisco HDLC */
    default:
        return 1;
    }
}

static struct dec_next juniper_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint32_t magic = cursor_be24(&c);
    uint8_t flags = cursor_u8(&c);

    if (flags & HAS_EXTENSION)
        cursor_skip(&c, cursor_be16(&c));
    if (flags & NO_LINK_LAYER)
        cursor_skip(&c, 4);
    if (!cursor_ok(&c) || magic != MAGIC)
        return dec_stop();
    uint32_t link = flags & NO_LINK_LAYER ? (uint32_t)LINK_RAW : inner_link(p->frame.linktype);
    return (struct dec_next){DEC_LINK, link, cursor_rest(&c)};
}

const struct decoder_def dec_juniper = {
    .name = "juniper",
    .doc = "Captures of Juniper routers: Ethernet, PPP, frame relay, HDLC",
    .spec = "www.tcpdump.org/linktypes.html",
    .keys = {{DEC_LINK, 178}, {DEC_LINK, 179}, {DEC_LINK, 180}, {DEC_LINK, 181}},
    .decode = juniper_decode,
};

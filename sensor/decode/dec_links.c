/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rarer link types: a header of known length, then LLC, an EtherType or a frame. FDDI, Token Ring,
 * ATM, Fibre Channel, FireWire, ARCNET, DOCSIS, EPON, InfiniBand, capture cards (ERF), tags of
 * switch chips, Linux NFLOG, macOS PKTAP, PPP as pppd writes it, SLIP of BSD/OS, serial lines with
 * the direction in front.
 */
#include "sensor/decode/llc.h"

enum {
    LINK_ETHERNET = 1,
    LINK_PPP = 9,
    LINK_HDLC = 104,
    LINK_FRAME_RELAY = 107,
    LINK_RAW = 101,
    ROUTED = 0x80, /* first bit of a source address: a route follows */
    INFINIBAND_HEAD = 40,
    ERF_HEAD = 16,
    ERF_MORE = 0x80,
    ERF_EXTENSIONS_MAX = 8,
    NFLOG_PAYLOAD = 9,
    NFLOG_PARTS_MAX = 32,
    MACS = 12
};

static struct dec_next typed(struct slice in, uint32_t head)
{
    struct cursor c = cursor_of(in);
    cursor_skip(&c, head);
    uint16_t type = cursor_be16(&c);

    return cursor_ok(&c) ? (struct dec_next){DEC_ETHER, type, cursor_rest(&c)} : dec_stop();
}

static struct dec_next token_ring(struct slice in)
{
    uint32_t head = 14;

    if (in.len > head + 1 && in.at[8] & ROUTED)
        head += in.at[14] & 0x1f;
    return llc_next(slice_from(in, head));
}

static struct dec_next arcnet(struct slice in, uint32_t at)
{
    uint8_t protocol = in.len > at ? in.at[at] : 0;
    uint32_t head = at + (protocol == 0xf0 || protocol == 0xf1 ? 1 : 4);

    switch (protocol) {
    case 0xd4: /* RFC 1201; 0xf0: RFC 1051 */
    case 0xf0:
        return (struct dec_next){DEC_ETHER, 0x0800, slice_from(in, head)};
    case 0xc4:
        return (struct dec_next){DEC_ETHER, 0x86dd, slice_from(in, head)};
    default:
        return dec_stop();
    }
}

static struct dec_next sunatm(struct slice in)
{
    uint8_t kind = in.len ? in.at[0] & 0x0f : 0;

    if (kind == 1) /* LAN emulation: its number, then a frame */
        return (struct dec_next){DEC_LINK, LINK_ETHERNET, slice_from(in, 6)};
    return llc_next(slice_from(in, 4));
}

/* Ethernet as cards of several kinds write it: plain, with a colour, with a hash. */
static bool erf_ethernet(uint8_t type)
{
    return type == 2 || type == 11 || type == 16 || type == 20;
}

static struct dec_next capture_card(struct slice in)
{
    struct cursor c = cursor_of(in);
    cursor_skip(&c, 8);
    uint8_t type = cursor_u8(&c);
    cursor_skip(&c, ERF_HEAD - 9);

    uint8_t more = type;
    for (uint32_t i = 0; i < ERF_EXTENSIONS_MAX && more & ERF_MORE && cursor_ok(&c); i++) {
        more = cursor_u8(&c);
        cursor_skip(&c, 7);
    }
    cursor_skip(&c, 2);
    if (!cursor_ok(&c) || !erf_ethernet(type & (uint8_t)~ERF_MORE))
        return dec_stop();
    return (struct dec_next){DEC_LINK, LINK_ETHERNET, cursor_rest(&c)};
}

/* A routing header, the type, two bytes that are not used. */
static struct dec_next infiniband(struct slice in)
{
    struct dec_next next = typed(in, INFINIBAND_HEAD);

    next.rest = slice_from(next.rest, 2);
    return next;
}

/* Parts of type and length; one of them is the packet. */
static struct dec_next nflog(struct slice in)
{
    struct cursor c = cursor_of(in);
    cursor_skip(&c, 4);

    for (uint32_t i = 0; i < NFLOG_PARTS_MAX && cursor_left(&c) >= 4; i++) {
        uint32_t length = cursor_le16(&c);
        uint16_t type = cursor_le16(&c) & 0x7fff;
        struct slice value = cursor_take(&c, length < 4 ? UINT32_MAX : length - 4);
        if (!cursor_ok(&c))
            break;
        if (type == NFLOG_PAYLOAD)
            return (struct dec_next){DEC_LINK, LINK_RAW, value};
        cursor_skip(&c, (0 - length) & 3);
    }
    return dec_stop();
}

static struct dec_next pktap(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint32_t length = cursor_le32(&c);
    cursor_skip(&c, 4);
    uint32_t link = cursor_le32(&c);

    if (!cursor_ok(&c) || length < 12 || link == p->frame.linktype)
        return dec_stop();
    if (link == 12 || link == 14) /* as BSD numbers raw IP */
        link = LINK_RAW;
    return (struct dec_next){DEC_LINK, link, slice_from(in, length)};
}

/* The tag of a switch chip between the addresses and the type. */
static struct dec_next chip_tag(struct packet *p, struct slice in, uint32_t tag)
{
    if (in.len >= MACS) {
        memcpy(p->dst_mac.b, in.at, 6);
        memcpy(p->src_mac.b, in.at + 6, 6);
        p->has_mac = true;
    }
    return typed(in, MACS + tag);
}

/* pppd writes the direction over the address. */
static struct dec_next pppd(struct slice in)
{
    uint32_t head = in.len > 1 && in.at[1] == 0x03 ? 2 : 1;

    return (struct dec_next){DEC_LINK, LINK_PPP, slice_from(in, head)};
}

/* Links whose header needs a closer look. */
static struct dec_next by_link(struct packet *p, struct slice in)
{
    switch (p->frame.linktype) {
    case 6:
        return token_ring(in);
    case 7:
        return arcnet(in, 2);
    case 129:
        return arcnet(in, 4);
    case 123:
        return sunatm(in);
    case 197:
        return capture_card(in);
    case 239:
        return nflog(in);
    case 242:
        return infiniband(in);
    case 258:
        return pktap(p, in);
    case 285:
        return chip_tag(p, in, 8);
    default:
        return pppd(in);
    }
}

/* Classical IP over ATM: LLC, or nothing. */
static struct dec_next classical_ip(struct slice in)
{
    bool llc = in.len > 2 && in.at[0] == 0xaa && in.at[1] == 0xaa;

    return llc ? llc_next(in) : (struct dec_next){DEC_LINK, LINK_RAW, in};
}

static struct dec_next links_decode(struct packet *p, struct slice in)
{
    switch (p->frame.linktype) {
    case 10:
        return llc_next(slice_from(in, 13));
    case 100:
        return llc_next(in);
    case 102:
        return (struct dec_next){DEC_LINK, LINK_RAW, slice_from(in, 24)};
    case 106:
        return classical_ip(in);
    case 122:
        return llc_next(slice_from(in, 16));
    case 138:
        return typed(in, 16);
    case 143:
        return (struct dec_next){DEC_LINK, LINK_ETHERNET, slice_from(in, 6)};
    case 205:
        return (struct dec_next){DEC_LINK, LINK_HDLC, slice_from(in, 1)};
    case 206:
        return (struct dec_next){DEC_LINK, LINK_FRAME_RELAY, slice_from(in, 1)};
    case 259:
        return (struct dec_next){DEC_LINK, LINK_ETHERNET, slice_from(in, 8)};
    case 281:
    case 284:
        return chip_tag(p, in, 4);
    case 282:
        return (struct dec_next){DEC_LINK, LINK_ETHERNET, slice_from(in, 4)};
    default:
        return by_link(p, in);
    }
}

const struct decoder_def dec_links = {
    .name = "links",
    .doc = "Rarer link types",
    .spec = "www.tcpdump.org/linktypes.html",
    .keys = {{DEC_LINK, 6},   {DEC_LINK, 7},   {DEC_LINK, 10},  {DEC_LINK, 100}, {DEC_LINK, 102},
             {DEC_LINK, 106}, {DEC_LINK, 122}, {DEC_LINK, 123}, {DEC_LINK, 129}, {DEC_LINK, 138},
             {DEC_LINK, 143}, {DEC_LINK, 166}, {DEC_LINK, 197}, {DEC_LINK, 205}, {DEC_LINK, 206},
             {DEC_LINK, 239}, {DEC_LINK, 242}, {DEC_LINK, 258}, {DEC_LINK, 259}, {DEC_LINK, 281},
             {DEC_LINK, 282}, {DEC_LINK, 284}, {DEC_LINK, 285}},
    .decode = links_decode,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GRE versions 0 and 1 (PPTP), with checksum, key, sequence, routing. The protocol is an
 * EtherType.
 */
#include "sensor/decode/inner.h"

static const struct counter gre_counters[] = {
    {"decoder.gre", "GRE headers"},
    COUNTER_END,
};

enum {
    HAS_CHECKSUM = 0x8000,
    HAS_ROUTING = 0x4000,
    HAS_KEY = 0x2000,
    HAS_SEQUENCE = 0x1000,
    STRICT_ROUTE = 0x0800,
    RECURSION = 0x0700,
    HAS_ACK = 0x0080,
    FLAGS_0 = 0x00f8,
    FLAGS_1 = 0x0078,
    VERSION = 0x0007,
    ERSPAN = 0x88be,
    ERSPAN_3 = 0x22eb,
    PPP = 0x880b,
    BRIDGED = 0x6558,
    EOIP = 0x6400,
    WCCP = 0x883e,
    ARUBA = 0x9000, /* on Ethernet: loopback tests */
    ROUTES_MAX = 16
};

/* MikroTik's Ethernet over IP: version 1, a length and a little-endian tunnel id for a key. */
static struct dec_next eoip(struct packet *p, struct cursor *c)
{
    uint32_t length = cursor_be16(c);
    uint16_t id = cursor_le16(c);

    if (!cursor_ok(c) || !length || !cursor_left(c) || !decode_enter(p, "eoip", id))
        return dec_stop();
    return (struct dec_next){DEC_ETHER, BRIDGED, slice_head(cursor_rest(c), length)};
}

/* A header of ERSPAN II or III, though no sequence number announces it. */
static bool headed(const struct packet *p, struct slice in)
{
    uint32_t head = in.at[0] >> 4 == 1 ? 8 : in.at[0] >> 4 == 2 ? 12 : 0;

    return head && !inner_ethernet(in, p->payload_missing) &&
           inner_ethernet(slice_from(in, head), p->payload_missing);
}

/* What the protocol field means once the header is read. */
static struct dec_next inside(struct packet *p, uint16_t flags, uint32_t type, struct slice rest)
{
    if (type == ERSPAN && !(flags & HAS_SEQUENCE) && !headed(p, rest))
        type = BRIDGED; /* ERSPAN type I has no header of its own */
    if (type == WCCP && rest.at[0] >> 4 != 4)
        rest = slice_from(rest, 4); /* redirect header of version 2 */
    if (type == WCCP)
        type = 0x0800;
    p->ethertype = (uint16_t)type;
    return (struct dec_next){type == ARUBA ? DEC_OTHER : DEC_ETHER, type, rest};
}

/* False when a route runs past the end. */
static bool skip_routes(struct cursor *c)
{
    for (uint32_t i = 0; i < ROUTES_MAX && cursor_ok(c); i++) {
        uint16_t family = cursor_be16(c);
        cursor_skip(c, 1);
        uint8_t len = cursor_u8(c);
        cursor_skip(c, len);
        if (family == 0 && len == 0)
            break;
    }
    return cursor_ok(c);
}

/* Bits that a version does not have are noted; reading goes on as if they meant nothing. */
static void check_flags(struct packet *p, uint16_t flags, uint32_t type)
{
    if ((flags & VERSION) == 0) {
        if (flags & RECURSION)
            decode_note(p, NOTE_GRE0_RECUR);
        if (flags & FLAGS_0)
            decode_note(p, NOTE_GRE0_FLAGS);
        return;
    }
    if (flags & HAS_CHECKSUM)
        decode_note(p, NOTE_GRE1_CHECKSUM);
    if (flags & HAS_ROUTING)
        decode_note(p, NOTE_GRE1_ROUTE);
    if (flags & STRICT_ROUTE)
        decode_note(p, NOTE_GRE1_STRICT);
    if (flags & RECURSION)
        decode_note(p, NOTE_GRE1_RECUR);
    if (flags & FLAGS_1)
        decode_note(p, NOTE_GRE1_FLAGS);
    if (type != PPP)
        decode_note(p, NOTE_GRE1_PROTOCOL);
    if (!(flags & HAS_KEY))
        decode_note(p, NOTE_GRE1_NO_KEY);
}

/* Optional words behind the first; gives the key, of PPTP its call. */
static uint32_t optional_words(struct cursor *c, uint16_t flags)
{
    uint32_t key = 0;

    if (flags & (HAS_CHECKSUM | HAS_ROUTING))
        cursor_skip(c, 4);
    if (flags & HAS_KEY)
        key = cursor_be32(c);
    if (flags & HAS_SEQUENCE)
        cursor_skip(c, 4);
    if ((flags & VERSION) == 1 && flags & HAS_ACK)
        cursor_skip(c, 4);
    return (flags & VERSION) == 1 ? key & 0xffff : key; /* PPTP: length and call */
}

static struct dec_next gre_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint16_t flags = cursor_be16(&c);
    uint32_t type = cursor_be16(&c);
    bool first = (flags & VERSION) == 1;

    if (!cursor_ok(&c)) {
        decode_note(p, NOTE_GRE_SMALL);
        return dec_stop();
    }
    if ((flags & VERSION) > 1) {
        decode_note(p, NOTE_GRE_VERSION);
        return dec_stop();
    }
    if (first && type == EOIP)
        return eoip(p, &c);
    check_flags(p, flags, type);
    uint32_t key = optional_words(&c, flags);
    if (!cursor_ok(&c)) {
        decode_note(p, first ? NOTE_GRE1_HEADER : NOTE_GRE0_HEADER);
        return dec_stop();
    }
    if (flags & HAS_ROUTING && !skip_routes(&c)) {
        decode_note(p, first ? NOTE_GRE1_ROUTES : NOTE_GRE0_ROUTES);
        return dec_stop();
    }
    bool mirrored = type == ERSPAN || type == ERSPAN_3;
    if (!cursor_left(&c) || !decode_enter(p, mirrored ? "erspan" : "gre", key))
        return dec_stop();
    return inside(p, flags, type, cursor_rest(&c));
}

const struct decoder_def dec_gre = {
    .name = "gre",
    .doc = "GRE",
    .spec = "RFC 2784, RFC 2890, RFC 2637",
    .keys = {{DEC_IP, 47}},
    .counters = gre_counters,
    .tunnel = true,
    .decode = gre_decode,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPv6 with its extension headers, up to a bound.
 */
#include "sensor/decode/ip_options.h"

static const struct counter ip6_counters[] = {
    {"decoder.ipv6", "IPv6 headers"},
    COUNTER_END,
};

enum {
    HEADER = 40,
    EXTENSIONS_MAX = 16,
    HOP_BY_HOP = 0,
    ROUTING = 43,
    FRAGMENT = 44,
    AUTH = 51,
    NO_NEXT = 59,
    DESTINATION = 60,
    MOBILITY = 135,
    HIP = 139,
    SHIM6 = 140,
    LEAST_BEHIND = 2, /* bytes that have to follow extension headers */
};

static bool is_extension(uint8_t proto)
{
    return proto == HOP_BY_HOP || proto == ROUTING || proto == DESTINATION || proto == MOBILITY ||
           proto == HIP || proto == SHIM6 || proto == AUTH;
}

/* The fragment header; an "atomic" one (whole packet) is passed over. */
static bool fragment_header(struct packet *p, struct cursor *c, struct ip_options_seen *seen)
{
    struct cursor ahead = *c;
    struct slice header = cursor_take(&ahead, 8);
    uint8_t next = cursor_u8(c);
    cursor_skip(c, 1);
    uint16_t offset = cursor_be16(c);
    uint32_t id = cursor_be32(c);

    if (!cursor_ok(c))
        return false;
    ip_options_fragment(p, header, seen);
    p->proto = next;
    p->frag_id = id;
    p->frag_offset = offset & 0xfff8;
    p->frag_more = offset & 1;
    p->fragment = p->frag_more || p->frag_offset;
    return true;
}

static bool one_extension(struct packet *p, struct cursor *c, struct ip_options_seen *seen)
{
    uint8_t kind = p->proto;
    struct cursor ahead = *c;
    uint8_t next = cursor_u8(&ahead);
    uint32_t len = cursor_u8(&ahead);
    struct slice header = cursor_take(c, kind == AUTH ? (len + 2) * 4 : (len + 1) * 8);

    p->proto = next;
    if (!cursor_ok(c))
        return false;
    ip_options_extension(p, kind, header, seen);
    return true;
}

/* Walks to the transport header; false when the packet ends inside. */
static bool extensions(struct packet *p, struct cursor *c)
{
    struct ip_options_seen seen = {0};

    for (uint32_t i = 0; i < EXTENSIONS_MAX; i++) {
        if (p->proto == FRAGMENT) {
            if (!fragment_header(p, c, &seen))
                return false;
            if (p->fragment)
                return true;
        } else if (!is_extension(p->proto)) {
            return true;
        } else if (!one_extension(p, c, &seen)) {
            return false;
        }
    }
    decode_note(p, NOTE_TOO_MANY_LAYERS);
    return false;
}

/* Extension headers, and nothing of the header that they announce. */
static bool ends_behind_extensions(const struct packet *p, uint8_t first, const struct cursor *c)
{
    return p->proto != first && p->proto != NO_NEXT && !p->fragment &&
           cursor_left(c) < LEAST_BEHIND;
}

/* Protocols that are expected behind IPv6: transports, tunnels, routing. */
static bool known_next(uint8_t proto)
{
    static const uint8_t known[] = {1,  2,   4,   6,       17,  41,  47,  50, 58,
                                    89, 103, 115, NO_NEXT, 132, 136, 137, 143};

    return memchr(known, proto, sizeof(known)) != NULL;
}

static void check_next(struct packet *p)
{
    if (p->proto == IPPROTO_ICMP4)
        decode_note(p, NOTE_IPV6_ICMPV4);
    if (!p->fragment && !known_next(p->proto))
        decode_note(p, NOTE_IPV6_NEXT_UNKNOWN);
    if (p->proto == NO_NEXT && p->l4.len)
        decode_note(p, NOTE_IPV6_AFTER_NONE);
}

static struct dec_next ip6_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint32_t first = cursor_be32(&c);
    uint32_t length = cursor_be16(&c);
    uint8_t next = cursor_u8(&c);
    uint8_t hops = cursor_u8(&c);
    struct slice src = cursor_take(&c, 16);
    struct slice dst = cursor_take(&c, 16);

    if (!cursor_ok(&c) || first >> 28 != 6) {
        decode_note(p, cursor_ok(&c) ? NOTE_IPV6_VERSION : NOTE_IPV6_SMALL);
        return dec_stop();
    }
    if (length > in.len - HEADER) {
        p->payload_missing = length - (in.len - HEADER);
        decode_note(p, NOTE_IPV6_TRUNC);
    }
    if (length || next == IPPROTO_ICMP6) /* 0: jumbogram or segmentation offload, not of ICMP */
        in = slice_head(in, HEADER + length);
    if (!length && p->as_suricata && is_extension(next)) { /* it knows no jumbograms */
        decode_note(p, NOTE_IPV6_EXT_TRUNC);
        decode_only_here(p);
    }
    p->ip_version = 6;
    p->tos = (uint8_t)(first >> 20);
    p->ttl = hops;
    p->src = addr_from_bytes(src);
    p->dst = addr_from_bytes(dst);
    p->l3 = in;
    p->proto = next;
    p->fragment = false;
    c = cursor_of(slice_from(in, HEADER));
    if (!extensions(p, &c) || ends_behind_extensions(p, next, &c)) {
        decode_note(p, NOTE_IPV6_EXT_TRUNC);
        return dec_stop();
    }
    p->l4 = p->payload = cursor_rest(&c);
    check_next(p);
    if (p->fragment || p->proto == NO_NEXT)
        return dec_stop();
    return (struct dec_next){DEC_IP, p->proto, p->l4};
}

const struct decoder_def dec_ip6 = {
    .name = "ip6",
    .doc = "IPv6 and extension headers",
    .spec = "RFC 8200",
    .keys = {{DEC_ETHER, 0x86dd}},
    .counters = ip6_counters,
    .decode = ip6_decode,
};

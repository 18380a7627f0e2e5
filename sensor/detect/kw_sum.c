/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checksums of the packet's headers, whatever policy is in force; and the kind of network header.
 * Of a fragment the transport's sum cannot be told, of a packet that was cut none.
 */
#include "sensor/detect/draft.h"

#include "sensor/decode/checksum.h"

struct sum_kind {
    uint8_t ip, proto; /* proto 0: the IPv4 header itself */
};

struct sum_args {
    const struct sum_kind *kind;
    bool valid;
};

/* Not of a packet that was cut, nor of one that the sender's card completes later (its header says
 * length 0): what is taken on the way out of a host has no sums yet. */
static bool is_whole(const struct packet *p)
{
    return !p->payload_missing && (p->ip_version != 4 || p->l3.at[2] || p->l3.at[3]);
}

/* A datagram's sum may be left out; of one that ends before its length does it cannot be told. */
static bool has_sum(struct slice udp)
{
    struct cursor c = cursor_of(udp);
    cursor_skip(&c, 4);
    uint16_t length = cursor_be16(&c);

    return cursor_be16(&c) && length <= udp.len;
}

static bool sum_match(const struct inspection *in, const void *args)
{
    const struct sum_args *a = args;
    const struct packet *p = in->packet;

    if (!p || p->only_here || p->ip_version != a->kind->ip || !p->l3.len || !is_whole(p))
        return false;
    if (!a->kind->proto)
        return checksum_header_right(p) == a->valid;
    if (p->proto != a->kind->proto || p->fragment || !p->l4.len)
        return false;
    if (p->proto == IPPROTO_UDP4 && !has_sum(p->l4))
        return false;
    return checksum_transport_right(p) == a->valid;
}

static bool sum_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct sum_args *a = draft_alloc(d, sizeof(*a));

    value = draft_unquote(value);
    if (!a)
        return false;
    a->kind = kw->extra;
    a->valid = slice_ieq(value, SLICE_LIT("valid"));
    if (!a->valid && !slice_ieq(value, SLICE_LIT("invalid")))
        return draft_fail(d, "%s is valid or invalid", kw->name);
    d->need_packet = true;
    return draft_test(d, kw, a);
}

static bool l3_match(const struct inspection *in, const void *args)
{
    return in->packet && in->packet->ip_version == *(const uint8_t *)args;
}

static bool l3_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    uint8_t *version = draft_alloc(d, sizeof(*version));
    bool v4 = slice_ieq(value, SLICE_LIT("ipv4")) || slice_ieq(value, SLICE_LIT("ip4")) ||
              slice_ieq(value, SLICE_LIT("ip_v4"));
    bool v6 = slice_ieq(value, SLICE_LIT("ipv6")) || slice_ieq(value, SLICE_LIT("ip6")) ||
              slice_ieq(value, SLICE_LIT("ip_v6"));

    if (!version || (!v4 && !v6))
        return draft_fail(d, "l3_proto is ipv4 or ipv6");
    *version = v4 ? 4 : 6;
    return draft_test(d, kw, version);
}

#define SUM(name_, ip_, proto_, doc_)                                                              \
    {                                                                                              \
        .name = name_, .stage = AT_PACKET, .value = VALUE_WANTED, .parse = sum_parse,              \
        .match = sum_match, .example = name_ ":invalid", .doc = doc_,                              \
        .extra = &(const struct sum_kind)                                                          \
        {                                                                                          \
            ip_, proto_                                                                            \
        }                                                                                          \
    }

static const struct keyword rows[] = {
    SUM("ipv4-csum", 4, 0, "Checksum of the IPv4 header"),
    SUM("tcpv4-csum", 4, IPPROTO_TCP4, "Checksum of TCP over IPv4"),
    SUM("tcpv6-csum", 6, IPPROTO_TCP4, "Checksum of TCP over IPv6"),
    SUM("udpv4-csum", 4, IPPROTO_UDP4, "Checksum of UDP over IPv4"),
    SUM("udpv6-csum", 6, IPPROTO_UDP4, "Checksum of UDP over IPv6"),
    SUM("icmpv4-csum", 4, IPPROTO_ICMP4, "Checksum of ICMPv4"),
    SUM("icmpv6-csum", 6, IPPROTO_ICMP6, "Checksum of ICMPv6"),
    {.name = "l3_proto",
     .stage = AT_PACKET,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .by_addresses = true,
     .parse = l3_parse,
     .match = l3_match,
     .example = "l3_proto:ipv6",
     .doc = "Version of IP"},
    KEYWORD_END,
};

const struct kw_family kw_sum = {.doc = "Checksums", .rows = rows};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no row takes: an unknown EtherType or IP protocol, a datagram of no tunnel that is known. A
 * packet inside is looked for at the first places it may begin at; found, it is read, and the
 * finding is told. IP that is all of a datagram is no unknown header: IP directly over UDP (FOU).
 */
#include "sensor/decode/inner.h"

static const struct counter guess_counters[] = {
    {"decoder.guess", "Packets found in headers that no decoder knows"},
    COUNTER_END,
};

enum { PLACES = 48, FAR_PLACES = 96, TAG = 4, ETHERNET = 14, IP_MIN = 20, V6 = 40 };

/* Addresses of hosts, as they are in use: a strict look, for bytes that may be anything. */
static bool usual_addresses(struct slice in)
{
    uint8_t source = in.len >= V6 ? in.at[8] : 0;
    uint8_t target = in.len >= V6 ? in.at[24] : 0;

    return (source >> 5 == 1 || source >= 0xfc) && source != 0xff &&
           (target >> 5 == 1 || target >= 0xfc);
}

/* IPv6 has no sum that proves it. Rows of numbers, "69 00 00 00 00 00 00 00", read like a jumbogram
 * of length 0, or like a packet that may go no further: neither counts here. */
static bool likely_ip(struct slice in, uint32_t cut)
{
    if (in.at[0] >> 4 == 6 && (!usual_addresses(in) || !in.at[7] || !(in.at[4] | in.at[5])))
        return false;
    return inner_ip(in, cut);
}

/* A packet may begin anywhere, but whole words first. */
static struct dec_next search(struct packet *p, struct slice in)
{
    uint32_t cut = p->payload_missing;

    for (uint32_t at = 0; at < PLACES && at + IP_MIN < in.len; at++) {
        struct slice rest = slice_from(in, at);
        struct dec_next next = {DEC_ETHER, 0x6558, rest};
        if (likely_ip(rest, cut))
            next = inner_next(rest);
        else if (!inner_ethernet(rest, cut))
            continue;
        /* a tag whose type is the operator's own: as good as 802.1Q */
        if (!p->ip_version && at == TAG && next.key != 0x6558) {
            decode_tag(p, (uint64_t)in.at[0] << 8 | in.at[1]);
            return next;
        }
        p->view |= VIEW_BIT(VIEW_UNKNOWN);
        return decode_enter(p, "unknown", 0) ? next : dec_stop();
    }
    return dec_stop();
}

static bool usual_ip6(struct slice in)
{
    return usual_addresses(in) && ((uint32_t)in.at[4] << 8 | in.at[5]) + V6 == in.len;
}

/* Where the first byte of an IP header leads to a packet that fills the datagram; UINT32_MAX when
 * nowhere. */
static uint32_t place_of(struct slice in, uint8_t first, uint32_t cut)
{
    uint32_t last = in.len - IP_MIN < FAR_PLACES ? in.len - IP_MIN : FAR_PLACES;
    const uint8_t *at = in.at;

    while ((at = memchr(at, first, (size_t)(in.at + last - at))) != NULL) {
        struct slice rest = slice_from(in, (uint32_t)(at - in.at));
        if ((first >> 4 == 4 || usual_ip6(rest)) && inner_ip(rest, cut))
            return (uint32_t)(at - in.at);
        at++;
    }
    return UINT32_MAX;
}

/* Datagrams are many: only bytes that an IP header begins with are looked at closer. */
static struct dec_next in_datagram(struct packet *p, struct slice in)
{
    if (in.len <= IP_MIN)
        return dec_stop();
    uint32_t at = place_of(in, 0x45, p->payload_missing);
    if (at == UINT32_MAX)
        at = place_of(in, 0x60, p->payload_missing);
    if (at == UINT32_MAX)
        return dec_stop();
    struct slice rest = slice_from(in, at);
    struct dec_next next = inner_next(rest);
    if (at >= ETHERNET && inner_ethernet(slice_from(in, at - ETHERNET), p->payload_missing))
        next = (struct dec_next){DEC_ETHER, 0x6558, slice_from(in, at - ETHERNET)};
    if (at)
        p->view |= VIEW_BIT(VIEW_UNKNOWN);
    return decode_enter(p, at ? "unknown" : "fou", 0) ? next : dec_stop();
}

static struct dec_next guess_decode(struct packet *p, struct slice in)
{
    return p->proto == IPPROTO_UDP4 && p->ip_version ? in_datagram(p, in) : search(p, in);
}

const struct decoder_def dec_guess = {
    .name = "guess",
    .doc = "Packets in unknown headers",
    .spec = "own",
    .keys = {{DEC_OTHER, 0}},
    .counters = guess_counters,
    .tunnel = true,
    .decode = guess_decode,
};

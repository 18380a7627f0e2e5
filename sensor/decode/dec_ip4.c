/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPv4 with options. A packet cut by the snap length goes on with what is there.
 */
#include "sensor/decode/ip_options.h"

static const struct counter ip4_counters[] = {
    {"decoder.ipv4", "IPv4 headers"},
    COUNTER_END,
};

enum { HEADER = 20, FLAG_MORE = 0x2000, OFFSET = 0x1fff };

/* Length of the whole packet as its header says; 0 is what segmentation offload leaves there. */
static bool cut_to_length(struct packet *p, struct slice *in, uint32_t hlen, uint32_t total)
{
    if (total == 0)
        return true;
    if (total < hlen) {
        decode_note(p, NOTE_IPV4_IPLEN);
        return false;
    }
    if (total > in->len) {
        p->payload_missing = total - in->len;
        decode_note(p, NOTE_IPV4_TRUNC);
    }
    *in = slice_head(*in, total);
    return true;
}

static struct dec_next ip4_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint8_t version_hlen = cursor_u8(&c);
    uint8_t tos = cursor_u8(&c);
    uint16_t total = cursor_be16(&c);
    uint16_t id = cursor_be16(&c);
    uint16_t frag = cursor_be16(&c);
    uint8_t ttl = cursor_u8(&c);
    uint8_t proto = cursor_u8(&c);
    cursor_skip(&c, 2);
    struct slice src = cursor_take(&c, 4);
    struct slice dst = cursor_take(&c, 4);
    uint32_t hlen = (version_hlen & 0x0fu) * 4;

    if (!cursor_ok(&c)) {
        decode_note(p, NOTE_IPV4_SMALL);
        return dec_stop();
    }
    if (version_hlen >> 4 != 4 || hlen < HEADER || hlen > in.len) {
        decode_note(p, version_hlen >> 4 != 4 ? NOTE_IPV4_VERSION : NOTE_IPV4_HLEN);
        return dec_stop();
    }
    if (!cut_to_length(p, &in, hlen, total))
        return dec_stop();
    ip_options_check(p, slice_head(slice_from(in, HEADER), hlen - HEADER));
    p->ip_version = 4;
    p->tos = tos;
    p->ttl = ttl;
    p->ip_id = id;
    p->proto = proto;
    p->src = addr_from_bytes(src);
    p->dst = addr_from_bytes(dst);
    p->l3 = in;
    p->l4 = p->payload = slice_from(in, hlen);
    p->frag_id = id;
    p->frag_offset = (uint16_t)((frag & OFFSET) * 8);
    p->frag_more = frag & FLAG_MORE;
    p->fragment = p->frag_more || p->frag_offset;
    if (proto == IPPROTO_ICMP6)
        decode_note(p, NOTE_IPV4_ICMPV6);
    if (p->fragment)
        return dec_stop();
    return (struct dec_next){DEC_IP, proto, p->l4};
}

const struct decoder_def dec_ip4 = {
    .name = "ip4",
    .doc = "IPv4",
    .spec = "RFC 791",
    .keys = {{DEC_ETHER, 0x0800}},
    .counters = ip4_counters,
    .decode = ip4_decode,
};

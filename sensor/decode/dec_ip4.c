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

static uint16_t be16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

/* Length of the whole packet as its header says; 0 is what segmentation offload leaves there. */
static bool cut_to_length(struct packet *p, struct slice *in, uint32_t hlen, uint32_t total)
{
    if (total < hlen) {
        decode_note(p, NOTE_IPV4_IPLEN);
        return total == 0;
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
    if (in.len < HEADER) {
        decode_note(p, NOTE_IPV4_SMALL);
        return dec_stop();
    }
    const uint8_t *at = in.at; /* the fixed header is there */
    uint8_t version_hlen = at[0];
    uint16_t total = be16(at + 2);
    uint16_t id = be16(at + 4);
    uint16_t frag = be16(at + 6);
    uint8_t proto = at[9];
    uint32_t hlen = (version_hlen & 0x0fu) * 4;

    if (version_hlen >> 4 != 4 || hlen < HEADER || hlen > in.len) {
        decode_note(p, version_hlen >> 4 != 4 ? NOTE_IPV4_VERSION : NOTE_IPV4_HLEN);
        return dec_stop();
    }
    if (!cut_to_length(p, &in, hlen, total))
        return dec_stop();
    if (hlen > HEADER)
        ip_options_check(p, slice_head(slice_from(in, HEADER), hlen - HEADER));
    p->ip_version = 4;
    p->tos = at[1];
    p->ttl = at[8];
    p->ip_id = id;
    p->proto = proto;
    p->src = (struct addr){.family = 4};
    p->dst = (struct addr){.family = 4};
    memcpy(p->src.b, at + 12, 4);
    memcpy(p->dst.b, at + 16, 4);
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPv4 with options. A packet cut by the snap length goes on with what is there.
 */
#include "sensor/decode/fixed.h"
#include "sensor/decode/ip_options.h"

static const struct counter ip4_counters[] = {
    {"decoder.ipv4", "IPv4 headers"},
    COUNTER_END,
};

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
    if (in.len < FIXED_IP4) {
        decode_note(p, NOTE_IPV4_SMALL);
        return dec_stop();
    }
    uint8_t version_hlen = in.at[0]; /* the fixed header is there */
    uint16_t total = fixed_be16(in.at + 2);
    uint32_t hlen = (version_hlen & 0x0fu) * 4;

    if (version_hlen >> 4 != 4 || hlen < FIXED_IP4 || hlen > in.len) {
        decode_note(p, version_hlen >> 4 != 4 ? NOTE_IPV4_VERSION
                       : hlen < FIXED_IP4     ? NOTE_IPV4_HLEN
                       : total < hlen         ? NOTE_IPV4_IPLEN
                                              : NOTE_IPV4_TRUNC);
        return dec_stop();
    }
    if (!cut_to_length(p, &in, hlen, total))
        return dec_stop();
    if (hlen > FIXED_IP4)
        ip_options_check(p, slice_head(slice_from(in, FIXED_IP4), hlen - FIXED_IP4));
    uint16_t frag = fixed_be16(in.at + 6);
    fixed_ip4(p, in, hlen);
    p->frag_offset = (uint16_t)((frag & FIXED_IP4_OFFSET) * 8);
    p->frag_more = frag & FIXED_IP4_MORE;
    p->fragment = p->frag_more || p->frag_offset;
    if (p->proto == IPPROTO_ICMP6)
        decode_note(p, NOTE_IPV4_ICMPV6);
    if (p->fragment)
        return dec_stop();
    return (struct dec_next){DEC_IP, p->proto, p->l4};
}

const struct decoder_def dec_ip4 = {
    .name = "ip4",
    .doc = "IPv4",
    .spec = "RFC 791",
    .keys = {{DEC_ETHER, 0x0800}},
    .counters = ip4_counters,
    .decode = ip4_decode,
};

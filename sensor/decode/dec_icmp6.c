/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ICMP for IPv6.
 */
#include "sensor/decode/decode.h"

static const struct counter icmp6_counters[] = {
    {"decoder.icmpv6", "ICMP messages of IPv6"},
    COUNTER_END,
};

static struct dec_next icmp6_decode(struct packet *p, struct slice in)
{
    if (in.len < 4) {
        decode_note(p, NOTE_ICMPV6_SMALL);
        return dec_stop();
    }
    p->icmp_type = in.at[0];
    p->icmp_code = in.at[1];
    p->payload = slice_from(in, 8);
    return dec_stop();
}

const struct decoder_def dec_icmp6 = {
    .name = "icmp6",
    .doc = "ICMPv6",
    .spec = "RFC 4443",
    .keys = {{DEC_IP, 58}},
    .counters = icmp6_counters,
    .decode = icmp6_decode,
};

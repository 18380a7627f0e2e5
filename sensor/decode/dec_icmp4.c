/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ICMP for IPv4.
 */
#include "sensor/decode/decode.h"

static const struct counter icmp4_counters[] = {
    {"decoder.icmpv4", "ICMP messages of IPv4"},
    COUNTER_END,
};

static struct dec_next icmp4_decode(struct packet *p, struct slice in)
{
    if (in.len < 8) {
        decode_note(p, NOTE_ICMPV4_SMALL);
        if (in.len < 2)
            return dec_stop();
    }
    p->icmp_type = in.at[0];
    p->icmp_code = in.at[1];
    p->payload = slice_from(in, 8);
    return dec_stop();
}

const struct decoder_def dec_icmp4 = {
    .name = "icmp4",
    .doc = "ICMP",
    .spec = "RFC 792",
    .keys = {{DEC_IP, 1}},
    .counters = icmp4_counters,
    .decode = icmp4_decode,
};

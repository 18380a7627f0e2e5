/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GRE and MPLS directly inside of UDP.
 */
#include "sensor/decode/decode.h"

static struct dec_next in_udp_decode(struct packet *p, struct slice in)
{
    if (p->dport == 4754)
        return (struct dec_next){DEC_IP, 47, in};
    if (p->dport == 6635)
        return (struct dec_next){DEC_IP, 137, in};
    return dec_stop();
}

const struct decoder_def dec_in_udp = {
    .name = "in_udp",
    .doc = "GRE in UDP, MPLS in UDP",
    .spec = "RFC 8086, RFC 7510",
    .keys = {{DEC_UDP, 4754}, {DEC_UDP, 6635}},
    .decode = in_udp_decode,
};

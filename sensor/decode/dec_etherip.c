/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ethernet inside of IP: with a version before it, or bare, as segment routing has it.
 */
#include "sensor/decode/inner.h"

static const struct counter etherip_counters[] = {
    {"decoder.etherip", "EtherIP headers"},
    COUNTER_END,
};

enum { BARE = 143 };

static struct dec_next etherip_decode(struct packet *p, struct slice in)
{
    if (p->proto == BARE)
        return inner_ethernet(in, p->payload_missing) && decode_enter(p, "ethernet", 0)
                   ? (struct dec_next){DEC_ETHER, 0x6558, in}
                   : dec_stop();
    bool usual = in.len >= 16 && in.at[0] >> 4 == 3;

    /* some write the version into the lower half */
    if (!usual && !inner_ethernet(slice_from(in, 2), p->payload_missing))
        return dec_stop();
    if (!decode_enter(p, "etherip", 0))
        return dec_stop();
    return (struct dec_next){DEC_ETHER, 0x6558, slice_from(in, 2)};
}

const struct decoder_def dec_etherip = {
    .name = "etherip",
    .doc = "EtherIP",
    .spec = "RFC 3378, RFC 8986 (4.9)",
    .keys = {{DEC_IP, 97}, {DEC_IP, BARE}},
    .counters = etherip_counters,
    .tunnel = true,
    .decode = etherip_decode,
};

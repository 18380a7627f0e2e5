/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ethernet inside of IP.
 */
#include "sensor/decode/inner.h"

static const struct counter etherip_counters[] = {
    {"decoder.etherip", "EtherIP headers"},
    COUNTER_END,
};

static struct dec_next etherip_decode(struct packet *p, struct slice in)
{
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
    .spec = "RFC 3378",
    .keys = {{DEC_IP, 97}},
    .counters = etherip_counters,
    .tunnel = true,
    .decode = etherip_decode,
};

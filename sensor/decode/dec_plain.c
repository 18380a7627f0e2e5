/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EtherTypes that carry no IP: discovery, redundancy, clocks, field buses. Known, so nothing is
 * looked for inside.
 */
#include "sensor/decode/decode.h"

static const struct counter plain_counters[] = {
    {"decoder.plain", "Frames of EtherTypes that carry no IP"},
    COUNTER_END,
};

static struct dec_next plain_decode(struct packet *p, struct slice in)
{
    (void)p;
    (void)in;
    return dec_stop();
}

const struct decoder_def dec_plain = {
    .name = "plain",
    .doc = "EtherTypes without IP",
    .spec = "IEEE 802",
    .keys = {{DEC_ETHER, 0x88cc},
             {DEC_ETHER, 0x8892},
             {DEC_ETHER, 0x88b8},
             {DEC_ETHER, 0x88ba},
             {DEC_ETHER, 0x88f7},
             {DEC_ETHER, 0x8809},
             {DEC_ETHER, 0x888e},
             {DEC_ETHER, 0x88a4},
             {DEC_ETHER, 0x893a},
             {DEC_ETHER, 0x9000},
             {DEC_ETHER, 0x8863},
             {DEC_ETHER, 0x8902},
             {DEC_ETHER, 0x88e3}},
    .counters = plain_counters,
    .decode = plain_decode,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * B.A.T.M.A.N. advanced: frames on their way through a mesh of radios. Messages between the nodes
 * carry none; fragments of frames are left out.
 */
#include "sensor/decode/decode.h"

static const struct counter batman_counters[] = {
    {"decoder.batman", "Frames in a B.A.T.M.A.N. mesh"},
    COUNTER_END,
};

enum { BROADCAST = 0x01, UNICAST = 0x40, UNICAST_BY_NODE = 0x42, BRIDGED = 0x6558 };

static uint32_t length_of(uint8_t kind)
{
    switch (kind) {
    case BROADCAST:
        return 14;
    case UNICAST:
        return 10;
    case UNICAST_BY_NODE:
        return 18;
    default:
        return 0;
    }
}

static struct dec_next batman_decode(struct packet *p, struct slice in)
{
    uint32_t head = in.len ? length_of(in.at[0]) : 0;

    if (!head || head >= in.len || !decode_enter(p, "batman", 0))
        return dec_stop();
    return (struct dec_next){DEC_ETHER, BRIDGED, slice_from(in, head)};
}

const struct decoder_def dec_batman = {
    .name = "batman",
    .doc = "B.A.T.M.A.N. advanced",
    .spec = "www.open-mesh.org, packet types of compatibility version 15",
    .keys = {{DEC_ETHER, 0x4305}},
    .counters = batman_counters,
    .tunnel = true,
    .decode = batman_decode,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VXLAN on its registered port and on the port Linux used before.
 */
#include "sensor/decode/decode.h"

static const struct counter vxlan_counters[] = {
    {"decoder.vxlan", "VXLAN headers"},
    COUNTER_END,
};

static struct dec_next vxlan_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint8_t flags = cursor_u8(&c);
    cursor_skip(&c, 3);
    uint32_t vni = cursor_be24(&c);
    cursor_skip(&c, 1);

    if (!cursor_ok(&c) || !(flags & 0x08) || cursor_left(&c) < 14)
        return dec_stop();
    if (!decode_enter(p, "vxlan", vni))
        return dec_stop();
    return (struct dec_next){DEC_ETHER, 0x6558, cursor_rest(&c)};
}

const struct decoder_def dec_vxlan = {
    .name = "vxlan",
    .doc = "VXLAN",
    .spec = "RFC 7348",
    .keys = {{DEC_UDP, 4789}, {DEC_UDP, 8472}},
    .counters = vxlan_counters,
    .decode = vxlan_decode,
};

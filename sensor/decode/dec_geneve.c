/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GENEVE with options.
 */
#include "sensor/decode/decode.h"

static const struct counter geneve_counters[] = {
    {"decoder.geneve", "GENEVE headers"},
    COUNTER_END,
};

static struct dec_next geneve_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint8_t version_len = cursor_u8(&c);
    cursor_skip(&c, 1);
    uint16_t type = cursor_be16(&c);
    uint32_t vni = cursor_be24(&c);
    cursor_skip(&c, 1);
    cursor_skip(&c, (version_len & 0x3fu) * 4);

    if (!cursor_ok(&c) || version_len >> 6 != 0 || !cursor_left(&c))
        return dec_stop();
    if (type != 0x6558 && type != 0x0800 && type != 0x86dd) {
        decode_note(p, NOTE_GENEVE_TYPE);
        return dec_stop();
    }
    if (!decode_enter(p, "geneve", vni))
        return dec_stop();
    return (struct dec_next){DEC_ETHER, type, cursor_rest(&c)};
}

const struct decoder_def dec_geneve = {
    .name = "geneve",
    .doc = "GENEVE",
    .spec = "RFC 8926",
    .keys = {{DEC_UDP, 6081}},
    .counters = geneve_counters,
    .decode = geneve_decode,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GENEVE with options; on other ports than its own where the inner packet proves it.
 */
#include "sensor/decode/inner.h"

static const struct counter geneve_counters[] = {
    {"decoder.geneve", "GENEVE headers"},
    COUNTER_END,
};

static bool carried(uint16_t type)
{
    return type == 0x6558 || type == 0x0800 || type == 0x86dd || type == 0x8847 || type == 0x894f ||
           type == 0x0806;
}

static bool proven(const struct packet *p, uint16_t type, struct slice inner)
{
    if (p->on_port == 1)
        return true;
    return type == 0x6558 ? inner_ethernet(inner, p->payload_missing)
                          : inner_ip(inner, p->payload_missing);
}

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
    if (!carried(type)) {
        if (p->on_port == 1)
            decode_note(p, NOTE_GENEVE_TYPE);
        return dec_stop();
    }
    struct slice inner = cursor_rest(&c);
    if (!proven(p, type, inner) || !decode_enter(p, "geneve", vni))
        return dec_stop();
    return (struct dec_next){DEC_ETHER, type, inner};
}

const struct decoder_def dec_geneve = {
    .name = "geneve",
    .doc = "GENEVE",
    .spec = "RFC 8926",
    .keys = {{DEC_UDP, 6081},
             {DEC_SHAPE, 0x00},
             {DEC_SHAPE, 0x02},
             {DEC_SHAPE, 0x03},
             {DEC_SHAPE, 0x06},
             {DEC_SHAPE, 0x0a}},
    .counters = geneve_counters,
    .decode = geneve_decode,
};

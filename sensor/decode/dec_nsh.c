/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network service header.
 */
#include "sensor/decode/decode.h"

static const struct counter nsh_counters[] = {
    {"decoder.nsh", "Network service headers"},
    COUNTER_END,
};

static const struct {
    uint8_t next;
    uint16_t type;
} nexts[] = {{1, 0x0800}, {2, 0x86dd}, {3, 0x6558}, {4, 0x894f}, {5, 0x8847}};

static struct dec_next nsh_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint16_t base = cursor_be16(&c);
    cursor_skip(&c, 1);
    uint8_t protocol = cursor_u8(&c);
    uint32_t path = cursor_be24(&c);
    uint32_t length = (base & 0x3fu) * 4;

    if (!cursor_ok(&c) || length < 8 || length >= in.len) {
        decode_note(p, NOTE_NSH_SMALL);
        return dec_stop();
    }
    for (uint32_t i = 0; i < sizeof(nexts) / sizeof(nexts[0]); i++) {
        if (nexts[i].next != protocol)
            continue;
        if (!decode_enter(p, "nsh", path))
            return dec_stop();
        return (struct dec_next){DEC_ETHER, nexts[i].type, slice_from(in, length)};
    }
    decode_note(p, NOTE_NSH_TYPE);
    return dec_stop();
}

const struct decoder_def dec_nsh = {
    .name = "nsh",
    .doc = "NSH",
    .spec = "RFC 8300",
    .keys = {{DEC_ETHER, 0x894f}},
    .counters = nsh_counters,
    .decode = nsh_decode,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linux cooked capture: what the any interface writes. The sender's MAC is known, the receiver's
 * is not.
 */
#include "sensor/decode/decode.h"

static const struct counter sll_counters[] = {
    {"decoder.sll", "Linux cooked headers, version 1"},
    COUNTER_END,
};

static struct dec_next sll_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    cursor_skip(&c, 14); /* packet type, hardware type, address length, address */
    uint16_t type = cursor_be16(&c);

    if (!cursor_ok(&c)) {
        decode_note(p, NOTE_SLL_SMALL);
        return dec_stop();
    }
    return (struct dec_next){DEC_ETHER, type, cursor_rest(&c)};
}

const struct decoder_def dec_sll = {
    .name = "sll",
    .doc = "Linux cooked capture v1",
    .spec = "LINKTYPE_LINUX_SLL",
    .keys = {{DEC_LINK, 113}},
    .counters = sll_counters,
    .decode = sll_decode,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linux cooked capture, version 2.
 */
#include "sensor/decode/decode.h"

static const struct counter sll2_counters[] = {
    {"decoder.sll2", "Linux cooked headers, version 2"},
    COUNTER_END,
};

static struct dec_next sll2_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint16_t type = cursor_be16(&c);
    cursor_skip(&c, 18); /* interface, hardware type, packet type, address */

    if (!cursor_ok(&c)) {
        decode_note(p, NOTE_SLL2_SMALL);
        return dec_stop();
    }
    return (struct dec_next){DEC_ETHER, type, cursor_rest(&c)};
}

const struct decoder_def dec_sll2 = {
    .name = "sll2",
    .doc = "Linux cooked capture v2",
    .spec = "LINKTYPE_LINUX_SLL2",
    .keys = {{DEC_LINK, 276}},
    .counters = sll2_counters,
    .decode = sll2_decode,
};

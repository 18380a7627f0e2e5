/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PPP over Ethernet, session stage.
 */
#include "sensor/decode/decode.h"

static const struct counter pppoe_counters[] = {
    {"decoder.pppoe", "PPPoE session headers"},
    COUNTER_END,
};

static struct dec_next pppoe_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint8_t version_type = cursor_u8(&c);
    uint8_t code = cursor_u8(&c);
    uint16_t session = cursor_be16(&c);
    uint16_t length = cursor_be16(&c);

    if (!cursor_ok(&c)) {
        decode_note(p, NOTE_PPPOE_SMALL);
        return dec_stop();
    }
    if (version_type != 0x11 || code != 0) {
        decode_note(p, NOTE_PPPOE_CODE);
        return dec_stop();
    }
    decode_tag(p, session);
    return (struct dec_next){DEC_LINK, 9, slice_head(cursor_rest(&c), length)};
}

const struct decoder_def dec_pppoe = {
    .name = "pppoe",
    .doc = "PPP over Ethernet",
    .spec = "RFC 2516",
    .keys = {{DEC_ETHER, 0x8864}},
    .counters = pppoe_counters,
    .decode = pppoe_decode,
};

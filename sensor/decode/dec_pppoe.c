/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PPP over Ethernet. The discovery stage carries no packets; its tags are checked.
 */
#include "sensor/decode/decode.h"

static const struct counter pppoe_counters[] = {
    {"decoder.pppoe", "PPPoE headers"},
    COUNTER_END,
};

enum { DISCOVERY = 0x8863, TAG_HEAD = 4 };

/* Code of a discovery packet: PADI, PADO, PADR, PADS, PADT; those of RFC 5578. */
static bool known_code(uint8_t code)
{
    static const uint8_t codes[] = {0x07, 0x09, 0x0a, 0x0b, 0x0c, 0x19, 0x65, 0xa7, 0xd3};

    return memchr(codes, code, sizeof(codes)) != NULL;
}

static struct dec_next discovery(struct packet *p, uint8_t code, uint16_t length, struct slice rest)
{
    struct cursor c = cursor_of(slice_head(rest, length));

    if (!known_code(code))
        decode_note(p, NOTE_PPPOE_CODE);
    while (cursor_left(&c) >= TAG_HEAD && cursor_ok(&c)) {
        cursor_skip(&c, 2);
        cursor_skip(&c, cursor_be16(&c));
    }
    if (length > rest.len || !cursor_ok(&c) || cursor_left(&c))
        decode_note(p, NOTE_PPPOE_TAGS);
    return dec_stop();
}

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
    if (p->ethertype == DISCOVERY)
        return discovery(p, code, length, cursor_rest(&c));
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
    .keys = {{DEC_ETHER, 0x8864}, {DEC_ETHER, 0x8863}, {DEC_LINK, 51}},
    .counters = pppoe_counters,
    .decode = pppoe_decode,
};

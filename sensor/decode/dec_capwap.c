/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CAPWAP data channel: what access points send to their controller, 802.3 or 802.11.
 */
#include "sensor/decode/decode.h"

static const struct counter capwap_counters[] = {
    {"decoder.capwap", "CAPWAP data packets"},
    COUNTER_END,
};

enum { NATIVE = 0x100, FRAGMENT = 0x80, LINK_ETHERNET = 1, LINK_WLAN = 105 };

static struct dec_next capwap_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint8_t preamble = cursor_u8(&c);
    uint32_t head = cursor_be24(&c);
    cursor_skip(&c, 2); /* fragment id */
    uint16_t offset = cursor_be16(&c) >> 3;
    uint32_t length = (head >> 19) * 4;

    if (!cursor_ok(&c) || preamble >> 4 != 0)
        return dec_stop();
    if ((preamble & 0x0f) == 1) { /* DTLS */
        p->view |= VIEW_BIT(VIEW_OPAQUE);
        return dec_stop();
    }
    if (length < 8 || length >= in.len) {
        decode_note(p, NOTE_CAPWAP_SMALL);
        return dec_stop();
    }
    if (head & FRAGMENT && offset) /* the rest of a frame whose beginning was read */
        return dec_stop();
    if (!decode_enter(p, "capwap", 0))
        return dec_stop();
    return (struct dec_next){DEC_LINK, head & NATIVE ? LINK_WLAN : LINK_ETHERNET,
                             slice_from(in, length)};
}

const struct decoder_def dec_capwap = {
    .name = "capwap",
    .doc = "CAPWAP data",
    .spec = "RFC 5415, RFC 5416",
    .keys = {{DEC_UDP, 5247}},
    .counters = capwap_counters,
    .decode = capwap_decode,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CAPWAP data channel: what access points send to their controller, 802.3 or 802.11; fragments
 * are put together like those of IP.
 */
#include "sensor/decode/decode.h"

static const struct counter capwap_counters[] = {
    {"decoder.capwap", "CAPWAP data packets"},
    COUNTER_END,
};

enum { NATIVE = 0x100, FRAGMENT = 0x80, LAST = 0x40, LINK_ETHERNET = 1, LINK_WLAN = 105 };

static struct dec_next capwap_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint8_t preamble = cursor_u8(&c);
    uint32_t head = cursor_be24(&c);
    uint16_t id = cursor_be16(&c);
    uint16_t offset = cursor_be16(&c) & 0xfff8;
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
    uint8_t link = head & NATIVE ? LINK_WLAN : LINK_ETHERNET;
    struct slice inner = slice_from(in, length);
    if (head & FRAGMENT) {
        p->fragment = true;
        p->frag_link = link;
        p->frag_id = id;
        p->frag_offset = offset;
        p->frag_more = !(head & LAST);
        p->l4 = inner;
        return dec_stop();
    }
    return decode_enter(p, "capwap", 0) ? (struct dec_next){DEC_LINK, link, inner} : dec_stop();
}

const struct decoder_def dec_capwap = {
    .name = "capwap",
    .doc = "CAPWAP data",
    .spec = "RFC 5415, RFC 5416",
    .keys = {{DEC_UDP, 5247}},
    .counters = capwap_counters,
    .decode = capwap_decode,
};

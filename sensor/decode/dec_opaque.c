/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hides its content: MACsec and IPsec. Noted, not followed.
 */
#include "sensor/decode/decode.h"

enum { MACSEC_TAG = 6, ENCRYPTED = 0x08, HAS_CHANNEL = 0x20 };

/* MACsec may only sign: then the frame goes on behind the tag. */
static struct dec_next opaque_decode(struct packet *p, struct slice in)
{
    if (p->ip_version) {
        if (in.len < 8)
            decode_note(p, NOTE_ESP_SMALL);
        p->view |= VIEW_BIT(VIEW_OPAQUE);
        return dec_stop();
    }
    struct cursor c = cursor_of(in);
    uint8_t flags = cursor_u8(&c);
    cursor_skip(&c, MACSEC_TAG - 1);
    if (flags & HAS_CHANNEL)
        cursor_skip(&c, 8);
    if (!cursor_ok(&c) || flags & ENCRYPTED) {
        p->view |= VIEW_BIT(VIEW_OPAQUE);
        return dec_stop();
    }
    uint16_t type = cursor_be16(&c);
    return cursor_ok(&c) ? (struct dec_next){DEC_ETHER, type, cursor_rest(&c)} : dec_stop();
}

const struct decoder_def dec_opaque = {
    .name = "opaque",
    .doc = "MACsec, ESP",
    .spec = "IEEE 802.1AE, RFC 4303",
    .keys = {{DEC_ETHER, 0x88e5}, {DEC_IP, 50}},
    .decode = opaque_decode,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frame Relay with IETF or Cisco encapsulation.
 */
#include "sensor/decode/decode.h"

enum { LAST_ADDRESS = 1, UNNUMBERED = 3, NLPID_IP = 0xcc, NLPID_IP6 = 0x8e, NLPID_SNAP = 0x80 };

static struct dec_next frelay_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint32_t circuit = 0;
    uint8_t octet = 0;

    for (uint32_t i = 0; i < 4 && cursor_ok(&c) && !(octet & LAST_ADDRESS); i++) {
        octet = cursor_u8(&c);
        circuit = circuit << 7 | octet >> 1;
    }
    decode_tag(p, circuit);
    struct cursor cisco = c;
    uint8_t control = cursor_u8(&c);
    if (control != UNNUMBERED) {
        uint16_t type = cursor_be16(&cisco);
        return cursor_ok(&cisco) ? (struct dec_next){DEC_ETHER, type, cursor_rest(&cisco)}
                                 : dec_stop();
    }
    uint8_t nlpid = cursor_u8(&c);
    if (nlpid == 0) /* padding */
        nlpid = cursor_u8(&c);
    if (nlpid == NLPID_SNAP) {
        cursor_skip(&c, 3);
        uint16_t type = cursor_be16(&c);
        return cursor_ok(&c) ? (struct dec_next){DEC_ETHER, type, cursor_rest(&c)} : dec_stop();
    }
    if (!cursor_ok(&c) || (nlpid != NLPID_IP && nlpid != NLPID_IP6))
        return dec_stop();
    return (struct dec_next){DEC_ETHER, nlpid == NLPID_IP ? 0x0800 : 0x86dd, cursor_rest(&c)};
}

const struct decoder_def dec_frelay = {
    .name = "frelay",
    .doc = "Frame Relay",
    .spec = "RFC 2427",
    .keys = {{DEC_LINK, 107}},
    .decode = frelay_decode,
};

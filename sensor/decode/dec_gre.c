/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GRE versions 0 and 1 (PPTP), with checksum, key, sequence, routing. The protocol is an
 * EtherType.
 */
#include "sensor/decode/decode.h"

static const struct counter gre_counters[] = {
    {"decoder.gre", "GRE headers"},
    COUNTER_END,
};

enum {
    HAS_CHECKSUM = 0x8000,
    HAS_ROUTING = 0x4000,
    HAS_KEY = 0x2000,
    HAS_SEQUENCE = 0x1000,
    HAS_ACK = 0x0080,
    VERSION = 0x0007,
    ERSPAN = 0x88be,
    BRIDGED = 0x6558,
    ROUTES_MAX = 16
};

static void skip_routes(struct cursor *c)
{
    for (uint32_t i = 0; i < ROUTES_MAX && cursor_ok(c); i++) {
        uint16_t family = cursor_be16(c);
        cursor_skip(c, 1);
        uint8_t len = cursor_u8(c);
        cursor_skip(c, len);
        if (family == 0 && len == 0)
            return;
    }
}

static struct dec_next gre_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint16_t flags = cursor_be16(&c);
    uint32_t type = cursor_be16(&c);
    uint32_t key = 0;

    if ((flags & VERSION) > 1) {
        decode_note(p, NOTE_GRE_VERSION);
        return dec_stop();
    }
    if (flags & (HAS_CHECKSUM | HAS_ROUTING))
        cursor_skip(&c, 4);
    if (flags & HAS_KEY)
        key = cursor_be32(&c);
    if (flags & HAS_SEQUENCE)
        cursor_skip(&c, 4);
    if ((flags & VERSION) == 1 && flags & HAS_ACK)
        cursor_skip(&c, 4);
    if (flags & HAS_ROUTING)
        skip_routes(&c);
    if (!cursor_ok(&c)) {
        decode_note(p, NOTE_GRE_SMALL);
        return dec_stop();
    }
    if (!cursor_left(&c) || !decode_enter(p, type == ERSPAN ? "erspan" : "gre", key))
        return dec_stop();
    if (type == ERSPAN && !(flags & HAS_SEQUENCE))
        type = BRIDGED; /* ERSPAN type I has no header of its own */
    return (struct dec_next){DEC_ETHER, type, cursor_rest(&c)};
}

const struct decoder_def dec_gre = {
    .name = "gre",
    .doc = "GRE",
    .spec = "RFC 2784, RFC 2890, RFC 2637",
    .keys = {{DEC_IP, 47}},
    .counters = gre_counters,
    .decode = gre_decode,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * L2TP version 2 (PPP) and 3 (anything) over UDP. Version 3 does not say how long its cookie is nor
 * what it carries: the inner packet tells.
 */
#include "sensor/decode/decode.h"

static const struct counter l2tp_counters[] = {
    {"decoder.l2tp", "L2TP data packets"},
    COUNTER_END,
};

enum { CONTROL = 0x8000, HAS_LENGTH = 0x4000, HAS_SEQUENCE = 0x0800, HAS_OFFSET = 0x0200 };

static struct dec_next version2(struct packet *p, uint16_t flags, struct cursor c)
{
    if (flags & HAS_LENGTH)
        cursor_skip(&c, 2);
    uint32_t id = cursor_be32(&c); /* tunnel, session */
    if (flags & HAS_SEQUENCE)
        cursor_skip(&c, 4);
    if (flags & HAS_OFFSET) {
        uint16_t offset = cursor_be16(&c);
        cursor_skip(&c, offset);
    }
    if (!cursor_ok(&c) || !cursor_left(&c)) {
        decode_note(p, NOTE_L2TP_SMALL);
        return dec_stop();
    }
    if (!decode_enter(p, "l2tp", id))
        return dec_stop();
    return (struct dec_next){DEC_LINK, 9, cursor_rest(&c)};
}

static struct dec_next l2tp_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint16_t flags = cursor_be16(&c);

    if (!cursor_ok(&c) || flags & CONTROL)
        return dec_stop();
    if ((flags & 0x0f) == 2)
        return version2(p, flags, c);
    cursor_skip(&c, 2);
    if ((flags & 0x0f) == 3 && cursor_ok(&c))
        return (struct dec_next){DEC_IP, 115, cursor_rest(&c)};
    return dec_stop();
}

const struct decoder_def dec_l2tp = {
    .name = "l2tp",
    .doc = "L2TP over UDP",
    .spec = "RFC 2661, RFC 3931",
    .keys = {{DEC_UDP, 1701}},
    .counters = l2tp_counters,
    .decode = l2tp_decode,
};

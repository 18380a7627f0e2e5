/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loopback of BSD and macOS: the address family, in the byte order of the host that captured
 * (null) or of the network (loop).
 */
#include "sensor/decode/decode.h"

static const struct counter null_counters[] = {
    {"decoder.null", "BSD loopback headers"},
    COUNTER_END,
};

static struct dec_next null_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint32_t family = cursor_be32(&c);

    if (!cursor_ok(&c)) {
        decode_note(p, NOTE_NULL_SMALL);
        return dec_stop();
    }
    if (family > 0xffff) {
        family = __builtin_bswap32(family);
    } else if (p->as_suricata) { /* it knows one byte order */
        decode_note(p, NOTE_NULL_TYPE);
        decode_only_here(p);
    }
    switch (family) {
    case 2:
        return (struct dec_next){DEC_ETHER, 0x0800, cursor_rest(&c)};
    case 10: /* Linux */
    case 24: /* NetBSD, OpenBSD */
    case 28: /* FreeBSD */
    case 30: /* macOS */
        return (struct dec_next){DEC_ETHER, 0x86dd, cursor_rest(&c)};
    default:
        decode_note(p, NOTE_NULL_TYPE);
        return dec_stop();
    }
}

const struct decoder_def dec_null = {
    .name = "null",
    .doc = "BSD loopback",
    .spec = "LINKTYPE_NULL, LINKTYPE_LOOP",
    .keys = {{DEC_LINK, 0}, {DEC_LINK, 108}},
    .counters = null_counters,
    .decode = null_decode,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GTP-U: what a mobile network carries between antenna and core, with extension headers.
 * Inside is IP, or Ethernet in 5G; on other ports where the inner packet proves it.
 */
#include "sensor/decode/inner.h"

static const struct counter gtp_counters[] = {
    {"decoder.gtp", "GTP-U headers"},
    COUNTER_END,
};

enum { PORT = 2152, G_PDU = 255, OPTIONS = 0x07, HAS_EXTENSION = 0x04, EXTENSIONS_MAX = 8 };

/* Sequence number, N-PDU number, extension headers. */
static void skip_options(struct cursor *c, uint8_t flags)
{
    if (!(flags & OPTIONS))
        return;
    cursor_skip(c, 3);
    uint8_t next = cursor_u8(c);
    for (uint32_t i = 0; flags & HAS_EXTENSION && next && i < EXTENSIONS_MAX; i++) {
        uint32_t words = cursor_u8(c);
        cursor_skip(c, words ? words * 4 - 2 : UINT32_MAX);
        next = cursor_u8(c);
    }
}

static struct dec_next gtp_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint8_t flags = cursor_u8(&c);
    uint8_t type = cursor_u8(&c);
    uint32_t length = cursor_be16(&c);
    uint32_t teid = cursor_be32(&c);

    if (!cursor_ok(&c) || flags >> 4 != 3 || type != G_PDU)
        return dec_stop();
    if (length > cursor_left(&c) + p->payload_missing)
        return dec_stop();
    struct slice inner = slice_head(cursor_rest(&c), length);
    c = cursor_of(inner);
    skip_options(&c, flags);
    inner = cursor_rest(&c);
    if (!cursor_ok(&c) || !inner.len)
        return dec_stop();
    bool own = p->dport == PORT || p->sport == PORT;
    struct dec_next next = inner_next(inner);
    if (!inner_ip(inner, p->payload_missing)) {
        if (inner_ethernet(inner, p->payload_missing))
            next = (struct dec_next){DEC_ETHER, 0x6558, inner};
        else if (!own || next.by == DEC_STOP) {
            if (own)
                decode_note(p, NOTE_GTP_INNER);
            return dec_stop();
        }
    }
    if (!decode_enter(p, "gtp", teid))
        return dec_stop();
    decode_only_here(p);
    return next;
}

const struct decoder_def dec_gtp = {
    .name = "gtp",
    .doc = "GTP-U",
    .spec = "3GPP TS 29.281",
    .keys = {{DEC_UDP, 2152},
             {DEC_SHAPE, 0x30},
             {DEC_SHAPE, 0x32},
             {DEC_SHAPE, 0x34},
             {DEC_SHAPE, 0x36}},
    .counters = gtp_counters,
    .decode = gtp_decode,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UDP and UDP-Lite. The payload ends where the length says; tunnels are known by
 * port, or by shape.
 */
#include "sensor/decode/decode.h"

static const struct counter udp_counters[] = {
    {"decoder.udp", "UDP headers"},
    COUNTER_END,
};

enum { HEADER = 8 };

static struct dec_next udp_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint16_t sport = cursor_be16(&c);
    uint16_t dport = cursor_be16(&c);
    uint16_t length = cursor_be16(&c);
    cursor_skip(&c, 2);

    if (!cursor_ok(&c)) {
        decode_note(p, NOTE_UDP_HLEN);
        p->l4 = p->payload = SLICE_NONE;
        return dec_stop();
    }
    if (length && length < HEADER) {
        decode_note(p, NOTE_UDP_LEN);
        p->l4 = p->payload = SLICE_NONE;
        return dec_stop();
    }
    if (length > in.len && !p->payload_missing)
        decode_note(p, NOTE_UDP_SMALL);
    if (length)
        p->l4 = slice_head(in, length);
    p->sport = sport;
    p->dport = dport;
    p->payload = slice_from(p->l4, HEADER);
    return (struct dec_next){DEC_UDP, dport, p->payload};
}

const struct decoder_def dec_udp = {
    .name = "udp",
    .doc = "UDP",
    .spec = "RFC 768",
    .keys = {{DEC_IP, 17}},
    .counters = udp_counters,
    .decode = udp_decode,
};

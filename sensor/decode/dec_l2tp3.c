/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data of L2TP version 3, over IP or behind the header of L2TP over UDP. Cookie and sublayer are
 * not announced: the place where an inner packet begins is looked for.
 */
#include "sensor/decode/inner.h"

enum { BEFORE_MAX = 12, PPP_HEAD = 4 };

static struct dec_next at(struct slice in, uint32_t cut)
{
    if (inner_ethernet(in, cut))
        return (struct dec_next){DEC_ETHER, 0x6558, in};
    if (in.len > PPP_HEAD && memcmp(in.at, "\xff\3\0\x21", 4) == 0 &&
        inner_ip(slice_from(in, PPP_HEAD), cut))
        return (struct dec_next){DEC_LINK, 9, in};
    return inner_ip(in, cut) ? inner_next(in) : dec_stop();
}

static struct dec_next l2tp3_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint32_t session = cursor_be32(&c);

    if (!cursor_ok(&c) || session == 0) /* 0: control */
        return dec_stop();
    struct slice data = cursor_rest(&c);
    for (uint32_t before = 0; before <= BEFORE_MAX; before += 4) {
        struct dec_next next = at(slice_from(data, before), p->payload_missing);
        if (next.by != DEC_STOP)
            return decode_enter(p, "l2tp", session) ? next : dec_stop();
    }
    return dec_stop();
}

const struct decoder_def dec_l2tp3 = {
    .name = "l2tp3",
    .doc = "L2TP version 3",
    .spec = "RFC 3931",
    .keys = {{DEC_IP, 115}},
    .tunnel = true,
    .decode = l2tp3_decode,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IP authentication header: a header between IP and what it protects.
 */
#include "sensor/decode/decode.h"

static struct dec_next ah_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint8_t next = cursor_u8(&c);
    uint32_t words = cursor_u8(&c);

    if (!cursor_ok(&c) || in.len < (words + 2) * 4)
        return dec_stop();
    p->proto = next;
    p->l4 = p->payload = slice_from(in, (words + 2) * 4);
    return (struct dec_next){DEC_IP, next, p->l4};
}

const struct decoder_def dec_ah = {
    .name = "ah",
    .doc = "IP authentication header",
    .spec = "RFC 4302",
    .keys = {{DEC_IP, 51}},
    .decode = ah_decode,
};

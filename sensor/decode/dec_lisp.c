/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LISP data packets.
 */
#include "sensor/decode/inner.h"

static struct dec_next lisp_decode(struct packet *p, struct slice in)
{
    struct slice inner = slice_from(in, 8);

    if (!inner_ip(inner, p->payload_missing) || !decode_enter(p, "lisp", 0))
        return dec_stop();
    return inner_next(inner);
}

const struct decoder_def dec_lisp = {
    .name = "lisp",
    .doc = "LISP",
    .spec = "RFC 9300",
    .keys = {{DEC_UDP, 4341}},
    .decode = lisp_decode,
};

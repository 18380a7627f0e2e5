/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SLIP with the direction header of the capture; uncompressed packets.
 */
#include "sensor/decode/inner.h"

enum { DIRECTION = 16 };

static struct dec_next slip_decode(struct packet *p, struct slice in)
{
    struct dec_next next = inner_next(slice_from(in, DIRECTION));

    if (next.by == DEC_STOP) /* some write the packet alone */
        next = inner_next(in);
    if (next.by == DEC_STOP)
        decode_note(p, NOTE_RAW_VERSION);
    return next;
}

const struct decoder_def dec_slip = {
    .name = "slip",
    .doc = "SLIP",
    .spec = "LINKTYPE_SLIP",
    .keys = {{DEC_LINK, 8}},
    .decode = slip_decode,
};

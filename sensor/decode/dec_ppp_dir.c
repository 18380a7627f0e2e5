/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PPP with a direction byte before each frame.
 */
#include "sensor/decode/decode.h"

static struct dec_next ppp_dir_decode(struct packet *p, struct slice in)
{
    if (in.len)
        return (struct dec_next){DEC_LINK, 9, slice_from(in, 1)};
    decode_note(p, NOTE_PPP_SMALL);
    return dec_stop();
}

const struct decoder_def dec_ppp_dir = {
    .name = "ppp_dir",
    .doc = "PPP with direction",
    .spec = "LINKTYPE_PPP_WITH_DIR",
    .keys = {{DEC_LINK, 204}},
    .decode = ppp_dir_decode,
};

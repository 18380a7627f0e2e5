/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IP without link layer: the version tells which.
 */
#include "sensor/decode/decode.h"

static const struct counter raw_counters[] = {
    {"decoder.raw", "Frames that begin with IP"},
    COUNTER_END,
};

enum { IP_LEAST = 20 };

static struct dec_next raw_decode(struct packet *p, struct slice in)
{
    uint8_t version = in.len ? in.at[0] >> 4 : 0;

    if (in.len < IP_LEAST) {
        decode_note(p, NOTE_IPV4_SMALL);
        return dec_stop();
    }
    if (version == 4)
        return (struct dec_next){DEC_ETHER, 0x0800, in};
    if (version == 6)
        return (struct dec_next){DEC_ETHER, 0x86dd, in};
    decode_note(p, NOTE_RAW_VERSION);
    return dec_stop();
}

const struct decoder_def dec_raw = {
    .name = "raw",
    .doc = "IP without link layer",
    .spec = "LINKTYPE_RAW, LINKTYPE_IPV4, LINKTYPE_IPV6",
    .keys = {{DEC_LINK, 101}, {DEC_LINK, 12}, {DEC_LINK, 14}, {DEC_LINK, 228}, {DEC_LINK, 229}},
    .counters = raw_counters,
    .decode = raw_decode,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no row takes: an unknown EtherType or IP protocol. A packet inside is looked for at the
 * first places it may begin at; found, it is read, and the finding is told.
 */
#include "sensor/decode/inner.h"

static const struct counter guess_counters[] = {
    {"decoder.guess", "Frames of unknown EtherTypes and IP protocols"},
    COUNTER_END,
};

enum { PLACES = 48, TAG = 4 };

static struct dec_next guess_decode(struct packet *p, struct slice in)
{
    uint32_t cut = p->payload_missing;

    for (uint32_t at = 0; at < PLACES && at + 20 < in.len; at += 2) {
        struct slice rest = slice_from(in, at);
        struct dec_next next = {DEC_ETHER, 0x6558, rest};
        if (inner_ip(rest, cut))
            next = inner_next(rest);
        else if (!inner_ethernet(rest, cut))
            continue;
        /* a tag whose type is the operator's own: as good as 802.1Q */
        if (!p->ip_version && at == TAG && next.key != 0x6558) {
            decode_tag(p, (uint64_t)in.at[0] << 8 | in.at[1]);
            return next;
        }
        p->view |= VIEW_BIT(VIEW_UNKNOWN);
        return decode_enter(p, "unknown", 0) ? next : dec_stop();
    }
    return dec_stop();
}

const struct decoder_def dec_guess = {
    .name = "guess",
    .doc = "Packets in unknown headers",
    .spec = "own",
    .keys = {{DEC_OTHER, 0}},
    .counters = guess_counters,
    .tunnel = true,
    .decode = guess_decode,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Link types that are another link type behind a header of fixed or stated length: PPI, network
 * analysers, OpenBSD enc and pflog, MPLS without a link layer.
 */
#include "sensor/decode/decode.h"

static struct dec_next ppi(struct slice in)
{
    struct cursor c = cursor_of(in);
    cursor_skip(&c, 2);
    uint32_t length = cursor_le16(&c);
    uint32_t linktype = cursor_le32(&c);

    if (!cursor_ok(&c) || length < 8)
        return dec_stop();
    return (struct dec_next){DEC_LINK, linktype, slice_from(in, length)};
}

static struct dec_next wrapped_decode(struct packet *p, struct slice in)
{
    switch (p->frame.linktype) {
    case 192:
        return ppi(in);
    case 240:
        return (struct dec_next){DEC_LINK, 1, slice_from(in, 4)};
    case 241: /* with preamble */
        return (struct dec_next){DEC_LINK, 1, slice_from(in, 12)};
    case 274:
        return (struct dec_next){DEC_LINK, 1, slice_from(in, 8)};
    case 109:
        return (struct dec_next){DEC_LINK, 101, slice_from(in, 12)};
    case 117: /* its first byte is its length, padded to words */
        return (struct dec_next){DEC_LINK, 101, slice_from(in, in.len ? (in.at[0] + 3u) & ~3u : 0)};
    default:
        return (struct dec_next){DEC_ETHER, 0x8847, in};
    }
}

const struct decoder_def dec_wrapped = {
    .name = "wrapped",
    .doc = "Headers before another link type",
    .spec = "LINKTYPE_PPI, LINKTYPE_NETANALYZER, LINKTYPE_ENC, LINKTYPE_PFLOG, LINKTYPE_MPLS, "
            "LINKTYPE_ETHERNET_MPACKET",
    .keys = {{DEC_LINK, 192},
             {DEC_LINK, 240},
             {DEC_LINK, 241},
             {DEC_LINK, 109},
             {DEC_LINK, 117},
             {DEC_LINK, 219},
             {DEC_LINK, 274}},
    .decode = wrapped_decode,
};

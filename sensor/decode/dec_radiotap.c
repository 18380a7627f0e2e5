/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What radio drivers write before an 802.11 frame: radiotap, Prism, AVS.
 */
#include "sensor/decode/decode.h"

static const struct counter radiotap_counters[] = {
    {"decoder.radiotap", "Radio headers"},
    COUNTER_END,
};

enum {
    WLAN = 105,
    HAS_CLOCK = 1,
    HAS_FLAGS = 2,
    MORE_WORDS = 31,
    FLAG_FCS = 0x10,
    WORDS_MAX = 16,
    FCS = 4,
    PRISM = 144
};
#define AVS_MAGIC UINT32_C(0x80211000)

/* The flags field: whether a checksum follows the frame. */
static uint8_t flags_of(struct slice head, uint32_t present, uint32_t words)
{
    uint32_t at = 4 + words * 4;

    if (!(present & HAS_FLAGS))
        return 0;
    if (present & HAS_CLOCK)
        at = ((at + 7) & ~7u) + 8;
    return at < head.len ? head.at[at] : 0;
}

static struct dec_next radiotap(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    cursor_skip(&c, 2);
    uint32_t length = cursor_le16(&c);
    uint32_t present = cursor_le32(&c);
    uint32_t words = 1;

    for (uint32_t more = present; more >> MORE_WORDS && words < WORDS_MAX; words++)
        more = cursor_le32(&c);
    if (!cursor_ok(&c) || length < 8 || length >= in.len) {
        decode_note(p, NOTE_WLAN_SMALL);
        return dec_stop();
    }
    struct slice rest = slice_from(in, length);
    uint8_t flags = flags_of(slice_head(in, length), present, words);
    if (flags & FLAG_FCS && rest.len > FCS)
        rest = slice_head(rest, rest.len - FCS);
    return (struct dec_next){DEC_LINK, WLAN, rest};
}

static struct dec_next radiotap_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint32_t magic = cursor_be32(&c);
    uint32_t length = cursor_be32(&c);

    if (p->frame.linktype == 127 && !p->tunnels)
        return radiotap(p, in);
    if ((magic & ~UINT32_C(0xfff)) != (AVS_MAGIC & ~UINT32_C(0xfff)))
        length = PRISM;
    if (!cursor_ok(&c) || length < 8 || length >= in.len) {
        decode_note(p, NOTE_WLAN_SMALL);
        return dec_stop();
    }
    return (struct dec_next){DEC_LINK, WLAN, slice_from(in, length)};
}

const struct decoder_def dec_radiotap = {
    .name = "radiotap",
    .doc = "radiotap, Prism, AVS",
    .spec = "LINKTYPE_IEEE802_11_RADIOTAP, LINKTYPE_IEEE802_11_PRISM, LINKTYPE_IEEE802_11_AVS",
    .keys = {{DEC_LINK, 127}, {DEC_LINK, 119}, {DEC_LINK, 163}},
    .counters = radiotap_counters,
    .decode = radiotap_decode,
};

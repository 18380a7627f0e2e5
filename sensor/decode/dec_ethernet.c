/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ethernet II and IEEE 802.3 frames; LLC/SNAP where it carries an EtherType. Also inside of
 * tunnels.
 */
#include "sensor/decode/llc.h"

static const struct counter ethernet_counters[] = {
    {"decoder.ethernet", "Ethernet headers"},
    COUNTER_END,
};

enum { LENGTHS = 1536 };

static struct dec_next ethernet_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    struct slice dst = cursor_take(&c, 6);
    struct slice src = cursor_take(&c, 6);
    uint16_t type = cursor_be16(&c);

    if (!cursor_ok(&c)) {
        decode_note(p, NOTE_ETHERNET_SMALL);
        return dec_stop();
    }
    memcpy(p->dst_mac.b, dst.at, 6);
    memcpy(p->src_mac.b, src.at, 6);
    p->has_mac = true;
    if (type < LENGTHS)
        return llc_next(slice_head(cursor_rest(&c), type));
    return (struct dec_next){DEC_ETHER, type, cursor_rest(&c)};
}

const struct decoder_def dec_ethernet = {
    .name = "ethernet",
    .doc = "Ethernet II, 802.3 with SNAP",
    .spec = "IEEE 802.3",
    .keys = {{DEC_LINK, 1}, {DEC_ETHER, 0x6558}},
    .counters = ethernet_counters,
    .decode = ethernet_decode,
};

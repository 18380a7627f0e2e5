/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ARP for IPv4 over Ethernet. The message stays in l3 for the inventory.
 */
#include "sensor/decode/decode.h"

static const struct counter arp_counters[] = {
    {"decoder.arp", "ARP messages"},
    COUNTER_END,
};

static struct dec_next arp_decode(struct packet *p, struct slice in)
{
    if (in.len < 28)
        decode_note(p, NOTE_ARP_SMALL);
    else
        p->l3 = slice_head(in, 28);
    return dec_stop();
}

const struct decoder_def dec_arp = {
    .name = "arp",
    .doc = "ARP",
    .spec = "RFC 826",
    .keys = {{DEC_ETHER, 0x0806}},
    .counters = arp_counters,
    .decode = arp_decode,
};

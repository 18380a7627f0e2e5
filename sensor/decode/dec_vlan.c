/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VLAN tags: 802.1Q, 802.1ad (QinQ) and the older 9100; up to three
 * at each level of tunnels.
 */
#include "sensor/decode/decode.h"

static const struct counter vlan_counters[] = {
    {"decoder.vlan", "VLAN tags"},
    COUNTER_END,
};

static struct dec_next vlan_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint16_t tag = cursor_be16(&c);
    uint16_t type = cursor_be16(&c);

    if (!cursor_ok(&c)) {
        decode_note(p, NOTE_VLAN_SMALL);
        return dec_stop();
    }
    if (p->level_vlans == PACKET_VLANS_MAX)
        decode_note(p, NOTE_VLAN_LAYERS);
    p->level_vlans++;
    if (p->vlans < PACKET_VLANS_MAX)
        p->vlan[p->vlans++] = tag & 0x0fff;
    if (tag & 0x0fff) /* 0: a priority only */
        decode_tag(p, tag & 0x0fff);
    return (struct dec_next){DEC_ETHER, type, cursor_rest(&c)};
}

const struct decoder_def dec_vlan = {
    .name = "vlan",
    .doc = "802.1Q and QinQ tags",
    .spec = "IEEE 802.1Q",
    .keys = {{DEC_ETHER, 0x8100},
             {DEC_ETHER, 0x88a8},
             {DEC_ETHER, 0x9100},
             {DEC_ETHER, 0x9200},
             {DEC_ETHER, 0x9300}},
    .counters = vlan_counters,
    .unknown = NOTE_VLAN_UNKNOWN,
    .decode = vlan_decode,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ERSPAN types II and III behind GRE: mirrored Ethernet frames.
 */
#include "sensor/decode/inner.h"

static const struct counter erspan_counters[] = {
    {"decoder.erspan", "ERSPAN headers"},
    COUNTER_END,
};

enum { TYPE_2 = 1, TYPE_3 = 2, SUBHEADER = 8, FRAME_IP = 2 };

static struct dec_next erspan_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint16_t version_vlan = cursor_be16(&c);
    uint16_t session = cursor_be16(&c);
    uint32_t rest = cursor_be32(&c);
    uint32_t frame_type = 0;

    if (version_vlan >> 12 == TYPE_3) {
        uint32_t last = cursor_be32(&c); /* its lowest bit: a platform header follows */
        frame_type = last >> 10 & 0x1f;
        if (last & 1)
            cursor_skip(&c, SUBHEADER);
    } else if (version_vlan >> 12 != TYPE_2) {
        decode_note(p, NOTE_ERSPAN_VERSION);
        return dec_stop();
    }
    (void)rest; /* index or time stamp of the mirroring switch */
    if (!cursor_ok(&c)) {
        decode_note(p, NOTE_ERSPAN_SMALL);
        return dec_stop();
    }
    if (p->tunnels)
        p->tunnel[p->tunnels - 1].id = session & 0x03ff;
    decode_tag(p, session & 0x03ff);
    if (version_vlan & 0x0fff && p->vlans == PACKET_VLANS_MAX)
        decode_note(p, NOTE_ERSPAN_VLAN);
    else if (version_vlan & 0x0fff) /* of the mirrored port */
        p->vlan[p->vlans++] = version_vlan & 0x0fff;
    return frame_type == FRAME_IP ? inner_next(cursor_rest(&c))
                                  : (struct dec_next){DEC_ETHER, 0x6558, cursor_rest(&c)};
}

const struct decoder_def dec_erspan = {
    .name = "erspan",
    .doc = "ERSPAN types II and III",
    .spec = "draft-foschiano-erspan",
    .keys = {{DEC_ETHER, 0x88be}, {DEC_ETHER, 0x22eb}},
    .counters = erspan_counters,
    .decode = erspan_decode,
};

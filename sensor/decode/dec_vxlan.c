/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VXLAN and VXLAN-GPE on their ports, and on any other port where the inner packet proves it.
 */
#include "sensor/decode/inner.h"

static const struct counter vxlan_counters[] = {
    {"decoder.vxlan", "VXLAN headers"},
    COUNTER_END,
};

enum { HAS_VNI = 0x08, HAS_PROTOCOL = 0x04 };

/* What GPE says stands inside; Ethernet without it. */
static struct dec_next inside(uint8_t flags, uint8_t protocol, struct slice in)
{
    static const uint16_t types[] = {0, 0x0800, 0x86dd, 0x6558, 0x894f, 0x8847};

    if (!(flags & HAS_PROTOCOL))
        return (struct dec_next){DEC_ETHER, 0x6558, in};
    if (protocol == 0 || protocol >= sizeof(types) / sizeof(types[0]))
        return dec_stop();
    return (struct dec_next){DEC_ETHER, types[protocol], in};
}

static bool proven(const struct packet *p, const struct dec_next *next, bool strict)
{
    if (next->by == DEC_STOP)
        return false;
    if (p->on_port == 1)
        return true;
    if (!strict)
        return false;
    if (next->key == 0x6558)
        return inner_ethernet(next->rest, p->payload_missing);
    return (next->key == 0x0800 || next->key == 0x86dd) && inner_ip(next->rest, p->payload_missing);
}

/* What is told of a frame inside that is none of the usual ones, on the port of VXLAN. */
static void note_type(struct packet *p, uint8_t flags, uint8_t reserved, struct slice frame)
{
    static const uint16_t usual[] = {0x0800, 0x0806, 0x86dd, 0x8100, 0x88a8, 0x9100};
    struct cursor c = cursor_of(slice_from(frame, 12));
    uint16_t type = cursor_be16(&c);

    bool usual_port = p->sport == 4789 || p->dport == 4789 || (p->as_suricata && p->on_port);

    if (!usual_port || reserved || (flags & HAS_PROTOCOL))
        return;
    for (uint32_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        if (type == usual[i])
            return;
    }
    decode_note(p, NOTE_VXLAN_TYPE);
}

static struct dec_next vxlan_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint8_t flags = cursor_u8(&c);
    uint16_t group = cursor_be16(&c); /* of the group policy extension */
    uint8_t protocol = cursor_u8(&c);
    uint32_t vni = cursor_be24(&c);
    uint8_t reserved = cursor_u8(&c);

    if (!cursor_ok(&c) || !(flags & HAS_VNI) || cursor_left(&c) < 14)
        return dec_stop();
    struct slice frame = cursor_rest(&c);
    note_type(p, flags, reserved, frame);
    struct dec_next next = inside(flags, protocol, frame);
    bool clean = reserved == 0 && (flags & 0x80 || group == 0) && !(flags & 0x70);
    if (!proven(p, &next, clean) || !decode_enter(p, "vxlan", vni))
        return dec_stop();
    return next;
}

const struct decoder_def dec_vxlan = {
    .name = "vxlan",
    .doc = "VXLAN, VXLAN-GPE",
    .spec = "RFC 7348, draft-ietf-nvo3-vxlan-gpe",
    .keys = {{DEC_UDP, 4789},
             {DEC_UDP, 8472},
             {DEC_UDP, 4790},
             {DEC_SHAPE, 0x08},
             {DEC_SHAPE, 0x0c},
             {DEC_SHAPE, 0x88}},
    .counters = vxlan_counters,
    .decode = vxlan_decode,
};

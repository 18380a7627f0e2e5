/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stateless transport tunnels: frames behind a header that looks like TCP's, so that network cards
 * cut large ones. The sequence number is the frame's length and the segment's place in it, the
 * acknowledgement names the frame. Segments are put together like fragments of IP.
 *
 * A connection that merely uses the port has options, or its numbers do not fit, or no packet
 * begins in what it carries. Segments at places that are no multiple of eight are left out.
 */
#include "sensor/decode/inner.h"

static const struct counter stt_counters[] = {
    {"decoder.stt", "Stateless transport tunnels"},
    COUNTER_END,
};

enum {
    TCP_HEAD = 20,
    OTHER_FLAGS = 0x27, /* URG, RST, SYN, FIN */
    HEAD = 18,
    LEAST = HEAD + 14,
    UNIT = 8,
    HAS_VLAN = 0x1000,
    LINK_ETHERNET = 1
};

/* The whole: its header, then a frame. */
static struct dec_next frame_of(struct packet *p, struct slice in, uint32_t cut, bool enter)
{
    struct cursor c = cursor_of(in);
    uint8_t version = cursor_u8(&c);
    cursor_skip(&c, 5);
    uint16_t vlan = cursor_be16(&c);
    cursor_skip(&c, 4);
    uint32_t context = cursor_be32(&c); /* its lower half */
    cursor_skip(&c, 2);
    struct slice frame = cursor_rest(&c);

    if (!cursor_ok(&c) || version || !inner_ethernet(frame, cut))
        return dec_stop();
    if (enter && !decode_enter(p, "stt", context))
        return dec_stop();
    if (vlan & HAS_VLAN)
        decode_tag(p, vlan & 0xfff);
    return (struct dec_next){DEC_LINK, LINK_ETHERNET, frame};
}

static struct dec_next segment(struct packet *p, struct slice in)
{
    uint32_t total = p->tcp.seq >> 16, offset = p->tcp.seq & 0xffff;
    uint32_t there = in.len + p->payload_missing;

    if (p->tcp.header_len != TCP_HEAD || p->tcp.flags & OTHER_FLAGS || total < LEAST || !there ||
        offset + there > total)
        return dec_stop();
    if (!offset && there == total)
        return frame_of(p, in, p->payload_missing, true);
    bool last = offset + there == total;
    if (offset % UNIT || (!last && there % UNIT) || p->payload_missing)
        return dec_stop();
    p->fragment = true;
    p->frag_link = DEC_LINK_STT;
    p->frag_id = p->tcp.ack;
    p->frag_offset = (uint16_t)offset;
    p->frag_more = !last;
    p->l4 = in;
    return dec_stop();
}

static struct dec_next stt_decode(struct packet *p, struct slice in)
{
    if (p->proto == IPPROTO_TCP4)
        return segment(p, in);
    return p->tunnels ? frame_of(p, in, 0, false) : dec_stop();
}

const struct decoder_def dec_stt = {
    .name = "stt",
    .doc = "Stateless transport tunnels",
    .spec = "draft-davie-stt",
    .keys = {{DEC_TCP, DEC_TCP_TUNNEL}, {DEC_LINK, DEC_LINK_STT}},
    .counters = stt_counters,
    .tunnel = true,
    .decode = stt_decode,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ethernet II and IEEE 802.3 frames; LLC/SNAP where it carries an EtherType. Also inside of
 * tunnels.
 */
#include "sensor/decode/decode.h"

static const struct counter ethernet_counters[] = {
    {"decoder.ethernet", "Ethernet headers"},
    COUNTER_END,
};

enum { LENGTHS = 1536, LLC_SNAP = 0xaaaa03, LLC_IP = 0x060603 };

/* 802.3: a length instead of a type; SNAP says what follows, or the service point of IP. */
static struct dec_next llc(struct cursor c)
{
    uint32_t head = cursor_be24(&c);

    if (head == LLC_IP && cursor_ok(&c))
        return (struct dec_next){DEC_ETHER, 0x0800, cursor_rest(&c)};
    if (head != LLC_SNAP)
        return dec_stop();
    cursor_skip(&c, 3); /* organisation */
    uint16_t type = cursor_be16(&c);
    return cursor_ok(&c) ? (struct dec_next){DEC_ETHER, type, cursor_rest(&c)} : dec_stop();
}

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
        return llc(c);
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

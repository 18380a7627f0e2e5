/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 802.11 data frames. Encrypted ones are noted; of an aggregate the first frame
 * with IP is read. Cisco
 * sends the control bytes swapped inside of CAPWAP.
 */
#include "sensor/decode/llc.h"

static const struct counter wlan_counters[] = {
    {"decoder.wlan", "802.11 frames"},
    COUNTER_END,
};

enum {
    DATA = 2,
    TO_DS = 1,
    FROM_DS = 2,
    MORE_FRAGMENTS = 4,
    PROTECTED = 0x40,
    ORDERED = 0x80,
    NULL_DATA = 4,
    QOS = 8,
    AGGREGATE = 0x80,
    AGGREGATED_MAX = 64,
    AGGREGATED_HEAD = 14
};

static void set_macs(struct packet *p, struct slice dst, struct slice src)
{
    if (dst.len != 6 || src.len != 6)
        return;
    memcpy(p->dst_mac.b, dst.at, 6);
    memcpy(p->src_mac.b, src.at, 6);
    p->has_mac = true;
}

/* LLC says what follows; some drivers align it to words. */
static struct dec_next behind(struct slice in)
{
    struct dec_next next = llc_next(in);

    return next.by != DEC_STOP ? next : llc_next(slice_from(in, 2));
}

/* An aggregate of frames: the first one that carries IP is read. */
static struct dec_next aggregate(struct packet *p, struct cursor c)
{
    struct dec_next first = dec_stop();

    for (uint32_t i = 0; i < AGGREGATED_MAX && cursor_left(&c) > AGGREGATED_HEAD; i++) {
        struct slice dst = cursor_take(&c, 6);
        struct slice src = cursor_take(&c, 6);
        uint32_t len = cursor_be16(&c);
        struct dec_next next = llc_next(cursor_take(&c, len));
        bool ip = next.key == 0x0800 || next.key == 0x86dd;
        if (!cursor_ok(&c))
            break;
        if (next.by != DEC_STOP && (ip || first.by == DEC_STOP)) {
            set_macs(p, dst, src);
            first = next;
        }
        if (ip)
            break;
        cursor_skip(&c, (0 - (AGGREGATED_HEAD + len)) & 3);
    }
    return first;
}

static struct dec_next data_frame(struct packet *p, struct cursor c, uint8_t kind, uint8_t flags)
{
    cursor_skip(&c, 2);
    struct slice first = cursor_take(&c, 6);
    struct slice second = cursor_take(&c, 6);
    struct slice third = cursor_take(&c, 6);
    uint16_t fragment = cursor_le16(&c) & 0x0f;
    struct slice fourth =
        (flags & (TO_DS | FROM_DS)) == (TO_DS | FROM_DS) ? cursor_take(&c, 6) : SLICE_NONE;
    uint16_t qos = kind & QOS ? cursor_le16(&c) : 0;

    if (kind & QOS && flags & ORDERED)
        cursor_skip(&c, 4);
    if (!cursor_ok(&c)) {
        decode_note(p, NOTE_WLAN_SMALL);
        return dec_stop();
    }
    set_macs(p, flags & TO_DS ? third : first,
             fourth.len        ? fourth
             : flags & FROM_DS ? third
                               : second);
    if (kind & NULL_DATA || fragment || flags & MORE_FRAGMENTS)
        return dec_stop();
    if (flags & PROTECTED) {
        p->view |= VIEW_BIT(VIEW_OPAQUE);
        return dec_stop();
    }
    return qos & AGGREGATE ? aggregate(p, c) : behind(cursor_rest(&c));
}

static struct dec_next wlan_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint8_t kind = cursor_u8(&c);
    uint8_t flags = cursor_u8(&c);

    if (kind & 3) { /* no such version: the bytes are swapped */
        uint8_t swapped = kind;
        kind = flags;
        flags = swapped;
    }
    if (!cursor_ok(&c) || kind & 3 || (kind >> 2 & 3) != DATA)
        return dec_stop();
    return data_frame(p, c, kind >> 4, flags);
}

const struct decoder_def dec_wlan = {
    .name = "wlan",
    .doc = "802.11",
    .spec = "IEEE 802.11",
    .keys = {{DEC_LINK, 105}},
    .counters = wlan_counters,
    .decode = wlan_decode,
};

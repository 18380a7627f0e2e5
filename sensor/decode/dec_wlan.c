/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 802.11 data frames. Encrypted ones are noted; of an aggregate the first frame is read. Cisco
 * sends the control bytes swapped inside of CAPWAP.
 */
#include "sensor/decode/decode.h"

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
    AGGREGATE = 0x80
};

static void set_macs(struct packet *p, struct slice dst, struct slice src)
{
    if (dst.len != 6 || src.len != 6)
        return;
    memcpy(p->dst_mac.b, dst.at, 6);
    memcpy(p->src_mac.b, src.at, 6);
    p->has_mac = true;
}

/* LLC with SNAP says what follows. */
static struct dec_next behind(struct cursor *c)
{
    if (cursor_be24(c) != 0xaaaa03)
        return dec_stop();
    cursor_skip(c, 3);
    uint16_t type = cursor_be16(c);
    return cursor_ok(c) ? (struct dec_next){DEC_ETHER, type, cursor_rest(c)} : dec_stop();
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
    if (qos & AGGREGATE) {
        struct slice dst = cursor_take(&c, 6);
        set_macs(p, dst, cursor_take(&c, 6));
        uint16_t len = cursor_be16(&c);
        c = cursor_of(cursor_take(&c, len));
    }
    return behind(&c);
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

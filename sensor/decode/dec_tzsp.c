/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TZSP: frames that a wireless or MikroTik sensor sends on; on other ports than its own where the
 * inner packet proves it.
 */
#include "sensor/decode/inner.h"

static const struct counter tzsp_counters[] = {
    {"decoder.tzsp", "TZSP packets"},
    COUNTER_END,
};

enum { PORT = 37008, LAST_PACKET_TYPE = 1, TAG_PADDING = 0, TAG_END = 1, TAGS_MAX = 64 };

/* Link type of what is encapsulated; 0 = none we know. */
static uint32_t link_of(uint16_t encapsulated)
{
    static const uint8_t links[][2] = {{1, 1}, {18, 105}, {119, 119}, {127, 163}};

    for (uint32_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        if (links[i][0] == encapsulated)
            return links[i][1];
    }
    return 0;
}

/* Passes over the tags; false when they do not end. */
static bool skip_tags(struct cursor *c)
{
    for (uint32_t i = 0; i < TAGS_MAX && cursor_ok(c); i++) {
        uint8_t tag = cursor_u8(c);
        if (tag == TAG_END)
            return cursor_ok(c);
        uint8_t len = tag == TAG_PADDING ? 0 : cursor_u8(c);
        cursor_skip(c, len);
    }
    return false;
}

static struct dec_next tzsp_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint8_t version = cursor_u8(&c);
    uint8_t type = cursor_u8(&c);
    uint32_t link = link_of(cursor_be16(&c));
    bool own = p->dport == PORT || p->sport == PORT;

    if (!cursor_ok(&c) || version != 1 || type > LAST_PACKET_TYPE || !link)
        return dec_stop();
    bool whole = skip_tags(&c);
    struct slice inner = cursor_rest(&c);
    if (!whole || !inner.len) {
        if (own)
            decode_note(p, NOTE_TZSP_SMALL);
        return dec_stop();
    }
    if (!own && !(link == 1 && inner_ethernet(inner, p->payload_missing)))
        return dec_stop();
    if (!decode_enter(p, "tzsp", 0))
        return dec_stop();
    return (struct dec_next){DEC_LINK, link, inner};
}

const struct decoder_def dec_tzsp = {
    .name = "tzsp",
    .doc = "TZSP",
    .spec = "wiki.wireshark.org/TZSP",
    .keys = {{DEC_UDP, 37008}, {DEC_SHAPE, 0x01}},
    .counters = tzsp_counters,
    .decode = tzsp_decode,
};

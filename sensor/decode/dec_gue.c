/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generic UDP encapsulation: version 0 with a header that names an IP protocol, version 1 is IP
 * itself.
 */
#include "sensor/decode/inner.h"

static const struct counter gue_counters[] = {
    {"decoder.gue", "GUE headers"},
    COUNTER_END,
};

enum { CONTROL = 0x20, LENGTH = 0x1f };

static struct dec_next gue_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint8_t first = cursor_u8(&c);
    uint8_t protocol = cursor_u8(&c);
    cursor_skip(&c, 2 + (first & LENGTH) * 4u);

    if (first >> 6 == 1 && inner_ip(in, p->payload_missing))
        return decode_enter(p, "gue", 0) ? inner_next(in) : dec_stop();
    if (!cursor_ok(&c) || first >> 6 || first & CONTROL || !cursor_left(&c))
        return dec_stop();
    return (struct dec_next){DEC_IP, protocol, cursor_rest(&c)};
}

const struct decoder_def dec_gue = {
    .name = "gue",
    .doc = "Generic UDP encapsulation",
    .spec = "draft-ietf-intarea-gue",
    .keys = {{DEC_UDP, 6080}},
    .counters = gue_counters,
    .decode = gue_decode,
};

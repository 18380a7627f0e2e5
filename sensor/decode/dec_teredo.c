/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Teredo: IPv6 inside of UDP through address translators, with authentication and origin before it.
 */
#include "sensor/decode/inner.h"

static const struct counter teredo_counters[] = {
    {"decoder.teredo", "Teredo packets"},
    COUNTER_END,
};

static void skip_authentication(struct cursor *c)
{
    cursor_skip(c, 2);
    uint32_t id = cursor_u8(c);
    uint32_t value = cursor_u8(c);
    cursor_skip(c, id + value + 9); /* nonce, confirmation */
}

static struct dec_next teredo_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);

    if (in.len > 2 && in.at[0] == 0 && in.at[1] == 1)
        skip_authentication(&c);
    struct slice rest = cursor_rest(&c);
    if (rest.len > 8 && rest.at[0] == 0 && rest.at[1] == 0)
        rest = slice_from(rest, 8); /* origin indication */
    if (!rest.len || rest.at[0] >> 4 != 6 || !inner_ip(rest, p->payload_missing) ||
        !decode_enter(p, "teredo", 0))
        return dec_stop();
    return (struct dec_next){DEC_ETHER, 0x86dd, rest};
}

const struct decoder_def dec_teredo = {
    .name = "teredo",
    .doc = "Teredo",
    .spec = "RFC 4380",
    .keys = {{DEC_UDP, 3544}},
    .counters = teredo_counters,
    .decode = teredo_decode,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cisco HDLC: address, control, EtherType.
 */
#include "sensor/decode/decode.h"

static const struct counter chdlc_counters[] = {
    {"decoder.chdlc", "Cisco HDLC headers"},
    COUNTER_END,
};

static struct dec_next chdlc_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    cursor_skip(&c, 2);
    uint16_t type = cursor_be16(&c);

    if (!cursor_ok(&c)) {
        decode_note(p, NOTE_CHDLC_SMALL);
        return dec_stop();
    }
    return (struct dec_next){DEC_ETHER, type, cursor_rest(&c)};
}

const struct decoder_def dec_chdlc = {
    .name = "chdlc",
    .doc = "Cisco HDLC",
    .spec = "LINKTYPE_C_HDLC",
    .keys = {{DEC_LINK, 104}},
    .counters = chdlc_counters,
    .decode = chdlc_decode,
};

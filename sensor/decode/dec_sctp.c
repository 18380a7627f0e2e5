/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SCTP: ports only.
 */
#include "sensor/decode/decode.h"

static const struct counter sctp_counters[] = {
    {"decoder.sctp", "SCTP headers"},
    COUNTER_END,
};

static struct dec_next sctp_decode(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint16_t sport = cursor_be16(&c);
    uint16_t dport = cursor_be16(&c);
    cursor_skip(&c, 8); /* tag, checksum */

    if (!cursor_ok(&c)) {
        decode_note(p, NOTE_SCTP_SMALL);
        return dec_stop();
    }
    p->sport = sport;
    p->dport = dport;
    p->payload = cursor_rest(&c);
    return dec_stop();
}

const struct decoder_def dec_sctp = {
    .name = "sctp",
    .doc = "SCTP",
    .spec = "RFC 9260",
    .keys = {{DEC_IP, 132}},
    .counters = sctp_counters,
    .decode = sctp_decode,
};

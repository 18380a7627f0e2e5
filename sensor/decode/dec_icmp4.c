/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ICMP for IPv4.
 */
#include "sensor/decode/quote.h"

static const struct counter icmp4_counters[] = {
    {"decoder.icmpv4", "ICMP messages of IPv4"},
    COUNTER_END,
};

/* Highest code by type (IANA); -1: no such type. */
static int codes_of(uint8_t type)
{
    static const int8_t codes[] = {
        [0] = 0,  [3] = 15, [4] = 0,  [5] = 3,  [8] = 0,  [9] = 16, [10] = 0,
        [11] = 1, [12] = 2, [13] = 0, [14] = 0, [15] = 0, [16] = 0, [17] = 0,
        [18] = 0, [1] = -1, [2] = -1, [6] = -1, [7] = -1};

    return type < sizeof(codes) ? codes[type] : -1;
}

/* Errors carry the header of the packet they are about. */
static void check_inner(struct packet *p, uint8_t type, struct slice inner)
{
    bool carries = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;

    if (!carries || !inner.len)
        return;
    if (inner.len < 20)
        decode_note(p, NOTE_ICMPV4_INNER_SMALL);
    else if (inner.at[0] >> 4 != 4)
        decode_note(p, NOTE_ICMPV4_INNER_VERSION);
}

/* Where Suricata's codes are others: no limit for type 9, no type 10, one code of type 12. */
static int codes_there(uint8_t type)
{
    return type == 9 ? UINT8_MAX : type == 10 ? -1 : type == 12 ? 0 : codes_of(type);
}

static void check(struct packet *p, uint8_t type, uint8_t code)
{
    int most = p->as_suricata ? codes_there(type) : codes_of(type);

    if (most < 0)
        decode_note(p, NOTE_ICMPV4_TYPE);
    else if (code > most)
        decode_note(p, NOTE_ICMPV4_CODE);
}

static struct dec_next icmp4_decode(struct packet *p, struct slice in)
{
    if (in.len < 8) {
        decode_note(p, NOTE_ICMPV4_SMALL);
        if (in.len < 2)
            return dec_stop();
    }
    p->icmp_type = in.at[0];
    p->icmp_code = in.at[1];
    p->payload = slice_from(in, 8);
    if (in.len >= 8) {
        check(p, p->icmp_type, p->icmp_code);
        check_inner(p, p->icmp_type, p->payload);
    }
    if (in.at[0] == 3 || in.at[0] == 4 || in.at[0] == 5 || in.at[0] == 11 || in.at[0] == 12)
        quote_read(p, p->payload);
    return dec_stop();
}

const struct decoder_def dec_icmp4 = {
    .name = "icmp4",
    .doc = "ICMP",
    .spec = "RFC 792",
    .keys = {{DEC_IP, 1}},
    .counters = icmp4_counters,
    .decode = icmp4_decode,
};

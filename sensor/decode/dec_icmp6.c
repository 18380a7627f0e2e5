/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ICMP for IPv6.
 */
#include "sensor/decode/quote.h"

static const struct counter icmp6_counters[] = {
    {"decoder.icmpv6", "ICMP messages of IPv6"},
    COUNTER_END,
};

enum { UNREACHABLE = 1, TOO_BIG, TIME_EXCEEDED, BAD_PARAMETER, MLD_QUERY = 130, MLD_DONE = 132 };

/* Highest code by type (RFC 4443 and IANA); -1: any. */
static int codes_of(uint8_t type)
{
    switch (type) {
    case UNREACHABLE:
        return 7;
    case TIME_EXCEEDED:
        return 1;
    case BAD_PARAMETER:
        return 3;
    case TOO_BIG:
    case 128:
    case 129:
    case 133:
    case 134:
    case 135:
    case 136:
    case 137:
    case 148:
    case 149:
        return 0;
    case 139:
    case 140:
        return 2;
    case 138:
        return -1;
    default:
        return -1;
    }
}

/* Suricata does not know the newest code of two types. */
static int codes_there(uint8_t type)
{
    return codes_of(type) - (type == UNREACHABLE || type == BAD_PARAMETER);
}

/* What the type's number alone says (IANA). */
static void check_type(struct packet *p, uint8_t type)
{
    static const struct {
        uint8_t from, to;
        enum decode_note note;
    } odd[] = {
        {0, 0, NOTE_ICMPV6_TYPE},           {5, 99, NOTE_ICMPV6_UNASSIGNED},
        {100, 101, NOTE_ICMPV6_EXPERIMENT}, {102, 126, NOTE_ICMPV6_UNASSIGNED},
        {127, 127, NOTE_ICMPV6_TYPE},       {160, 199, NOTE_ICMPV6_UNASSIGNED},
        {200, 201, NOTE_ICMPV6_EXPERIMENT}, {202, 254, NOTE_ICMPV6_UNASSIGNED},
        {255, 255, NOTE_ICMPV6_TYPE},
    };

    for (uint32_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        if (type >= odd[i].from && type <= odd[i].to)
            decode_note(p, odd[i].note);
    }
}

static void check_inner(struct packet *p, uint8_t type, struct slice inner)
{
    if (type < UNREACHABLE || type > BAD_PARAMETER)
        return;
    if (inner.len < 40) /* RFC 4443: as much of the packet as fits is in it */
        decode_note(p, NOTE_ICMPV6_INNER_SMALL);
    else if (inner.at[0] >> 4 != 6)
        decode_note(p, NOTE_ICMPV6_INNER_VERSION);
}

/* Suricata's rules see of messages about neighbours and listeners what is behind their checksum,
 * but for their last bytes. */
static struct slice payload_of(const struct packet *p, struct slice in)
{
    if (!p->as_suricata || p->icmp_type < MLD_QUERY)
        return slice_from(in, 8);
    return slice_head(slice_from(in, 4), in.len > 12 ? in.len - 12 : 0);
}

static struct dec_next icmp6_decode(struct packet *p, struct slice in)
{
    if (in.len < 4) {
        decode_note(p, NOTE_ICMPV6_SMALL);
        return dec_stop();
    }
    p->icmp_type = in.at[0];
    p->icmp_code = in.at[1];
    p->payload = payload_of(p, in);
    check_type(p, p->icmp_type);
    int most = p->as_suricata ? codes_there(p->icmp_type) : codes_of(p->icmp_type);
    if (most >= 0 && p->icmp_code > most)
        decode_note(p, NOTE_ICMPV6_CODE);
    if (p->icmp_type >= MLD_QUERY && p->icmp_type <= MLD_DONE && p->ttl != 1)
        decode_note(p, NOTE_ICMPV6_MLD_HOPS);
    check_inner(p, p->icmp_type, p->payload);
    if (in.at[0] >= 1 && in.at[0] <= 4)
        quote_read(p, p->payload);
    return dec_stop();
}

const struct decoder_def dec_icmp6 = {
    .name = "icmp6",
    .doc = "ICMPv6",
    .spec = "RFC 4443",
    .keys = {{DEC_IP, 58}},
    .counters = icmp6_counters,
    .decode = icmp6_decode,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IP inside of IP: 4in4, 6in4, 4in6, 6in6.
 */
#include "sensor/decode/decode.h"

static const struct counter ipip_counters[] = {
    {"decoder.ipip", "IP headers inside of IP"},
    COUNTER_END,
};

/* What IPv6 announces by its next header must begin, and be as long as, that header says. */
static void check_in_ip6(struct packet *p, struct slice in)
{
    bool v4 = p->proto == 4;

    if (in.len < (v4 ? 20u : 40u))
        decode_note(p, v4 ? NOTE_IPV6_IP4_SMALL : NOTE_IPV6_IP6_SMALL);
    else if (in.at[0] >> 4 != (v4 ? 4 : 6))
        decode_note(p, v4 ? NOTE_IPV6_IP4_VERSION : NOTE_IPV6_IP6_VERSION);
}

static struct dec_next ipip_decode(struct packet *p, struct slice in)
{
    if (p->ip_version == 6 && (p->proto == 4 || p->proto == 41))
        check_in_ip6(p, in);
    if (!in.len || (in.at[0] >> 4 != 4 && in.at[0] >> 4 != 6) ||
        !decode_enter(p, in.at[0] >> 4 == 4 ? "ipip" : "ip6", 0))
        return dec_stop();
    return (struct dec_next){DEC_ETHER, in.at[0] >> 4 == 4 ? 0x0800 : 0x86dd, in};
}

const struct decoder_def dec_ipip = {
    .name = "ipip",
    .doc = "IP in IP",
    .spec = "RFC 2003, RFC 2473, RFC 4213",
    .keys = {{DEC_IP, 4}, {DEC_IP, 41}, {DEC_IP, 94}, {DEC_IP, 98}},
    .counters = ipip_counters,
    .tunnel = true,
    .decode = ipip_decode,
};

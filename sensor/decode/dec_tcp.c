/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP with the options that reassembly and fingerprints need.
 */
#include "sensor/decode/decode.h"
#include "sensor/decode/fixed.h"

static const struct counter tcp_counters[] = {
    {"decoder.tcp", "TCP headers"},
    COUNTER_END,
};

enum {
    OPT_END = 0,
    OPT_NOP = 1,
    OPT_MSS = 2,
    OPT_WSCALE = 3,
    OPT_SACK_OK = 4,
    OPT_SACK = 5,
    OPT_TIMESTAMP = 8,
    OPT_EXPERIMENT_1 = 253, /* RFC 6994 */
    OPT_EXPERIMENT_2 = 254,
};

/* Bytes behind kind and length that an option has to have. */
static bool length_fits(uint8_t kind, uint32_t len)
{
    switch (kind) {
    case OPT_MSS:
        return len == 2;
    case OPT_WSCALE:
        return len == 1;
    case OPT_SACK_OK:
        return len == 0;
    case OPT_SACK: /* one to four ranges */
        return len && len <= 32 && len % 8 == 0;
    case OPT_TIMESTAMP:
        return len == 8;
    default:
        return true;
    }
}

/* To Suricata an experiment is that of Fast Open, with a cookie or without. */
static bool length_fits_there(uint8_t kind, uint32_t len)
{
    if (kind == OPT_EXPERIMENT_1 || kind == OPT_EXPERIMENT_2)
        return len == 2 || len == 10;
    return length_fits(kind, len);
}

static bool had_option(const struct packet *p, uint8_t kind)
{
    return (kind == OPT_MSS && p->tcp.mss) || (kind == OPT_WSCALE && p->tcp.has_wscale) ||
           (kind == OPT_SACK_OK && p->tcp.sack_ok) || (kind == OPT_TIMESTAMP && p->tcp.has_ts);
}

static void take_option(struct packet *p, uint8_t kind, struct slice value)
{
    struct cursor c = cursor_of(value);

    if (kind == OPT_MSS && value.len == 2) {
        p->tcp.mss = cursor_be16(&c);
    } else if (kind == OPT_WSCALE && value.len == 1) {
        p->tcp.wscale = cursor_u8(&c);
        p->tcp.has_wscale = true;
    } else if (kind == OPT_SACK_OK) {
        p->tcp.sack_ok = true;
    } else if (kind == OPT_TIMESTAMP && value.len == 8) {
        p->tcp.ts_val = cursor_be32(&c);
        p->tcp.ts_ecr = cursor_be32(&c);
        p->tcp.has_ts = true;
    }
}

static void options(struct packet *p, struct slice in)
{
    struct cursor c = cursor_of(in);

    if (in.len == FIXED_STAMP && fixed_stamp(p, in.at))
        return;
    while (cursor_left(&c)) {
        uint8_t kind = cursor_u8(&c);
        if (kind == OPT_END)
            return;
        if (kind == OPT_NOP)
            continue;
        uint8_t len = cursor_u8(&c);
        struct slice value = cursor_take(&c, len < 2 ? UINT32_MAX : len - 2u);
        if (!cursor_ok(&c)) {
            decode_note(p, NOTE_TCP_OPT_LENGTH);
            return;
        }
        if (!(p->as_suricata ? length_fits_there : length_fits)(kind, value.len))
            decode_note(p, NOTE_TCP_OPT_LENGTH);
        else if (had_option(p, kind))
            decode_note(p, NOTE_TCP_OPT_DUPLICATE);
        else
            take_option(p, kind, value);
    }
}

static struct dec_next tcp_decode(struct packet *p, struct slice in)
{
    uint32_t hlen = in.len < FIXED_TCP ? 0 : (in.at[12] >> 4) * 4u;

    if (hlen < FIXED_TCP || hlen > in.len) {
        decode_note(p, in.len < FIXED_TCP ? NOTE_TCP_SMALL
                       : hlen < FIXED_TCP ? NOTE_TCP_OPT_TOO_LONG
                                          : NOTE_TCP_HLEN);
        p->l4 = p->payload = SLICE_NONE;
        return dec_stop();
    }
    fixed_tcp(p, in, hlen);
    if (hlen > FIXED_TCP)
        options(p, slice_head(slice_from(in, FIXED_TCP), hlen - FIXED_TCP));
    return p->dport == DEC_TCP_TUNNEL ? (struct dec_next){DEC_TCP, DEC_TCP_TUNNEL, p->payload}
                                      : dec_stop();
}

const struct decoder_def dec_tcp = {
    .name = "tcp",
    .doc = "TCP",
    .spec = "RFC 9293, RFC 7323",
    .keys = {{DEC_IP, 6}},
    .counters = tcp_counters,
    .decode = tcp_decode,
};

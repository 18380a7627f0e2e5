/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fixed parts of the headers that nearly every packet has, read where the caller knows that
 * their bytes are there: by their rows, and by the short way for common frames (express.c).
 */
#ifndef TRAMGAC_SENSOR_DECODE_FIXED_H
#define TRAMGAC_SENSOR_DECODE_FIXED_H

#include "sensor/decode/packet.h"

enum {
    FIXED_IP4 = 20,
    FIXED_TCP = 20,
    FIXED_UDP = 8,
    FIXED_STAMP = 12, /* TCP options: two words of nothing, then the time stamp */
    FIXED_IP4_MORE = 0x2000,
    FIXED_IP4_OFFSET = 0x1fff,
};

static inline uint16_t fixed_be16(const uint8_t *at)
{
    uint16_t value;

    memcpy(&value, at, 2);
    return __builtin_bswap16(value);
}

static inline uint32_t fixed_be32(const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, at, 4);
    return __builtin_bswap32(value);
}

/* In the words that hashes read it in: a processor waits where a read spans several writes. */
static inline void fixed_addr4(struct addr *addr, const uint8_t *at)
{
    uint64_t words[2] = {0, 0};

    memcpy(words, at, 4);
    addr->family = 4;
    memcpy(addr->b, &words[0], 8);
    memcpy(addr->b + 8, &words[1], 8);
}

/** `in`: the IP packet, cut to its length; `hlen`: bytes of its header. Not what says that it is a
 * fragment. */
static inline void fixed_ip4(struct packet *p, struct slice in, uint32_t hlen)
{
    const uint8_t *at = in.at;
    uint16_t id = fixed_be16(at + 4);
    struct slice l4 = slice_from(in, hlen);

    p->ip_version = 4;
    p->tos = at[1];
    p->ttl = at[8];
    p->ip_id = id;
    p->frag_id = id;
    p->proto = at[9];
    fixed_addr4(&p->src, at + 12);
    fixed_addr4(&p->dst, at + 16);
    p->l3 = in;
    p->l4 = l4;
    p->payload = l4;
}

/** `in`: header and payload; `hlen`: bytes of the header with its options. */
static inline void fixed_tcp(struct packet *p, struct slice in, uint32_t hlen)
{
    const uint8_t *at = in.at;

    p->sport = fixed_be16(at);
    p->dport = fixed_be16(at + 2);
    p->tcp.seq = fixed_be32(at + 4);
    p->tcp.ack = fixed_be32(at + 8);
    p->tcp.flags = at[13];
    p->tcp.window = fixed_be16(at + 14);
    p->tcp.urgent = fixed_be16(at + 18);
    p->tcp.header_len = (uint8_t)hlen;
    p->payload = slice_from(in, hlen);
}

/** The commonest options (RFC 7323, appendix A), FIXED_STAMP bytes; false when they are others. */
static inline bool fixed_stamp(struct packet *p, const uint8_t *at)
{
    if (fixed_be32(at) != 0x0101080a)
        return false;
    p->tcp.ts_val = fixed_be32(at + 4);
    p->tcp.ts_ecr = fixed_be32(at + 8);
    p->tcp.has_ts = true;
    return true;
}

/** `in`: header and payload, cut to the datagram's length. */
static inline void fixed_udp(struct packet *p, struct slice in)
{
    p->sport = fixed_be16(in.at);
    p->dport = fixed_be16(in.at + 2);
    p->l4 = in;
    p->payload = slice_from(in, FIXED_UDP);
}

#endif

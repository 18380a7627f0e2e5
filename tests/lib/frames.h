/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames put together in tests: headers with right lengths and checksums, from a few numbers.
 */
#ifndef TRAMGAC_TESTS_LIB_FRAMES_H
#define TRAMGAC_TESTS_LIB_FRAMES_H

#include "sensor/decode/checksum.h"
#include "sensor/decode/packet.h"

enum { FRAME_MAX = 4096, LINK_ETHERNET = 1, LINK_RAW = 101 };

struct bytes {
    uint8_t at[FRAME_MAX];
    uint32_t len;
};

static inline void put(struct bytes *b, const void *from, uint32_t len)
{
    memcpy(b->at + b->len, from, len);
    b->len += len;
}

static inline void put8(struct bytes *b, uint32_t v)
{
    b->at[b->len++] = (uint8_t)v;
}

static inline void put16(struct bytes *b, uint32_t v)
{
    put8(b, v >> 8);
    put8(b, v);
}

static inline void put32(struct bytes *b, uint32_t v)
{
    put16(b, v >> 16);
    put16(b, v);
}

static inline void set16(struct bytes *b, uint32_t at, uint32_t v)
{
    b->at[at] = (uint8_t)(v >> 8);
    b->at[at + 1] = (uint8_t)v;
}

static inline void put_ethernet(struct bytes *b, uint16_t type)
{
    static const uint8_t macs[12] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
    put(b, macs, 12);
    put16(b, type);
}

/* IPv4 around what `body` holds. `frag` is the flags and offset word. */
static inline void put_ip4(struct bytes *b, uint32_t src, uint32_t dst, uint8_t proto, uint16_t id,
                           uint16_t frag, struct slice body)
{
    uint32_t at = b->len;

    put16(b, 0x4500);
    put16(b, 20 + body.len);
    put16(b, id);
    put16(b, frag);
    put8(b, 64);
    put8(b, proto);
    put16(b, 0);
    put32(b, src);
    put32(b, dst);
    uint16_t sum = checksum_fold(checksum_add(0, (struct slice){b->at + at, 20}));
    sum = (uint16_t)~sum;
    memcpy(b->at + at + 10, &sum, 2);
    put(b, body.at, body.len);
}

static inline void put_udp(struct bytes *b, uint16_t sport, uint16_t dport, struct slice body)
{
    put16(b, sport);
    put16(b, dport);
    put16(b, 8 + body.len);
    put16(b, 0); /* not used */
    put(b, body.at, body.len);
}

static inline void put_tcp(struct bytes *b, uint16_t sport, uint16_t dport, uint32_t seq,
                           uint32_t ack, uint8_t flags, struct slice body)
{
    put16(b, sport);
    put16(b, dport);
    put32(b, seq);
    put32(b, ack);
    put8(b, 0x50);
    put8(b, flags);
    put16(b, 65535);
    put32(b, 0);
    put(b, body.at, body.len);
}

static inline struct slice view(const struct bytes *b)
{
    return (struct slice){b->at, b->len};
}

static inline struct frame frame_of(const struct bytes *b, uint16_t linktype)
{
    return (struct frame){
        .data = b->at, .caplen = b->len, .wirelen = b->len, .linktype = linktype, .number = 1};
}

#endif

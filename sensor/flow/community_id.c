/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spec: github.com/corelight/community-id-spec, version 1.
 * SHA-1 over seed, the two ends in order, protocol, a zero byte and the ports; ICMP has types
 * instead of ports, and no order where a message has no counterpart.
 */
#include "sensor/flow/community_id.h"
#include "common/digest.h"

struct side {
    const struct addr *addr;
    uint16_t port;
};

static const uint8_t icmp4_pairs[][2] = {{8, 0}, {13, 14}, {15, 16}, {17, 18}, {10, 9}};
static const uint8_t icmp6_pairs[][2] = {{128, 129}, {133, 134}, {135, 136},
                                         {130, 131}, {139, 140}, {144, 145}};

/* Types as ports; false when the message has no counterpart (then the code stands there). */
static bool icmp_ports(const struct flow *f, uint16_t *own, uint16_t *other)
{
    bool v4 = f->proto == IPPROTO_ICMP4;
    const uint8_t(*pairs)[2] = v4 ? icmp4_pairs : icmp6_pairs;
    uint32_t n = v4 ? sizeof(icmp4_pairs) / 2 : sizeof(icmp6_pairs) / 2;

    *own = f->icmp_type;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t side = 0; side < 2; side++) {
            if (pairs[i][side] == f->icmp_type) {
                *other = pairs[i][1 - side];
                return true;
            }
        }
    }
    *other = f->icmp_code;
    return false;
}

static uint16_t ranked(uint16_t port, bool turned)
{
    return turned ? (uint16_t)(port << 8 | port >> 8) : port;
}

static uint8_t *put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}

static uint8_t *put_addr(uint8_t *at, const struct addr *addr, uint32_t len)
{
    memcpy(at, addr->b, len);
    return at + len;
}

/* The digest in base64: six times three bytes, and two. */
static void base64(const uint8_t *in, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t word;

    for (uint32_t i = 0; i < 18; i += 3) {
        word = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 | in[i + 2];
        *out++ = digits[word >> 18];
        *out++ = digits[word >> 12 & 63];
        *out++ = digits[word >> 6 & 63];
        *out++ = digits[word & 63];
    }
    word = (uint32_t)in[18] << 16 | (uint32_t)in[19] << 8;
    *out++ = digits[word >> 18];
    *out++ = digits[word >> 12 & 63];
    *out++ = digits[word >> 6 & 63];
    *out++ = '=';
    *out = '\0';
}

void community_id_fill(struct flow *f, uint16_t seed, bool turned)
{
    /* The first packet's sender comes first; a flow that was turned round began at its server. */
    struct side a = {f->swapped ? &f->server : &f->client, 0};
    struct side b = {f->swapped ? &f->client : &f->server, 0};
    bool ordered = true;
    uint8_t out[DIGEST_MAX];
    uint8_t bytes[2 + 16 + 16 + 2 + 2 + 2];

    if (f->community_id[0] || !f->client.family)
        return;
    if (f->proto == IPPROTO_ICMP4 || f->proto == IPPROTO_ICMP6) {
        ordered = icmp_ports(f, &a.port, &b.port);
    } else {
        a.port = f->swapped ? f->server_port : f->client_port;
        b.port = f->swapped ? f->client_port : f->server_port;
    }
    int order = addr_cmp(a.addr, b.addr);
    if (ordered && (order > 0 || (order == 0 && ranked(a.port, turned) > ranked(b.port, turned)))) {
        struct side first = b;
        b = a;
        a = first;
    }
    uint32_t len = f->client.family == 4 ? 4 : 16;
    uint8_t *at = put16(bytes, seed);
    at = put_addr(at, a.addr, len);
    at = put_addr(at, b.addr, len);
    *at++ = f->proto;
    *at++ = 0;
    at = put16(at, a.port);
    at = put16(at, b.port);
    digest_of(DIGEST_SHA1, (struct slice){bytes, (uint32_t)(at - bytes)}, out);
    f->community_id[0] = '1';
    f->community_id[1] = ':';
    base64(out, f->community_id + 2);
}

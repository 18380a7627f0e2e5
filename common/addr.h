/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPv4 and IPv6 addresses, prefixes, MAC addresses as values.
 * Unused bytes are zero, so two addresses are equal when their bytes are.
 */
#ifndef TRAMGAC_COMMON_ADDR_H
#define TRAMGAC_COMMON_ADDR_H

#include "common/slice.h"

enum { ADDR_TEXT_MAX = 46, MAC_TEXT_MAX = 18 };

struct addr {
    uint8_t family; /* 4, 6; 0 = none */
    uint8_t b[16];  /* IPv4 in b[0..3] */
};

struct mac {
    uint8_t b[6];
};

struct prefix {
    struct addr addr;
    uint8_t bits;
};

static inline bool addr_eq(const struct addr *a, const struct addr *b)
{
    uint64_t x[2], y[2];

    memcpy(x, a->b, 16);
    memcpy(y, b->b, 16);
    return a->family == b->family && !((x[0] ^ y[0]) | (x[1] ^ y[1]));
}

/** Order: by family, then by bytes. */
int addr_cmp(const struct addr *a, const struct addr *b);

/** From 4 or 16 bytes; family none for any other length. */
struct addr addr_from_bytes(struct slice bytes);

/** Text form into `out`; returns its length. IPv6 is written as RFC 5952 says; none as "". */
uint32_t addr_text(const struct addr *addr, char out[ADDR_TEXT_MAX]);

/** IPv6 with all eight groups written out ("fe80:0000:...:0001"), as Suricata's EVE does. */
uint32_t addr_text_full(const struct addr *addr, char out[ADDR_TEXT_MAX]);

bool addr_parse(struct slice text, struct addr *addr);

/** "10.0.0.0/8", "2001:db8::/32" or a lone address (full length). Host bits are cleared. */
bool prefix_parse(struct slice text, struct prefix *prefix);
bool prefix_has(const struct prefix *prefix, const struct addr *addr);

bool addr_is_multicast(const struct addr *addr);
/** RFC 1918, RFC 4193, loopback, link-local, CGNAT (RFC 6598). */
bool addr_is_private(const struct addr *addr);
bool addr_is_broadcast(const struct addr *addr);

bool mac_parse(struct slice text, struct mac *mac);
uint32_t mac_text(const struct mac *mac, char out[MAC_TEXT_MAX]);

static inline bool mac_eq(const struct mac *a, const struct mac *b)
{
    uint32_t x[2];
    uint16_t y[2];

    memcpy(&x[0], a->b, 4);
    memcpy(&x[1], b->b, 4);
    memcpy(&y[0], a->b + 4, 2);
    memcpy(&y[1], b->b + 4, 2);
    return x[0] == x[1] && y[0] == y[1];
}

#endif

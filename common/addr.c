/* SPDX-License-Identifier: Apache-2.0 */
#include "common/addr.h"

#include <arpa/inet.h>
#include <stdio.h>

int addr_cmp(const struct addr *a, const struct addr *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return memcmp(a->b, b->b, 16);
}

struct addr addr_from_bytes(struct slice bytes)
{
    struct addr a = {0};

    if (bytes.len != 4 && bytes.len != 16)
        return a;
    a.family = bytes.len == 4 ? 4 : 6;
    memcpy(a.b, bytes.at, bytes.len);
    return a;
}

static uint32_t text_v4(const uint8_t *b, char *out)
{
    uint32_t n = 0;

    for (int i = 0; i < 4; i++) {
        uint8_t v = b[i];
        if (i)
            out[n++] = '.';
        if (v >= 100)
            out[n++] = (char)('0' + v / 100);
        if (v >= 10)
            out[n++] = (char)('0' + v / 10 % 10);
        out[n++] = (char)('0' + v % 10);
    }
    out[n] = '\0';
    return n;
}

uint32_t addr_text(const struct addr *addr, char out[ADDR_TEXT_MAX])
{
    out[0] = '\0';
    if (addr->family == 4)
        return text_v4(addr->b, out);
    if (addr->family != 6 || !inet_ntop(AF_INET6, addr->b, out, ADDR_TEXT_MAX))
        return 0;
    return (uint32_t)strlen(out);
}

uint32_t addr_text_full(const struct addr *addr, char out[ADDR_TEXT_MAX])
{
    static const char hex[] = "0123456789abcdef";
    uint32_t n = 0;

    if (addr->family != 6)
        return addr_text(addr, out);
    for (int i = 0; i < 16; i++) {
        if (i && i % 2 == 0)
            out[n++] = ':';
        out[n++] = hex[addr->b[i] >> 4];
        out[n++] = hex[addr->b[i] & 15];
    }
    out[n] = '\0';
    return n;
}

bool addr_parse(struct slice text, struct addr *addr)
{
    char buf[ADDR_TEXT_MAX];
    struct addr a = {0};

    if (text.len == 0 || text.len >= sizeof(buf))
        return false;
    memcpy(buf, text.at, text.len);
    buf[text.len] = '\0';
    if (inet_pton(AF_INET, buf, a.b) == 1)
        a.family = 4;
    else if (inet_pton(AF_INET6, buf, a.b) == 1)
        a.family = 6;
    else
        return false;
    *addr = a;
    return true;
}

bool prefix_parse(struct slice text, struct prefix *prefix)
{
    int64_t slash = slice_find_byte(text, '/');
    uint64_t bits = 0;

    if (!addr_parse(slash < 0 ? text : slice_head(text, (uint32_t)slash), &prefix->addr))
        return false;
    uint8_t most = prefix->addr.family == 4 ? 32 : 128;
    if (slash < 0)
        bits = most;
    else if (!slice_to_u64(slice_from(text, (uint32_t)slash + 1), &bits) || bits > most)
        return false;
    prefix->bits = (uint8_t)bits;
    for (uint32_t bit = prefix->bits; bit < most; bit++)
        prefix->addr.b[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
    return true;
}

bool prefix_has(const struct prefix *prefix, const struct addr *addr)
{
    uint32_t whole = prefix->bits / 8, rest = prefix->bits % 8;

    if (addr->family != prefix->addr.family || memcmp(addr->b, prefix->addr.b, whole) != 0)
        return false;
    return rest == 0 || ((addr->b[whole] ^ prefix->addr.b[whole]) >> (8 - rest)) == 0;
}

bool addr_is_multicast(const struct addr *addr)
{
    return addr->family == 4 ? addr->b[0] >> 4 == 14 : addr->family == 6 && addr->b[0] == 0xff;
}

bool addr_is_broadcast(const struct addr *addr)
{
    return addr->family == 4 && memcmp(addr->b, "\xff\xff\xff\xff", 4) == 0;
}

bool addr_is_private(const struct addr *addr)
{
    const uint8_t *b = addr->b;

    if (addr->family == 4)
        return b[0] == 10 || b[0] == 127 || (b[0] == 172 && b[1] >> 4 == 1) ||
               (b[0] == 192 && b[1] == 168) || (b[0] == 169 && b[1] == 254) ||
               (b[0] == 100 && b[1] >> 6 == 1);
    if (addr->family != 6)
        return false;
    static const uint8_t loopback[16] = {[15] = 1};
    return (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && b[1] >> 6 == 2) ||
           memcmp(b, loopback, sizeof(loopback)) == 0;
}

static int nibble(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool mac_parse(struct slice text, struct mac *mac)
{
    if (text.len != 17)
        return false;
    for (uint32_t i = 0; i < 6; i++) {
        int high = nibble(text.at[i * 3]), low = nibble(text.at[i * 3 + 1]);
        if (high < 0 || low < 0 ||
            (i < 5 && text.at[i * 3 + 2] != ':' && text.at[i * 3 + 2] != '-'))
            return false;
        mac->b[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

uint32_t mac_text(const struct mac *mac, char out[MAC_TEXT_MAX])
{
    static const char hex[] = "0123456789abcdef";

    for (int i = 0; i < 6; i++) {
        out[i * 3] = hex[mac->b[i] >> 4];
        out[i * 3 + 1] = hex[mac->b[i] & 15];
        out[i * 3 + 2] = ':';
    }
    out[17] = '\0';
    return 17;
}

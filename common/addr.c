/* SPDX-License-Identifier: Apache-2.0 */
#include "common/addr.h"
#include "common/fmt.h"

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

#define TEN(tens)                                                                                  \
    tens "0.", tens "1.", tens "2.", tens "3.", tens "4.", tens "5.", tens "6.", tens "7.",        \
        tens "8.", tens "9."

/* Each octet with the dot behind it; without a zero where that takes four bytes. */
static const char octets[256][4] = {
    TEN(""),   TEN("1"),  TEN("2"),  TEN("3"),  TEN("4"),  TEN("5"),  TEN("6"),  TEN("7"),
    TEN("8"),  TEN("9"),  TEN("10"), TEN("11"), TEN("12"), TEN("13"), TEN("14"), TEN("15"),
    TEN("16"), TEN("17"), TEN("18"), TEN("19"), TEN("20"), TEN("21"), TEN("22"), TEN("23"),
    TEN("24"), "250.",    "251.",    "252.",    "253.",    "254.",    "255."};

static uint32_t text_v4(const uint8_t *b, char *out)
{
    char *at = out;

    for (int i = 0; i < 4; i++) {
        memcpy(at, octets[b[i]], 4);
        at += 2 + (b[i] > 9) + (b[i] > 99);
    }
    *--at = '\0';
    return (uint32_t)(at - out);
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

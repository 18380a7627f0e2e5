/* SPDX-License-Identifier: Apache-2.0 */
/* Prefixes of addresses; declared with them in addr.h. */
#include "common/addr.h"

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

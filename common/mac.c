/* SPDX-License-Identifier: Apache-2.0 */
/* MAC addresses; declared with the other addresses in addr.h. */
#include "common/addr.h"

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

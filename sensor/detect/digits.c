/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/digits.h"

bool digits_text(struct slice s, uint8_t base, uint64_t *value, uint32_t *used)
{
    uint32_t i = 0, first;
    uint64_t v = 0;

    while (i < s.len && (s.at[i] == ' ' || (s.at[i] >= '\t' && s.at[i] <= '\r')))
        i++;
    if (base == 16 && i + 1 < s.len && s.at[i] == '0' && (s.at[i + 1] | 32) == 'x')
        i += 2;
    for (first = i; i < s.len; i++) {
        uint8_t c = s.at[i] | 32;
        uint32_t digit = s.at[i] >= '0' && s.at[i] <= '9' ? s.at[i] - 48u
                         : c >= 'a' && c <= 'f'           ? c - 87u
                                                          : 99u;
        if (digit >= base)
            break;
        v = v * base + digit;
    }
    *value = v;
    *used = i;
    return i > first;
}

uint64_t digits_binary(struct slice s, bool little)
{
    uint64_t v = 0;

    for (uint32_t i = 0; i < s.len; i++)
        v = v << 8 | s.at[little ? s.len - 1 - i : i];
    return v;
}

int digits_base64(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

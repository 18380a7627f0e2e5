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

/* False: the text ends here. */
static bool digits_skip(uint8_t c, enum digits_mode mode)
{
    if (mode == DIGITS_RFC2045)
        return c != '=';
    return mode == DIGITS_RFC4648 && (c == '\r' || c == '\n' || c == ' ' || c == '\t');
}

/* Padding, and nothing behind it. */
static bool digits_padded(struct slice rest)
{
    for (uint32_t i = 0; i < rest.len; i++) {
        if (rest.at[i] != '=')
            return false;
    }
    return rest.len < 3;
}

uint32_t digits_unbase64(struct slice text, enum digits_mode mode, uint8_t *out, uint32_t room)
{
    uint32_t n = 0, bits = 0, held = 0;

    for (uint32_t i = 0; i < text.len && n < room; i++) {
        int digit = digits_base64(text.at[i]);
        if (digit < 0) {
            if (digits_skip(text.at[i], mode))
                continue;
            return mode == DIGITS_STRICT && !digits_padded(slice_from(text, i)) ? 0 : n;
        }
        held = held << 6 | (uint32_t)digit;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[n++] = (uint8_t)(held >> bits);
        }
    }
    return n;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/slice.h"

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool slice_ieq(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (uint32_t i = 0; i < a.len; i++)
        if (lower(a.at[i]) != lower(b.at[i]))
            return false;
    return true;
}

int64_t slice_find_byte(struct slice s, uint8_t byte)
{
    const uint8_t *hit = s.len ? memchr(s.at, byte, s.len) : NULL;
    return hit ? hit - s.at : -1;
}

int64_t slice_find(struct slice s, struct slice what)
{
    if (what.len == 0)
        return 0;
    if (s.len < what.len)
        return -1;
    const uint8_t *hit = memmem(s.at, s.len, what.at, what.len);
    return hit ? hit - s.at : -1;
}

struct slice slice_trim(struct slice s)
{
    while (s.len && blank(s.at[0]))
        s = slice_from(s, 1);
    while (s.len && blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

struct slice slice_word(struct slice *left)
{
    while (left->len && left->at[0] == ' ')
        *left = slice_from(*left, 1);
    int64_t end = slice_find_byte(*left, ' ');
    struct slice word = end < 0 ? *left : slice_head(*left, (uint32_t)end);
    *left = slice_from(*left, word.len);
    return word;
}

bool slice_has_word(struct slice words, struct slice word)
{
    for (struct slice one = slice_word(&words); one.len; one = slice_word(&words))
        if (slice_eq(one, word))
            return true;
    return false;
}

bool slice_to_u64(struct slice s, uint64_t *value)
{
    uint64_t v = 0;

    if (s.len == 0)
        return false;
    for (uint32_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(s.at[i] - '0');
        if (v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *value = v;
    return true;
}

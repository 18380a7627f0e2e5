/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snprintf for the path of packets: several times cheaper for %s, %.*s, %c, %u, %llu, %x, widths
 * with zeros (%02x) and decimals that are not near a tie (%.1f); any other conversion goes to the C
 * library, whole.
 */
#ifndef TRAMGAC_COMMON_FMT_H
#define TRAMGAC_COMMON_FMT_H

#include <endian.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { FMT_U64_MAX = 20 };

/** As snprintf: writes at most `room` bytes, the last one zero, and returns how long the text is.
 */
__attribute__((format(printf, 3, 4))) int fmt_text(char *out, size_t room, const char *format, ...);
__attribute__((format(printf, 3, 0))) int fmt_textv(char *out, size_t room, const char *format,
                                                    va_list args);

/** The 100 pairs of digits, "000102...99". */
extern const char fmt_pairs[201];

/** Two digits of `value` (below 100); returns the place behind them. */
static inline char *fmt_two(char *out, uint32_t value)
{
    memcpy(out, fmt_pairs + 2 * value, 2);
    return out + 2;
}

/** 10, 100, ... by one less than their digits; [0] is 0. */
extern const uint64_t fmt_powers[FMT_U64_MAX];

/** How many decimal digits a number has, at most FMT_U64_MAX. */
static inline uint32_t fmt_u64_len(uint64_t value)
{
    uint32_t bits = 64 - (uint32_t)__builtin_clzll(value | 1);
    uint32_t n = bits * 1233 >> 12; /* bits * log10(2), cut */

    return n + (value >= fmt_powers[n]);
}

/** Eight digits of `value` (below 100,000,000) as values 0 to 9, the first in the lowest byte: the
 * number is halved three times, all its parts at once. */
static inline uint64_t fmt_digits(uint32_t value)
{
    uint64_t fours = value / 10000 | (uint64_t)(value % 10000) << 32;
    uint64_t high = (fours * 10486 >> 20) & UINT64_C(0x0000007f0000007f);
    uint64_t twos = high | (fours - high * 100) << 16;

    high = (twos * 103 >> 10) & UINT64_C(0x000f000f000f000f);
    return high | (twos - high * 10) << 8;
}

/** Eight digits of `value` (below 100,000,000), zeros in front. */
static inline void fmt_eight(char *out, uint32_t value)
{
    uint64_t digits = htole64(fmt_digits(value) | UINT64_C(0x3030303030303030));

    memcpy(out, &digits, sizeof(digits));
}

/** The same without the zeros in front, but eight bytes are written; returns how many are digits.
 */
static inline uint32_t fmt_upto_eight(char *out, uint32_t value)
{
    uint64_t digits = fmt_digits(value);
    uint32_t zeros = (uint32_t)__builtin_ctzll(digits | UINT64_C(1) << 56) / 8;

    digits = htole64((digits | UINT64_C(0x3030303030303030)) >> 8 * zeros);
    memcpy(out, &digits, sizeof(digits));
    return 8 - zeros;
}

/** The `n` digits of a number, as fmt_u64_len() said; no zero behind them. */
static inline void fmt_u64_put(char *out, uint64_t value, uint32_t n)
{
    for (out += n; value >= 100000000; value /= 100000000)
        fmt_eight(out -= 8, (uint32_t)(value % 100000000));
    uint32_t rest = (uint32_t)value;
    for (; rest >= 100; rest /= 100)
        fmt_two(out -= 2, rest % 100);
    if (rest >= 10)
        fmt_two(out - 2, rest);
    else
        out[-1] = (char)('0' + rest);
}

/** Decimal digits, no zero behind them; returns how many. There must be room for FMT_U64_MAX bytes:
 * more are written than digits. */
static inline uint32_t fmt_u64(char *out, uint64_t value)
{
    uint32_t n = 0;

    if (value < 100000000)
        return fmt_upto_eight(out, (uint32_t)value);
    uint64_t high = value / 100000000;
    if (high >= 100000000) {
        n = fmt_upto_eight(out, (uint32_t)(high / 100000000));
        fmt_eight(out + n, (uint32_t)(high % 100000000));
        n += 8;
    } else {
        n = fmt_upto_eight(out, (uint32_t)high);
    }
    fmt_eight(out + n, (uint32_t)(value % 100000000));
    return n + 8;
}

#endif

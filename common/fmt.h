/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snprintf for the path of packets: several times cheaper for %s, %.*s, %c, %u, %llu, %x, widths
 * with zeros (%02x) and decimals that are not near a tie (%.1f); any other conversion goes to the C
 * library, whole.
 */
#ifndef TRAMGAC_COMMON_FMT_H
#define TRAMGAC_COMMON_FMT_H

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

/** Eight digits of `value` (below 100,000,000), zeros in front. */
static inline void fmt_eight(char *out, uint32_t value)
{
    uint32_t high = value / 10000, low = value % 10000;

    fmt_two(out, high / 100);
    fmt_two(out + 2, high % 100);
    fmt_two(out + 4, low / 100);
    fmt_two(out + 6, low % 100);
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

/** Decimal digits, no zero behind them; returns how many. */
static inline uint32_t fmt_u64(char *out, uint64_t value)
{
    uint32_t n = fmt_u64_len(value);

    fmt_u64_put(out, value, n);
    return n;
}

#endif

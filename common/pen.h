/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text written at a place whose room was reserved before, for what is written thousands of times a
 * second: each function returns the place behind what it wrote. No checks: the room is the
 * caller's.
 */
#ifndef TRAMGAC_COMMON_PEN_H
#define TRAMGAC_COMMON_PEN_H

#include "common/fmt.h"
#include "common/jsonw.h"

enum { PEN_SHORT = 32 };

static inline char *pen_fixed(char *at, const char *text, size_t n)
{
    memcpy(at, text, n);
    return at + n;
}

/** A string literal; the compiler makes a few stores of it. */
#define PEN_LIT(at, literal) pen_fixed((at), (literal), sizeof(literal) - 1)

/** At most PEN_SHORT bytes: two copies that may overlap, no call. */
static inline char *pen_short(char *at, const void *bytes, size_t n)
{
    struct sixteen {
        uint64_t word[2];
    } first, last;
    const char *from = bytes;
    uint64_t half[2];
    uint32_t part[2];

    if (n > 16) {
        memcpy(&first, from, 16);
        memcpy(&last, from + n - 16, 16);
        memcpy(at, &first, 16);
        memcpy(at + n - 16, &last, 16);
    } else if (n >= 8) {
        memcpy(&half[0], from, 8);
        memcpy(&half[1], from + n - 8, 8);
        memcpy(at, &half[0], 8);
        memcpy(at + n - 8, &half[1], 8);
    } else if (n >= 4) {
        memcpy(&part[0], from, 4);
        memcpy(&part[1], from + n - 4, 4);
        memcpy(at, &part[0], 4);
        memcpy(at + n - 4, &part[1], 4);
    } else if (n) {
        at[0] = from[0];
        at[n / 2] = from[n / 2];
        at[n - 1] = from[n - 1];
    }
    return at + n;
}

static inline char *pen_bytes(char *at, struct slice bytes)
{
    if (bytes.len <= PEN_SHORT)
        return pen_short(at, bytes.at, bytes.len);
    memcpy(at, bytes.at, bytes.len);
    return at + bytes.len;
}

/** A member or members, and the comma before them; nothing when empty. */
static inline char *pen_member(char *at, struct slice members)
{
    if (!members.len)
        return at;
    *at = ',';
    return pen_bytes(at + 1, members);
}

/** Decimal digits; there must be room for FMT_U64_MAX bytes, or eight for a short number. */
static inline char *pen_u64(char *at, uint64_t value)
{
    if (value < 10) {
        *at = (char)('0' + value);
        return at + 1;
    }
    if (value < 100)
        return fmt_two(at, (uint32_t)value);
    return at + fmt_u64(at, value);
}

/** Two hexadecimal digits. */
static inline char *pen_hex(char *at, uint8_t value)
{
    *at++ = "0123456789abcdef"[value >> 4];
    *at++ = "0123456789abcdef"[value & 15];
    return at;
}

static inline char *pen_bool(char *at, bool value)
{
    memcpy(at, value ? "true" : "fals", 4);
    at[4] = 'e';
    return at + 5 - value;
}

/** Room for `bytes` at the end of what `w` has written; NULL when that breaks the cap. What is
 * written there is members or values as they stand, commas included; see pen_comma(). */
static inline char *pen_open(struct jsonw *w, size_t bytes)
{
    struct strbuf *out = w->out;

    if ((bytes >= out->room - out->len && !strbuf_grow(out, bytes)) || out->full)
        return NULL;
    return out->at + out->len;
}

/** The comma before the next member, when one is due. */
static inline char *pen_comma(const struct jsonw *w, char *at)
{
    *at = ',';
    return at + w->comma;
}

/** The pen came to `at`; a value was written last. */
static inline void pen_close(struct jsonw *w, char *at)
{
    *at = '\0';
    w->out->len = (size_t)(at - w->out->at);
    w->comma = true;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of bytes that somebody else owns. A slice is a value: pass it by value.
 * `at` may be NULL only when `len` is 0. Not terminated by a zero byte.
 */
#ifndef TRAMGAC_COMMON_SLICE_H
#define TRAMGAC_COMMON_SLICE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const uint8_t *at;
    uint32_t len;
};

#define SLICE_NONE ((struct slice){NULL, 0})
/** Slice of a string literal, without its zero byte. */
#define SLICE_LIT(text) ((struct slice){(const uint8_t *)(text), (uint32_t)(sizeof(text) - 1)})
/** The same as part of a static table. */
#define SLICE_OF(text)                                                                             \
    {                                                                                              \
        (const uint8_t *)(text), (uint32_t)(sizeof(text) - 1)                                      \
    }

/** Slice of a C string; an empty slice for NULL. */
static inline struct slice slice_of_str(const char *text)
{
    return (struct slice){(const uint8_t *)text, text ? (uint32_t)strlen(text) : 0};
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/** Equal when A-Z and a-z count as the same. */
bool slice_ieq(struct slice a, struct slice b);

static inline bool slice_starts(struct slice s, struct slice with)
{
    return s.len >= with.len && (with.len == 0 || memcmp(s.at, with.at, with.len) == 0);
}

/** From `from` to the end; empty when `from` lies behind the end. */
static inline struct slice slice_from(struct slice s, uint32_t from)
{
    return from >= s.len ? SLICE_NONE : (struct slice){s.at + from, s.len - from};
}

/** At most the first `n` bytes. */
static inline struct slice slice_head(struct slice s, uint32_t n)
{
    return (struct slice){s.at, s.len < n ? s.len : n};
}

/** At most the last `n` bytes. */
static inline struct slice slice_tail(struct slice s, uint32_t n)
{
    return s.len <= n ? s : (struct slice){s.at + (s.len - n), n};
}

/** Position of the first `byte`, or -1. */
int64_t slice_find_byte(struct slice s, uint8_t byte);

/** Position of the first occurrence of `what`, or -1; an empty `what` is at 0. */
int64_t slice_find(struct slice s, struct slice what);

/** Without blanks, tabs, CR and LF on both sides. */
struct slice slice_trim(struct slice s);

/** Takes the next word of a list with blanks between from the front of `left`; empty at its end. */
struct slice slice_word(struct slice *left);

/** True when `word` is one of a list of words with blanks between. */
bool slice_has_word(struct slice words, struct slice word);

/** A decimal number that fills the whole slice; false on anything else or overflow. */
bool slice_to_u64(struct slice s, uint64_t *value);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded reader over bytes that came from the network.
 *
 * A cursor never reads outside [at, end). The first read that does not fit sets `short_read`; from
 * then on every read returns 0 and moves nothing: a parser reads a whole header, then asks once
 * whether it was all there. Borrowed: the bytes belong to the caller and must outlive the cursor.
 * A cursor is a value: copy it to look ahead.
 */
#ifndef TRAMGAC_COMMON_CURSOR_H
#define TRAMGAC_COMMON_CURSOR_H

#include "common/slice.h"

struct cursor {
    const uint8_t *at;
    const uint8_t *end;
    bool short_read;
};

static inline struct cursor cursor_of(struct slice s)
{
    return (struct cursor){s.at, s.len ? s.at + s.len : s.at, false};
}

static inline bool cursor_ok(const struct cursor *c)
{
    return !c->short_read;
}

static inline uint32_t cursor_left(const struct cursor *c)
{
    return (uint32_t)(c->end - c->at);
}

/** Next `n` bytes as a slice; an empty slice when they are not all there. */
static inline struct slice cursor_take(struct cursor *c, uint32_t n)
{
    if (c->short_read || cursor_left(c) < n) {
        c->short_read = true;
        return SLICE_NONE;
    }
    struct slice s = {c->at, n};
    if (n)
        c->at += n;
    return s;
}

/** All that is left; the cursor then stands at its end. */
static inline struct slice cursor_rest(struct cursor *c)
{
    return cursor_take(c, c->short_read ? 0 : cursor_left(c));
}

static inline void cursor_skip(struct cursor *c, uint32_t n)
{
    (void)cursor_take(c, n);
}

static inline uint8_t cursor_u8(struct cursor *c)
{
    struct slice s = cursor_take(c, 1);
    return s.len ? s.at[0] : 0;
}

/** Big-endian reads (network order); 0 after a short read. */
static inline uint16_t cursor_be16(struct cursor *c)
{
    struct slice s = cursor_take(c, 2);
    return (uint16_t)(s.len ? s.at[0] << 8 | s.at[1] : 0);
}

static inline uint32_t cursor_be24(struct cursor *c)
{
    struct slice s = cursor_take(c, 3);
    return s.len ? (uint32_t)s.at[0] << 16 | (uint32_t)s.at[1] << 8 | s.at[2] : 0;
}

static inline uint32_t cursor_be32(struct cursor *c)
{
    struct slice s = cursor_take(c, 4);
    return s.len ? (uint32_t)s.at[0] << 24 | (uint32_t)s.at[1] << 16 | (uint32_t)s.at[2] << 8 |
                       s.at[3]
                 : 0;
}

static inline uint64_t cursor_be64(struct cursor *c)
{
    uint64_t high = cursor_be32(c);
    return high << 32 | cursor_be32(c);
}

/** Little-endian reads; 0 after a short read. */
static inline uint16_t cursor_le16(struct cursor *c)
{
    struct slice s = cursor_take(c, 2);
    return (uint16_t)(s.len ? s.at[1] << 8 | s.at[0] : 0);
}

static inline uint32_t cursor_le32(struct cursor *c)
{
    struct slice s = cursor_take(c, 4);
    return s.len ? (uint32_t)s.at[3] << 24 | (uint32_t)s.at[2] << 16 | (uint32_t)s.at[1] << 8 |
                       s.at[0]
                 : 0;
}

#endif

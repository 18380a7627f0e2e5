/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Written as pairs of counts, each followed by bytes: so many zeros, then so many bytes as they
 * are. One or two zeros between others are cheaper left where they stand.
 */
#include "common/sparse.h"
#include "common/check.h"

#include <string.h>

enum { RUN_MAX = 255, WORTH = 3 };

static size_t zeros_at(const uint8_t *at, size_t n)
{
    size_t zeros = 0;

    while (zeros < n && zeros < RUN_MAX && !at[zeros])
        zeros++;
    return zeros;
}

/* Bytes up to the next zeros that are worth a run. */
static size_t others_at(const uint8_t *at, size_t n)
{
    size_t others = 0;

    while (others < n && others < RUN_MAX) {
        size_t zeros = zeros_at(at + others, n - others < WORTH ? n - others : WORTH);
        if (zeros == WORTH || (zeros && others + zeros == n))
            break;
        others += zeros ? zeros : 1;
    }
    return others < RUN_MAX ? others : RUN_MAX;
}

void sparse_put(struct sparse_out *out, const void *from, size_t n)
{
    const uint8_t *at = from, *end = at + n;

    CHECK(sparse_room(out) >= sparse_most(n));
    while (at < end) {
        size_t zeros = zeros_at(at, (size_t)(end - at));
        size_t others = others_at(at + zeros, (size_t)(end - at) - zeros);
        *out->at++ = (uint8_t)zeros;
        *out->at++ = (uint8_t)others;
        memcpy(out->at, at + zeros, others);
        out->at += others;
        at += zeros + others;
    }
}

const uint8_t *sparse_take(const uint8_t *from, void *to, size_t n)
{
    uint8_t *at = to;

    while (n) {
        size_t zeros = from[0], others = from[1];
        CHECK(zeros + others && zeros + others <= n);
        if (at) {
            memset(at, 0, zeros);
            memcpy(at + zeros, from + 2, others);
            at += zeros + others;
        }
        n -= zeros + others;
        from += 2 + others;
    }
    return from;
}

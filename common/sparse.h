/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects that are mostly zero, written short and read back: runs of zero bytes become one byte.
 * For what is put away for a while inside one process; not a format of anything outside.
 */
#ifndef TRAMGAC_COMMON_SPARSE_H
#define TRAMGAC_COMMON_SPARSE_H

#include <stddef.h>
#include <stdint.h>

/** Where to write; `at` moves. */
struct sparse_out {
    uint8_t *at;
    const uint8_t *end;
};

/** Most bytes that `n` bytes can take. */
static inline size_t sparse_most(size_t n)
{
    return n + n / 2 + 4;
}

/** Room left. */
static inline size_t sparse_room(const struct sparse_out *out)
{
    return (size_t)(out->end - out->at);
}

/** Writes the `n` bytes at `from`. The caller has seen that sparse_most(n) bytes are free. */
void sparse_put(struct sparse_out *out, const void *from, size_t n);

/** Reads `n` bytes to `to` (NULL: passes over them) as one sparse_put wrote them; returns where the
 * next one begins. */
const uint8_t *sparse_take(const uint8_t *from, void *to, size_t n);

#endif

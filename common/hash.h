/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 64-bit XXH3: fast, well spread, not cryptographic (xxHash stays inside hash.c).
 * The value for given bytes and seed is the same on every machine and in every version.
 */
#ifndef TRAMGAC_COMMON_HASH_H
#define TRAMGAC_COMMON_HASH_H

#include "common/slice.h"

uint64_t hash_bytes(struct slice bytes, uint64_t seed);

/** Spreads the bits of one number; for combining small keys without a buffer. */
static inline uint64_t hash_mix(uint64_t x)
{
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    return x ^ x >> 32;
}

/** A seed that peers cannot guess, new for each call: for tables filled with their keys. */
uint64_t hash_random_seed(void);

#endif

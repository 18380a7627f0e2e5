/* SPDX-License-Identifier: Apache-2.0 */
#define XXH_INLINE_ALL
#include "common/hash.h"
#include "common/check.h"

#include <sys/random.h>
#include <xxhash.h>

uint64_t hash_bytes(struct slice bytes, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes.at, bytes.len, seed);
}

uint64_t hash_random_seed(void)
{
    uint64_t seed = 0;

    CHECK(getrandom(&seed, sizeof(seed), 0) == (ssize_t)sizeof(seed));
    return seed;
}

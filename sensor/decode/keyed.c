/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Per block of 1 KB, four sums of products of neighbouring words, each with its own word of the key
 * added (the NH of UMAC, RFC 4418, 5.2, over four lanes); the sums are then mixed with the rest of
 * the key. The last bytes of a block are read as one more full step that ends where they end.
 */
#include "sensor/decode/keyed.h"
#include "common/hash.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { STEP = 32, LANES = 4 };

struct sums {
    uint64_t lane[LANES];
};

void keyed_init(struct keyed *key, uint64_t seed)
{
    for (uint32_t i = 0; i < KEYED_BLOCK / 4; i++)
        key->word[i] = (uint32_t)(hash_mix(seed + i) >> 32);
    for (uint32_t i = 0; i < LANES; i++)
        key->last[i] = hash_mix(seed ^ hash_mix(i + 1));
#if defined(__x86_64__)
    key->wide = __builtin_cpu_supports("avx2");
#else
    key->wide = false;
#endif
}

/* A block of at least STEP bytes. */
static struct sums sum_plain(const struct keyed *key, const uint8_t *at, uint32_t len)
{
    struct sums sums = {{0}};
    uint32_t steps = (len + STEP - 1) / STEP;

    for (uint32_t s = 0; s < steps; s++) {
        const uint8_t *from = s + 1 < steps ? at + s * STEP : at + len - STEP;
        for (uint32_t i = 0; i < LANES; i++) {
            const uint32_t *k = &key->word[(s * LANES + i) * 2];
            uint32_t word[2];
            memcpy(word, from + i * 8, 8);
            sums.lane[i] += (uint64_t)(word[0] + k[0]) * (word[1] + k[1]);
        }
    }
    return sums;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static __m256i products(const uint8_t *at, const uint32_t *key)
{
    __m256i x = _mm256_add_epi32(_mm256_loadu_si256((const __m256i *)(const void *)at),
                                 _mm256_loadu_si256((const __m256i *)(const void *)key));

    return _mm256_mul_epu32(x, _mm256_srli_epi64(x, 32));
}

__attribute__((target("avx2"))) static struct sums sum_wide(const struct keyed *key,
                                                            const uint8_t *at, uint32_t len)
{
    const uint8_t *end = at + len - STEP; /* of the last step */
    const uint32_t *k = key->word;
    __m256i even = _mm256_setzero_si256();
    __m256i odd = _mm256_setzero_si256();
    struct sums sums;

    for (; end - at > STEP; at += 2 * STEP, k += 2 * STEP / 4) {
        even = _mm256_add_epi64(even, products(at, k));
        odd = _mm256_add_epi64(odd, products(at + STEP, k + STEP / 4));
    }
    if (at < end) {
        even = _mm256_add_epi64(even, products(at, k));
        k += STEP / 4;
    }
    odd = _mm256_add_epi64(odd, products(end, k));
    _mm256_storeu_si256((__m256i *)(void *)sums.lane, _mm256_add_epi64(even, odd));
    return sums;
}
#else
static struct sums sum_wide(const struct keyed *key, const uint8_t *at, uint32_t len)
{
    return sum_plain(key, at, len);
}
#endif

static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t block(const struct keyed *key, const uint8_t *at, uint32_t len, uint64_t value)
{
    struct sums sums = key->wide ? sum_wide(key, at, len) : sum_plain(key, at, len);

    value = fold(sums.lane[0] ^ key->last[0] ^ value, sums.lane[1] ^ key->last[1]);
    return value ^ fold(sums.lane[2] ^ key->last[2], sums.lane[3] ^ key->last[3]);
}

/* Less than STEP bytes, as two reads that may overlap: how many they are is in the digest. */
static void pad(uint8_t padded[STEP], const uint8_t *at, uint32_t len)
{
    uint32_t half = len >= 16 ? 16 : len >= 8 ? 8 : len >= 4 ? 4 : 0;

    switch (half) {
    case 16:
        memcpy(padded, at, 16);
        memcpy(padded + 16, at + len - 16, 16);
        break;
    case 8:
        memcpy(padded, at, 8);
        memcpy(padded + 8, at + len - 8, 8);
        break;
    case 4:
        memcpy(padded, at, 4);
        memcpy(padded + 4, at + len - 4, 4);
        break;
    default:
        for (uint32_t i = 0; i < len; i++)
            padded[i] = at[i];
    }
}

uint64_t keyed_sum(const struct keyed *key, struct slice bytes)
{
    uint64_t value = bytes.len;

    while (bytes.len > KEYED_BLOCK) {
        value = block(key, bytes.at, KEYED_BLOCK, value);
        bytes = slice_from(bytes, KEYED_BLOCK);
    }
    if (bytes.len >= STEP)
        return block(key, bytes.at, bytes.len, value);
    uint8_t padded[STEP] = {0};
    pad(padded, bytes.at, bytes.len);
    return block(key, padded, STEP, value);
}

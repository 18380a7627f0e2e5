/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Per block of 1 KB, four sums of products of neighbouring words, each with its own word of the key
 * added (the NH of UMAC, RFC 4418, 5.2, over four lanes); the sums are then mixed with the rest of
 * the key. The last bytes behind full steps are read as one more step that ends where they end;
 * what was read before counts as zeros there, as does what a first step lacks. The checksum's words
 * are added up on the way.
 */
#include "sensor/decode/keyed.h"
#include "common/hash.h"
#include "sensor/decode/checksum.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { STEP = 32, LANES = 4 };

struct sums {
    uint64_t lane[LANES];
};

/* What is summed: bytes, without two at `hole` (STEP: with all). */
struct span {
    const uint8_t *at;
    uint32_t len, hole;
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

/* Steps that are all there before the last one. */
static inline uint32_t steps_before(uint32_t len)
{
    return (len - (len > 0)) / STEP;
}

static struct sums sum_plain(const struct keyed *key, struct span in)
{
    struct sums sums = {{0}};
    uint32_t before = steps_before(in.len);

    for (uint32_t s = 0; s <= before; s++) {
        uint8_t step[STEP] = {0};
        uint32_t n = s < before ? STEP : in.len - before * STEP;
        memcpy(step + (s ? STEP - n : 0), in.at + s * STEP, n);
        if (s == 0 && in.hole < STEP)
            step[in.hole] = step[in.hole + 1] = 0;
        for (uint32_t i = 0; i < LANES; i++) {
            const uint32_t *k = &key->word[(s * LANES + i) * 2];
            uint32_t word[2];
            memcpy(word, step + i * 8, 8);
            sums.lane[i] += (uint64_t)(word[0] + k[0]) * (word[1] + k[1]);
        }
    }
    return sums;
}

#if defined(__x86_64__)
#define WIDE static inline __attribute__((always_inline, target("avx2")))

WIDE __m256i load(const void *at)
{
    return _mm256_loadu_si256((const __m256i *)at);
}

/* A step of which only the beginning is there. */
WIDE __m256i beginning(const uint8_t *at, uint32_t n)
{
    __m256i places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i whole = _mm256_set1_epi32((int)(n / 4));
    uint32_t rest = 0;

    for (uint32_t i = n & ~3u; i < n; i++)
        rest |= (uint32_t)at[i] << i % 4 * 8;
    __m256i last =
        _mm256_and_si256(_mm256_set1_epi32((int)rest), _mm256_cmpeq_epi32(whole, places));
    __m256i first =
        _mm256_maskload_epi32((const int *)(const void *)at, _mm256_cmpgt_epi32(whole, places));
    return _mm256_or_si256(first, last);
}

/* All but two bytes. */
WIDE __m256i without(__m256i step, uint32_t hole)
{
    static const uint64_t ones[] = {-1ULL, -1ULL, -1ULL, -1ULL, ~0xffffULL,
                                    -1ULL, -1ULL, -1ULL, -1ULL};

    return _mm256_and_si256(step, load((const uint8_t *)ones + STEP - hole));
}

/* Its last `n` bytes. */
WIDE __m256i last_of(__m256i step, uint32_t n)
{
    static const uint64_t ones[] = {0, 0, 0, 0, -1ULL, -1ULL, -1ULL, -1ULL};

    return _mm256_and_si256(step, load((const uint8_t *)ones + n));
}

WIDE __m256i products(__m256i step, const uint32_t *key)
{
    __m256i x = _mm256_add_epi32(step, load(key));

    return _mm256_mul_epu32(x, _mm256_srli_epi64(x, 32));
}

/* Its 16-bit words, 2^15 taken off each, added up in pairs. */
WIDE __m256i pairs(__m256i step)
{
    __m256i less = _mm256_xor_si256(step, _mm256_set1_epi16(INT16_MIN));

    return _mm256_madd_epi16(less, _mm256_set1_epi16(1));
}

/* What `steps` of pairs come to. */
WIDE uint64_t total(__m256i pairs, uint32_t steps)
{
    __m128i x = _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
    x = _mm_add_epi32(x, _mm_shuffle_epi32(x, 0x4e));
    x = _mm_add_epi32(x, _mm_shuffle_epi32(x, 0xb1));

    return (uint64_t)((int64_t)_mm_cvtsi128_si32(x) + (int64_t)steps * STEP / 2 * 32768);
}

/* `words`: whether the checksum's sum is wanted, too; it is known when this is compiled. */
WIDE struct sums sum_steps(const struct keyed *key, struct span in, bool words, uint64_t *sum)
{
    const uint32_t *k = key->word;
    const uint8_t *at = in.at;
    uint32_t before = steps_before(in.len);
    __m256i x = in.len < STEP ? beginning(at, in.len) : load(at);
    __m256i plain = words ? pairs(x) : x;
    __m256i even = products(without(x, in.hole), k);
    __m256i odd = _mm256_setzero_si256();
    struct sums sums;

    for (uint32_t s = 1; s < before; s++) {
        x = load(at += STEP);
        plain = words ? _mm256_add_epi32(plain, pairs(x)) : x;
        even = _mm256_add_epi64(even, products(x, k += STEP / 4));
    }
    *sum = words ? total(plain, before ? before : 1) : 0;
    if (before) {
        uint32_t rest = in.len - before * STEP;
        x = last_of(load(in.at + in.len - STEP), rest);
        odd = products(x, k + STEP / 4);
        if (words) /* it may begin with the second byte of a word */
            *sum += rest % 2 ? __builtin_bswap16(checksum_fold(total(pairs(x), 1)))
                             : total(pairs(x), 1);
    }
    _mm256_storeu_si256((__m256i *)(void *)sums.lane, _mm256_add_epi64(even, odd));
    return sums;
}

__attribute__((target("avx2"))) static struct sums sum_wide(const struct keyed *key, struct span in)
{
    uint64_t none;

    return sum_steps(key, in, false, &none);
}

__attribute__((target("avx2"))) static struct sums sum_both(const struct keyed *key, struct span in,
                                                            uint64_t *sum)
{
    uint64_t more;
    struct sums sums = sum_steps(key, in, true, &more);

    *sum += more;
    return sums;
}
#else
static struct sums sum_wide(const struct keyed *key, struct span in)
{
    return sum_plain(key, in);
}

static struct sums sum_both(const struct keyed *key, struct span in, uint64_t *sum)
{
    *sum = checksum_add(*sum, (struct slice){in.at, in.len});
    return sum_plain(key, in);
}
#endif

static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t mix(const struct keyed *key, struct sums sums, uint64_t value)
{
    value = fold(sums.lane[0] ^ key->last[0] ^ value, sums.lane[1] ^ key->last[1]);
    return value ^ fold(sums.lane[2] ^ key->last[2], sums.lane[3] ^ key->last[3]);
}

static uint64_t block(const struct keyed *key, struct span in, uint64_t value, uint64_t *sum)
{
    if (key->wide)
        return mix(key, sum ? sum_both(key, in, sum) : sum_wide(key, in), value);
    if (sum)
        *sum = checksum_add(*sum, (struct slice){in.at, in.len});
    return mix(key, sum_plain(key, in), value);
}

uint64_t keyed_sums(const struct keyed *key, struct slice bytes, uint32_t hole, uint64_t *sum)
{
    struct span in = {bytes.at, bytes.len, hole};
    uint64_t value = bytes.len;

    if (sum)
        *sum = 0;
    for (; in.len > KEYED_BLOCK; in.hole = STEP) {
        uint32_t left = in.len - KEYED_BLOCK;
        in.len = KEYED_BLOCK;
        value = block(key, in, value, sum);
        in.at += KEYED_BLOCK;
        in.len = left;
    }
    return block(key, in, value, sum);
}

uint64_t keyed_sum(const struct keyed *key, struct slice bytes)
{
    return keyed_sums(key, bytes, KEYED_ALL, NULL);
}

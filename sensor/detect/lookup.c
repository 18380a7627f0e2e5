/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/lookup.h"

#include <stdlib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum {
    LEAST_BITS = 10, /* of the number of marks, as a power of two */
    MOST_BITS = 19,
    PAIR_BITS = 16,
    SPREAD_BITS = 6, /* places for each gram, about */
    WORD_BITS = 5,
    /* what a step of AVX2 reads, and how far it goes */
    GRAMS_READ = 34,
    GRAMS_STEP = 32,
    PAIRS_READ = 17,
    PAIRS_STEP = 16
};

typedef uint32_t next_fn(const struct lookup *l, struct slice data, struct looked *looked);

struct lookup {
    uint32_t *words; /* the first mark of a word is its highest bit */
    uint32_t bits;
    bool pairs;
    next_fn *next;
};

/* Which word, and which bit of it. */
struct slot {
    uint32_t word, bit;
};

static struct slot slot_of(const struct lookup *l, uint32_t key)
{
    if (l->pairs)
        return (struct slot){key >> WORD_BITS, key & 31};
    uint32_t hash = lookup_hash(key);
    return (struct slot){hash >> (32 + WORD_BITS - l->bits), hash >> 7 & 31};
}

void lookup_mark(struct lookup *l, uint32_t key)
{
    struct slot s = slot_of(l, key);

    l->words[s.word] |= UINT32_C(1) << 31 >> s.bit;
}

static bool marked(const struct lookup *l, uint32_t key)
{
    struct slot s = slot_of(l, key);

    return l->words[s.word] << s.bit >> 31;
}

/* ---- one by one --------------------------------------------------------------------------- */

static uint32_t next_gram(const struct lookup *l, struct slice data, struct looked *looked)
{
    for (uint32_t i = looked->next; i + LOOKUP_GRAM <= data.len; i += LOOKUP_STRIDE) {
        if (!marked(l, lookup_load4(data.at + i) | LOOKUP_FOLD))
            continue;
        *looked = (struct looked){.next = i + LOOKUP_STRIDE, .base = i};
        return 1;
    }
    return 0;
}

static uint32_t next_pair(const struct lookup *l, struct slice data, struct looked *looked)
{
    for (uint32_t i = looked->next; i + 2 <= data.len; i++) {
        if (!marked(l, lookup_load2(data.at + i)))
            continue;
        *looked = (struct looked){.next = i + 1, .base = i};
        return 1;
    }
    return 0;
}

/* ---- many at once ------------------------------------------------------------------------- */

#if defined(__x86_64__)
#define WIDE __attribute__((target("avx2")))

bool lookup_wide(void)
{
    return __builtin_cpu_supports("avx2");
}

/* A short text with zeros behind it, as one step reads it. */
struct padded {
    uint8_t at[48];
};

static const uint8_t *pad(struct padded *to, struct slice data)
{
    memset(to->at, 0, sizeof(to->at));
    memcpy(to->at, data.at, data.len);
    return to->at;
}

/* The marks of eight keys as signs. */
WIDE static inline __m256i signs(const struct lookup *l, __m256i word, __m256i bit)
{
    __m256i words = _mm256_i32gather_epi32((const int *)(const void *)l->words, word, 4);

    return _mm256_sllv_epi32(words, _mm256_and_si256(bit, _mm256_set1_epi32(31)));
}

WIDE static inline uint32_t sign_bits(__m256i signs)
{
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(signs));
}

/* The grams at the first eight even places. */
WIDE static inline __m256i eight_grams(const struct lookup *l, const uint8_t *at, __m128i shift)
{
    const __m256i spread =
        _mm256_setr_epi8(0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9, /* of bytes 0 … 15 */
                         6, 7, 8, 9, 8, 9, 10, 11, 10, 11, 12, 13, 12, 13, 14, 15); /* 2 … 17 */
    __m256i bytes = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)at));

    bytes =
        _mm256_inserti128_si256(bytes, _mm_loadu_si128((const __m128i *)(const void *)(at + 2)), 1);
    __m256i gram =
        _mm256_or_si256(_mm256_shuffle_epi8(bytes, spread), _mm256_set1_epi32(LOOKUP_FOLD));
    __m256i hash = _mm256_mullo_epi32(gram, _mm256_set1_epi32((int)lookup_hash(1)));
    return signs(l, _mm256_srl_epi32(hash, shift), _mm256_srli_epi32(hash, 7));
}

WIDE static uint32_t next_grams(const struct lookup *l, struct slice data, struct looked *looked)
{
    __m128i shift = _mm_cvtsi32_si128((int)(32 + WORD_BITS - l->bits));
    uint32_t i = looked->next, last = (data.len - LOOKUP_GRAM) & ~1u;
    const uint8_t *at = data.at;
    struct padded padded;

    if (data.len < LOOKUP_GRAM || i > last)
        return 0;
    for (; i + GRAMS_READ <= data.len; i += GRAMS_STEP) {
        __m256i a = eight_grams(l, at + i, shift), b = eight_grams(l, at + i + 16, shift);
        if (!sign_bits(_mm256_or_si256(a, b)))
            continue;
        *looked = (struct looked){.next = i + GRAMS_STEP, .base = i};
        return sign_bits(a) | sign_bits(b) << 8;
    }
    looked->next = data.len;
    if (i > last)
        return 0;
    /* the last ones: with those before them, which do not count again, or with zeros behind */
    bool whole = data.len >= GRAMS_READ;
    looked->base = whole ? last - 30 : 0;
    at = whole ? at + looked->base : pad(&padded, data);
    __m256i a = eight_grams(l, at, shift), b = eight_grams(l, at + 16, shift);
    uint32_t set = sign_bits(a) | sign_bits(b) << 8;
    set &= (2u << (last - looked->base) / 2) - 1;
    return set & ~((1u << (i - looked->base) / 2) - 1);
}

/* The pairs at the first eight even places. */
WIDE static inline __m256i eight_pairs(const struct lookup *l, const uint8_t *at)
{
    __m256i pair = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)at));

    return signs(l, _mm256_srli_epi32(pair, WORD_BITS), pair);
}

/* Of eight bits the i-th one to place 2 * i. */
static uint32_t spread_bits(uint32_t v)
{
    v = (v | v << 4) & 0x0f0f;
    v = (v | v << 2) & 0x3333;
    return (v | v << 1) & 0x5555;
}

WIDE static uint32_t next_pairs(const struct lookup *l, struct slice data, struct looked *looked)
{
    uint32_t i = looked->next, last = data.len - 2;
    const uint8_t *at = data.at;
    struct padded padded;

    if (data.len < 2 || i > last)
        return 0;
    for (; i + PAIRS_READ <= data.len; i += PAIRS_STEP) {
        __m256i even = eight_pairs(l, at + i), odd = eight_pairs(l, at + i + 1);
        if (!sign_bits(_mm256_or_si256(even, odd)))
            continue;
        *looked = (struct looked){.next = i + PAIRS_STEP, .base = i};
        return spread_bits(sign_bits(even)) | spread_bits(sign_bits(odd)) << 1;
    }
    looked->next = data.len;
    if (i > last)
        return 0;
    bool whole = data.len >= PAIRS_READ;
    looked->base = whole ? last - (PAIRS_STEP - 1) : 0;
    at = whole ? at + looked->base : pad(&padded, data);
    uint32_t set = spread_bits(sign_bits(eight_pairs(l, at))) |
                   spread_bits(sign_bits(eight_pairs(l, at + 1))) << 1;
    set &= (2u << (last - looked->base)) - 1;
    return set & ~((1u << (i - looked->base)) - 1);
}
#else
#define next_grams next_gram
#define next_pairs next_pair

bool lookup_wide(void)
{
    return false;
}
#endif

/* ---- external ----------------------------------------------------------------------------- */

static struct lookup *lookup_new(uint32_t bits, bool pairs, next_fn *next)
{
    struct lookup *l = calloc(1, sizeof(*l));

    if (!l)
        return NULL;
    l->bits = bits;
    l->pairs = pairs;
    l->next = next;
    l->words = calloc((size_t)1 << (bits - WORD_BITS), sizeof(*l->words));
    if (!l->words)
        lookup_free(&l);
    return l;
}

struct lookup *lookup_new_grams(uint32_t n, bool narrow)
{
    uint32_t bits = LEAST_BITS;

    while (bits < MOST_BITS && UINT64_C(1) << bits < (uint64_t)n << SPREAD_BITS)
        bits++;
    return lookup_new(bits, false, narrow || !lookup_wide() ? next_gram : next_grams);
}

struct lookup *lookup_new_pairs(bool narrow)
{
    return lookup_new(PAIR_BITS, true, narrow || !lookup_wide() ? next_pair : next_pairs);
}

void lookup_free(struct lookup **lookup)
{
    if (*lookup)
        free((*lookup)->words);
    free(*lookup);
    *lookup = NULL;
}

size_t lookup_bytes(const struct lookup *l)
{
    return l ? sizeof(*l) + ((size_t)1 << l->bits) / 8 : 0;
}

uint32_t lookup_next(const struct lookup *l, struct slice data, struct looked *looked)
{
    return l->next(l, data, looked);
}

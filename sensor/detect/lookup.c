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
    SPREAD_BITS = 8, /* places for each gram, about */
    WORD_BITS = 5,
    /* what a step of AVX2 reads, and how far it goes */
    GRAMS_READ = 34,
    GRAMS_STEP = 32,
    PAIRS_READ = 17,
    PAIRS_STEP = 16,
    FEW_READ = 33,
    FEW_STEP = 32,
    BUCKETS = 8,
    /* of width: up to about a tenth of all places pass */
    FEW_PAIRS = 70000
};

typedef uint32_t next_fn(const struct lookup *l, struct slice data, struct looked *looked);

/* Pairs of one bucket: which low and high halves their first and second bytes have. All bytes made
 * of these halves pass a first look, so those that are alike go together. */
struct bucket {
    uint16_t low[2], high[2];
};

struct lookup {
    uint32_t *words; /* the first mark of a word is its highest bit */
    uint32_t bits;
    bool pairs;
    next_fn *next;
    uint8_t low[2][16], high[2][16]; /* of bytes of pairs: a bit for each bucket */
    uint32_t width;                  /* of all buckets */
    struct bucket bucket[BUCKETS];
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

static void bucket_add(struct bucket *b, uint32_t key)
{
    for (uint32_t i = 0; i < 2; i++, key >>= 8) {
        b->low[i] |= (uint16_t)(1u << (key & 15));
        b->high[i] |= (uint16_t)(1u << (key >> 4 & 15));
    }
}

/* How often a byte is met, about. */
static uint32_t usual(uint32_t c)
{
    if (!c)
        return 64;
    if ((c | 32) >= 'a' && (c | 32) <= 'z')
        return c & 32 ? 12 : 5;
    return c == ' ' || c == 0xff ? 12 : c >= '-' && c <= '9' ? 6 : c > ' ' && c < 127 ? 3 : 1;
}

/* How often a pair passes a bucket, about: a byte also stands beside its like. */
static uint32_t bucket_width(const struct bucket *b)
{
    uint32_t sum[2] = {0}, same = 0;

    for (uint32_t c = 0; c < 256; c++) {
        bool in[2];
        for (uint32_t i = 0; i < 2; i++) {
            in[i] = b->low[i] >> (c & 15) & b->high[i] >> (c >> 4) & 1;
            sum[i] += in[i] ? usual(c) : 0;
        }
        same += in[0] && in[1] ? usual(c) * usual(c) : 0;
    }
    return sum[0] * sum[1] + 8 * same;
}

/* Into the bucket that becomes wider by least. */
static void mark_pair(struct lookup *l, uint32_t key)
{
    uint32_t best = 0, least = UINT32_MAX;

    for (uint32_t i = 0; i < BUCKETS; i++) {
        struct bucket b = l->bucket[i];
        bucket_add(&b, key);
        uint32_t more = bucket_width(&b) - bucket_width(&l->bucket[i]);
        if (more < least) {
            least = more;
            best = i;
        }
    }
    bucket_add(&l->bucket[best], key);
    l->width += least;
    for (uint32_t i = 0; i < 2; i++, key >>= 8) {
        l->low[i][key & 15] |= (uint8_t)(1u << best);
        l->high[i][key >> 4 & 15] |= (uint8_t)(1u << best);
    }
}

void lookup_mark(struct lookup *l, uint32_t key)
{
    struct slot s = slot_of(l, key);

    l->words[s.word] |= UINT32_C(1) << 31 >> s.bit;
    if (l->pairs)
        mark_pair(l, key);
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
/* The four tables by half, each twice as a step needs them. */
struct halves {
    __m256i low[2], high[2];
};

WIDE static inline __m256i twice(const uint8_t *at)
{
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)at));
}

WIDE static inline __m256i buckets_of(__m256i bytes, __m256i low, __m256i high)
{
    const __m256i half = _mm256_set1_epi8(15);

    return _mm256_and_si256(
        _mm256_shuffle_epi8(low, _mm256_and_si256(bytes, half)),
        _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half)));
}

/* Bytes with the buckets that the pairs at these places may be in. */
WIDE static inline __m256i pair_buckets(const struct halves *h, const uint8_t *at)
{
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)at);
    __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(at + 1));

    return _mm256_and_si256(buckets_of(a, h->low[0], h->high[0]),
                            buckets_of(b, h->low[1], h->high[1]));
}

/* Of the places with some bucket those whose pair is marked. */
WIDE static uint32_t marked_pairs(const struct lookup *l, __m256i buckets, const uint8_t *at)
{
    uint32_t none =
        (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(buckets, _mm256_setzero_si256()));
    uint32_t set = 0;

    for (uint32_t some = ~none; some; some &= some - 1) {
        uint32_t i = (uint32_t)__builtin_ctz(some);
        set |= (uint32_t)marked(l, lookup_load2(at + i)) << i;
    }
    return set;
}

WIDE static uint32_t next_few_pairs(const struct lookup *l, struct slice data,
                                    struct looked *looked)
{
    struct halves h = {{twice(l->low[0]), twice(l->low[1])},
                       {twice(l->high[0]), twice(l->high[1])}};
    uint32_t i = looked->next, last = data.len - 2, set;
    const uint8_t *at = data.at;
    struct padded padded;

    if (data.len < 2 || i > last)
        return 0;
    while (i + FEW_READ <= data.len) {
        __m256i a = pair_buckets(&h, at + i);
        if (i + FEW_STEP + FEW_READ <= data.len) {
            __m256i b = pair_buckets(&h, at + i + FEW_STEP), any = _mm256_or_si256(a, b);
            if (_mm256_testz_si256(any, any)) {
                i += 2 * FEW_STEP;
                continue;
            }
        }
        set = marked_pairs(l, a, at + i);
        i += FEW_STEP;
        if (!set)
            continue;
        *looked = (struct looked){.next = i, .base = i - FEW_STEP};
        return set;
    }
    looked->next = data.len;
    if (i > last)
        return 0;
    bool whole = data.len >= FEW_READ;
    looked->base = whole ? last - (FEW_STEP - 1) : 0;
    at = whole ? at + looked->base : pad(&padded, data);
    set = marked_pairs(l, pair_buckets(&h, at), at);
    set &= (uint32_t)((UINT64_C(2) << (last - looked->base)) - 1);
    return set & ~(uint32_t)((UINT64_C(1) << (i - looked->base)) - 1);
}
#else
#define next_grams     next_gram
#define next_pairs     next_pair
#define next_few_pairs next_pair

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
    return lookup_new(PAIR_BITS, true, narrow || !lookup_wide() ? next_pair : next_few_pairs);
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
    if (l->next == next_few_pairs && l->width > FEW_PAIRS)
        return next_pairs(l, data, looked);
    return l->next(l, data, looked);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/lookup.h"

#include <stdlib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum {
    LEAST_BITS = 10, /* of the number of bits, as a power of two */
    MOST_BITS = 18,
    PAIR_BITS = 16,
    SPREAD_BITS = 5, /* of the bits for each gram, at least: few, so that tables stay in caches */
    WORD_BITS = 5,
    /* what a step of AVX2 reads, and how far it goes */
    GRAMS_READ = 34,
    GRAMS_STEP = 32,
    EIGHT_LAST = 14, /* the last of eight grams */
    PAIRS_READ = 17,
    PAIRS_STEP = 16,
    FEW_READ = 33,
    FEW_STEP = 32,
    BUCKETS = 8,
    /* of width: up to about a tenth of all places pass */
    FEW_PAIRS = 70000
};

typedef uint32_t next_fn(const struct lookup *l, struct slice data, uint32_t *from, uint32_t *at);

/* Pairs of one bucket: which low and high halves their first and second bytes have. All bytes made
 * of these halves pass a first look, so those that are alike go together. */
struct bucket {
    uint16_t low[2], high[2];
    uint32_t width;
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

/* Which word, and which bits of it: pairs have one. */
struct slot {
    uint32_t word, bit, other;
};

static struct slot slot_of(const struct lookup *l, uint32_t key)
{
    if (l->pairs)
        return (struct slot){(key & UINT16_MAX) >> WORD_BITS, key & 31, key & 31};
    uint32_t hash = lookup_hash(key);
    return (struct slot){hash >> (32 + WORD_BITS - l->bits), hash >> 7 & 31, hash >> 12 & 31};
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

    for (uint32_t high = 0; high < 16; high++) {
        uint32_t first = b->high[0] >> high & 1 ? b->low[0] : 0;
        uint32_t second = b->high[1] >> high & 1 ? b->low[1] : 0;
        for (uint32_t any = first | second; any; any &= any - 1) {
            uint32_t low = (uint32_t)__builtin_ctz(any), n = usual(high << 4 | low);
            sum[0] += first >> low & 1 ? n : 0;
            sum[1] += second >> low & 1 ? n : 0;
            same += first & second & 1u << low ? n * n : 0;
        }
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
        uint32_t more = bucket_width(&b) - l->bucket[i].width;
        if (more < least) {
            least = more;
            best = i;
        }
    }
    bucket_add(&l->bucket[best], key);
    l->bucket[best].width += least;
    l->width += least;
    for (uint32_t i = 0; i < 2; i++, key >>= 8) {
        l->low[i][key & 15] |= (uint8_t)(1u << best);
        l->high[i][key >> 4 & 15] |= (uint8_t)(1u << best);
    }
}

static bool marked(const struct lookup *l, uint32_t key)
{
    struct slot s = slot_of(l, key);

    return (l->words[s.word] << s.bit & l->words[s.word] << s.other) >> 31;
}

/* ---- one by one --------------------------------------------------------------------------- */

static uint32_t next_gram(const struct lookup *l, struct slice data, uint32_t *from, uint32_t *at)
{
    uint32_t i = *from, n = 0;

    for (; i + LOOKUP_GRAM <= data.len && n < LOOKUP_ROOM; i += LOOKUP_STRIDE) {
        if (marked(l, lookup_load4(data.at + i) | LOOKUP_FOLD))
            at[n++] = i;
    }
    *from = i;
    return n;
}

static uint32_t short_gram(const struct lookup *l, struct slice data)
{
    uint32_t set = 0;

    for (uint32_t i = 0; i + LOOKUP_GRAM <= data.len; i += LOOKUP_STRIDE)
        set |= (uint32_t)marked(l, lookup_load4(data.at + i) | LOOKUP_FOLD) << i / LOOKUP_STRIDE;
    return set;
}

static uint32_t next_pair(const struct lookup *l, struct slice data, uint32_t *from, uint32_t *at)
{
    uint32_t i = *from, n = 0;

    for (; i + 2 <= data.len && n < LOOKUP_ROOM; i++) {
        if (marked(l, lookup_load2(data.at + i)))
            at[n++] = i;
    }
    *from = i;
    return n;
}

/* ---- many at once ------------------------------------------------------------------------- */

#if defined(__x86_64__)
#define WIDE __attribute__((target("avx2")))

bool lookup_wide(void)
{
    return __builtin_cpu_supports("avx2");
}

/* Writes the places of the bits of `set`, `step` apart from `base` on. */
static inline uint32_t write_places(uint32_t set, uint32_t base, uint32_t step, uint32_t *at)
{
    uint32_t n = 0;

    for (; set; set &= set - 1)
        at[n++] = base + step * (uint32_t)__builtin_ctz(set);
    return n;
}

/* A short text, of two bytes at least, with zeros behind it, as one step reads it. */
struct padded {
    uint8_t at[48];
};

/* The first bytes and the last ones: copies of one size each need no loop. */
#define COPY_ENDS(to, data, n)                                                                     \
    (memcpy((to), (data).at, (n)),                                                                 \
     memcpy((to) + (data).len - (n), (data).at + (data).len - (n), (n)))

static inline const uint8_t *pad(struct padded *to, struct slice data)
{
    memset(to->at, 0, sizeof(to->at));
    if (data.len >= 16)
        COPY_ENDS(to->at, data, 16);
    else if (data.len >= 8)
        COPY_ENDS(to->at, data, 8);
    else if (data.len >= 4)
        COPY_ENDS(to->at, data, 4);
    else
        COPY_ENDS(to->at, data, 2);
    return to->at;
}

/* The words of eight keys, and one of the bits of each as a sign. */
WIDE static inline __m256i words_of(const struct lookup *l, __m256i word)
{
    return _mm256_i32gather_epi32((const int *)(const void *)l->words, word, 4);
}

WIDE static inline __m256i signs(__m256i words, __m256i bit)
{
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
    __m256i words = words_of(l, _mm256_srl_epi32(hash, shift));
    return _mm256_and_si256(signs(words, _mm256_srli_epi32(hash, 7)),
                            signs(words, _mm256_srli_epi32(hash, 12)));
}

/* Those of them that are marked, a bit each. */
WIDE static inline uint32_t eight_bits(const struct lookup *l, const uint8_t *at, __m128i shift)
{
    return sign_bits(eight_grams(l, at, shift));
}

/* Those of the last grams of a text, sixteen at most, from `from` on: read with some before them
 * where there are fewer than a step looks at, with zeros behind a text that is shorter than one. */
WIDE static inline uint32_t last_grams(const struct lookup *l, struct slice data, uint32_t from)
{
    __m128i shift = _mm_cvtsi32_si128((int)(32 + WORD_BITS - l->bits));
    uint32_t last = (data.len - LOOKUP_GRAM) & ~1u, n = (last - from) / 2 + 1, set;

    if (last < EIGHT_LAST) {
        struct padded padded;
        set = eight_bits(l, pad(&padded, data), shift) >> from / 2 & ((1u << n) - 1);
    } else {
        uint32_t base = last - EIGHT_LAST;
        set = eight_bits(l, data.at + base, shift);
        if (n <= 8)
            set >>= (from - base) / 2;
        else
            set = set << (base - from) / 2 | eight_bits(l, data.at + from, shift);
    }
    return set;
}

WIDE static uint32_t next_grams(const struct lookup *l, struct slice data, uint32_t *from,
                                uint32_t *to)
{
    uint32_t i = *from, n = 0;

    if (i + GRAMS_READ <= data.len) {
        __m128i shift = _mm_cvtsi32_si128((int)(32 + WORD_BITS - l->bits));
        for (; i + GRAMS_READ <= data.len && n <= LOOKUP_ROOM - GRAMS_STEP / 2; i += GRAMS_STEP) {
            __m256i a = eight_grams(l, data.at + i, shift);
            __m256i b = eight_grams(l, data.at + i + 16, shift);
            if (sign_bits(_mm256_or_si256(a, b)))
                n += write_places(sign_bits(a) | sign_bits(b) << 8, i, LOOKUP_STRIDE, to + n);
        }
        *from = i;
        if (n > LOOKUP_ROOM - GRAMS_STEP / 2)
            return n;
    }
    *from = data.len;
    if (i + LOOKUP_GRAM > data.len)
        return n;
    return n + write_places(last_grams(l, data, i), i, LOOKUP_STRIDE, to + n);
}

WIDE static uint32_t short_grams(const struct lookup *l, struct slice data)
{
    return last_grams(l, data, 0);
}

/* The pairs at the first eight even places. */
WIDE static inline __m256i eight_pairs(const struct lookup *l, const uint8_t *at)
{
    __m256i pair = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)at));

    return signs(words_of(l, _mm256_srli_epi32(pair, WORD_BITS)), pair);
}

/* Of eight bits the i-th one to place 2 * i. */
static uint32_t spread_bits(uint32_t v)
{
    v = (v | v << 4) & 0x0f0f;
    v = (v | v << 2) & 0x3333;
    return (v | v << 1) & 0x5555;
}

WIDE static inline uint32_t sixteen_pairs(const struct lookup *l, const uint8_t *at)
{
    __m256i even = eight_pairs(l, at), odd = eight_pairs(l, at + 1);

    if (!sign_bits(_mm256_or_si256(even, odd)))
        return 0;
    return spread_bits(sign_bits(even)) | spread_bits(sign_bits(odd)) << 1;
}

WIDE static uint32_t last_pairs(const struct lookup *l, struct slice data, uint32_t from,
                                uint32_t *to)
{
    uint32_t last = data.len - 2;
    bool whole = data.len >= PAIRS_READ;
    uint32_t base = whole ? last - (PAIRS_STEP - 1) : 0;
    struct padded padded;

    uint32_t set = sixteen_pairs(l, whole ? data.at + base : pad(&padded, data));
    set &= (2u << (last - base)) - 1;
    return write_places(set & ~((1u << (from - base)) - 1), base, 1, to);
}

WIDE static uint32_t next_pairs(const struct lookup *l, struct slice data, uint32_t *from,
                                uint32_t *to)
{
    uint32_t i = *from, n = 0;

    for (; i + PAIRS_READ <= data.len && n <= LOOKUP_ROOM - PAIRS_STEP; i += PAIRS_STEP)
        n += write_places(sixteen_pairs(l, data.at + i), i, 1, to + n);
    *from = i;
    if (n > LOOKUP_ROOM - PAIRS_STEP || i + 2 > data.len)
        return n;
    *from = data.len;
    return n + last_pairs(l, data, i, to + n);
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

WIDE static inline struct halves halves_of(const struct lookup *l)
{
    return (struct halves){{twice(l->low[0]), twice(l->low[1])},
                           {twice(l->high[0]), twice(l->high[1])}};
}

WIDE static uint32_t last_few_pairs(const struct lookup *l, struct slice data, uint32_t from,
                                    uint32_t *to)
{
    struct halves h = halves_of(l);
    uint32_t last = data.len - 2;
    bool whole = data.len >= FEW_READ;
    uint32_t base = whole ? last - (FEW_STEP - 1) : 0;
    struct padded padded;
    const uint8_t *at = whole ? data.at + base : pad(&padded, data);

    uint32_t set = marked_pairs(l, pair_buckets(&h, at), at);
    set &= (uint32_t)((UINT64_C(2) << (last - base)) - 1);
    return write_places(set & ~(uint32_t)((UINT64_C(1) << (from - base)) - 1), base, 1, to);
}

WIDE static uint32_t next_few_pairs(const struct lookup *l, struct slice data, uint32_t *from,
                                    uint32_t *to)
{
    struct halves h = halves_of(l);
    uint32_t i = *from, n = 0;

    while (i + FEW_READ <= data.len && n <= LOOKUP_ROOM - FEW_STEP) {
        __m256i a = pair_buckets(&h, data.at + i);
        if (i + FEW_STEP + FEW_READ <= data.len) {
            __m256i b = pair_buckets(&h, data.at + i + FEW_STEP), any = _mm256_or_si256(a, b);
            if (_mm256_testz_si256(any, any)) {
                i += 2 * FEW_STEP;
                continue;
            }
        }
        n += write_places(marked_pairs(l, a, data.at + i), i, 1, to + n);
        i += FEW_STEP;
    }
    *from = i;
    if (n > LOOKUP_ROOM - FEW_STEP || i + 2 > data.len)
        return n;
    *from = data.len;
    return n + last_few_pairs(l, data, i, to + n);
}
#else
#define next_grams     next_gram
#define short_grams    short_gram
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

void lookup_mark(struct lookup *l, uint32_t key)
{
    struct slot s = slot_of(l, key);

    l->words[s.word] |= UINT32_C(1) << 31 >> s.bit | UINT32_C(1) << 31 >> s.other;
    if (!l->pairs)
        return;
    mark_pair(l, key);
    if (l->next == next_few_pairs && l->width > FEW_PAIRS)
        l->next = next_pairs;
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

uint32_t lookup_next(const struct lookup *l, struct slice data, uint32_t *from,
                     uint32_t at[LOOKUP_ROOM])
{
    return l->next(l, data, from, at);
}

uint32_t lookup_short(const struct lookup *l, struct slice data)
{
    return l->next == next_grams ? short_grams(l, data) : short_gram(l, data);
}

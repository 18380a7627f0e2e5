/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two neighbouring bytes of the literal, its rarest pair, are compared with many places at once: 64
 * where the processor has AVX2, 16 elsewhere (by the compilers' own vectors); the rest is compared
 * where both stand. Without case the letters' bit 32 is masked out of the pair.
 */
#include "sensor/detect/content.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? c | 32 : c;
}

static uint32_t rank(uint8_t c)
{
    /* most frequent first; what is not listed is rarer than all of these */
    static const char common[] =
        "\0 etaonisrhldcumpf/=.0g1-:b2w\xffy\n\r<>3v\"4k5,86;79&_%()ATSECIx'\t";
    const char *at = memchr(common, c, sizeof(common) - 1);

    return at ? (uint32_t)(at - common) + 1 : sizeof(common);
}

uint8_t content_rare(struct slice what)
{
    uint32_t best_rank = 0;
    uint8_t best = 0;

    for (uint32_t i = 0; i + 1 < what.len && i < 255; i++) {
        uint32_t r = rank(what.at[i]) + rank(what.at[i + 1]);
        if (r > best_rank) {
            best_rank = r;
            best = (uint8_t)i;
        }
    }
    return best;
}

bool content_at(const uint8_t *at, struct slice what, bool nocase)
{
    if (!nocase)
        return memcmp(at, what.at, what.len) == 0;
    for (uint32_t i = 0; i < what.len; i++) {
        if (lower(at[i]) != what.at[i])
            return false;
    }
    return true;
}

enum { LANES = 16, WIDE_LANES = 32, STRIDE = 2 * WIDE_LANES };
typedef uint8_t lanes __attribute__((vector_size(LANES)));

/* The pair that is looked for: its place in the literal, its bytes, and the bits left out. */
struct pair {
    uint32_t at[2];
    uint8_t byte[2], mask[2];
};

/* What is looked for, and where. */
struct search {
    const uint8_t *in;
    uint32_t places; /* where it may begin */
    struct slice what;
    struct pair pair;
    bool nocase;
};

static struct pair pair_of(struct slice what, uint32_t rare, bool nocase)
{
    struct pair p = {.at = {rare, rare + 1 < what.len ? rare + 1 : rare}};

    for (int i = 0; i < 2; i++) {
        uint8_t c = what.at[p.at[i]];
        p.mask[i] = nocase && c >= 'a' && c <= 'z' ? 32 : 0;
        p.byte[i] = c | p.mask[i];
    }
    return p;
}

static bool pair_at(const struct pair *p, const uint8_t *at)
{
    return (at[p->at[0]] | p->mask[0]) == p->byte[0] && (at[p->at[1]] | p->mask[1]) == p->byte[1];
}

/* ---- 16 places at once -------------------------------------------------------------------- */

/* All ones in the lanes where the pair stands. */
static inline lanes pairs_at(const struct pair *p, const uint8_t *at)
{
    lanes a, b;

    memcpy(&a, at + p->at[0], LANES);
    memcpy(&b, at + p->at[1], LANES);
    return (lanes)(((a | p->mask[0]) == p->byte[0]) & ((b | p->mask[1]) == p->byte[1]));
}

/* The first of the places `from` … `to` - 1 at which the literal stands, or -1. */
static int64_t find_here(const struct search *s, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        if (pair_at(&s->pair, s->in + i) && content_at(s->in + i, s->what, s->nocase))
            return i;
    }
    return -1;
}

static int64_t find_narrow(const struct search *s)
{
    uint32_t i = 0;

    for (; s->places - i >= LANES; i += LANES) {
        lanes set = pairs_at(&s->pair, s->in + i);
        uint64_t half[2];
        memcpy(half, &set, LANES);
        int64_t at = half[0] | half[1] ? find_here(s, i, i + LANES) : -1;
        if (at >= 0)
            return at;
    }
    return find_here(s, i, s->places);
}

/* ---- 64 places at once -------------------------------------------------------------------- */

#if defined(__x86_64__)
#define WIDE __attribute__((target("avx2")))

static bool is_wide(void)
{
    return __builtin_cpu_supports("avx2");
}

WIDE static inline __m256i load(const uint8_t *at)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

/* The pair, 32 times each byte. */
struct wide_pair {
    const uint8_t *first, *second; /* of place 0 */
    __m256i byte[2], mask[2];
};

/* All ones in the lanes where the pair stands. `exact`: no bits are left out. */
WIDE static inline __attribute__((always_inline)) __m256i wide_pairs(const struct wide_pair *p,
                                                                     uint32_t i, bool exact)
{
    __m256i a = load(p->first + i), b = load(p->second + i);

    if (!exact) {
        a = _mm256_or_si256(a, p->mask[0]);
        b = _mm256_or_si256(b, p->mask[1]);
    }
    return _mm256_and_si256(_mm256_cmpeq_epi8(a, p->byte[0]), _mm256_cmpeq_epi8(b, p->byte[1]));
}

/* The first of the places behind `i` whose bits are set at which the literal stands, or -1. */
static int64_t find_set(const struct search *s, uint32_t i, uint64_t set)
{
    for (; set; set &= set - 1) {
        uint32_t at = i + (uint32_t)__builtin_ctzll(set);
        if (content_at(s->in + at, s->what, s->nocase))
            return at;
    }
    return -1;
}

WIDE static inline uint32_t set_bits(__m256i set)
{
    return (uint32_t)_mm256_movemask_epi8(set);
}

/* WIDE_LANES places at least. The last step looks at some again. */
WIDE static inline __attribute__((always_inline)) int64_t find_steps(const struct search *s,
                                                                     bool exact)
{
    const struct pair *p = &s->pair;
    const struct wide_pair w = {
        s->in + p->at[0],
        s->in + p->at[1],
        {_mm256_set1_epi8((char)p->byte[0]), _mm256_set1_epi8((char)p->byte[1])},
        {_mm256_set1_epi8((char)p->mask[0]), _mm256_set1_epi8((char)p->mask[1])},
    };
    uint32_t i = 0;
    int64_t at;

    for (; s->places - i >= STRIDE; i += STRIDE) {
        __m256i low = wide_pairs(&w, i, exact), high = wide_pairs(&w, i + WIDE_LANES, exact);
        __m256i any = _mm256_or_si256(low, high);
        if (_mm256_testz_si256(any, any))
            continue;
        at = find_set(s, i, set_bits(low) | (uint64_t)set_bits(high) << WIDE_LANES);
        if (at >= 0)
            return at;
    }
    for (; i < s->places; i += WIDE_LANES) {
        i = i + WIDE_LANES > s->places ? s->places - WIDE_LANES : i;
        at = find_set(s, i, set_bits(wide_pairs(&w, i, exact)));
        if (at >= 0)
            return at;
    }
    return -1;
}

WIDE static int64_t find_wide(const struct search *s)
{
    return s->pair.mask[0] | s->pair.mask[1] ? find_steps(s, false) : find_steps(s, true);
}
#else
#define find_wide find_narrow

static bool is_wide(void)
{
    return false;
}
#endif

int64_t content_find(struct slice in, struct slice what, uint32_t rare, bool nocase)
{
    if (what.len > in.len)
        return -1;
    if (!what.len)
        return 0;
    struct search s = {in.at, in.len - what.len + 1, what, pair_of(what, rare, nocase), nocase};
    if (s.places >= WIDE_LANES && is_wide())
        return find_wide(&s);
    return find_narrow(&s);
}

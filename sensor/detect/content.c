/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two neighbouring bytes of the literal, its rarest pair, are compared with 16 places at once; the
 * rest is compared where both stand. Without case the letters' bit 32 is masked out of the pair.
 * Vectors are the compilers' extension, so there is one source for all processors; what passes over
 * places without the pair is compiled for wider ones too.
 */
#include "sensor/detect/content.h"

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

enum { LANES = 16, WIDE = 32, STRIDE = 2 * WIDE };
typedef uint8_t lanes __attribute__((vector_size(LANES)));
typedef uint8_t wide __attribute__((vector_size(WIDE)));
typedef uint64_t wide_words __attribute__((vector_size(WIDE)));

/* The fastest one for the processor is taken when the program starts. */
#if defined(__x86_64__) && !defined(TRAMGAC_SANITIZED)
#define FOR_EACH_WIDTH __attribute__((target_clones("avx2", "default")))
#else
#define FOR_EACH_WIDTH
#endif

/* The pair that is looked for: its place in the literal, its bytes, and the bits left out. */
struct pair {
    uint32_t at[2];
    uint8_t byte[2], mask[2];
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

/* All ones in the lanes where the pair stands. */
static inline lanes pairs_at(const struct pair *p, const uint8_t *at)
{
    lanes a, b;

    memcpy(&a, at + p->at[0], LANES);
    memcpy(&b, at + p->at[1], LANES);
    return (lanes)(((a | p->mask[0]) == p->byte[0]) & ((b | p->mask[1]) == p->byte[1]));
}

/* The first LANES places from `i` on, by whole LANES, among which the pair stands, while a stride
 * ends before `end`; or where the last of these ended. `exact`: no bits are left out. */
static inline __attribute__((always_inline)) uint32_t
pass_strides(const struct pair *p, const uint8_t *in, uint32_t i, uint32_t end, bool exact)
{
    const uint8_t *first = in + p->at[0], *second = in + p->at[1];
    uint8_t mask[2] = {p->mask[0], p->mask[1]}, byte[2] = {p->byte[0], p->byte[1]};

    for (; end - i >= STRIDE; i += STRIDE) {
        wide a[2], b[2];
        memcpy(a, first + i, STRIDE);
        memcpy(b, second + i, STRIDE);
        for (int k = 0; k < 2 && !exact; k++) {
            a[k] |= mask[0];
            b[k] |= mask[1];
        }
        wide_words low = (wide_words)((a[0] == byte[0]) & (b[0] == byte[1]));
        wide_words high = (wide_words)((a[1] == byte[0]) & (b[1] == byte[1]));
        wide_words any = low | high;
        if (!(any[0] | any[1] | any[2] | any[3]))
            continue;
        if (low[0] | low[1])
            return i;
        if (low[2] | low[3])
            return i + LANES;
        return high[0] | high[1] ? i + 2 * LANES : i + 3 * LANES;
    }
    return i;
}

FOR_EACH_WIDTH static uint32_t pass_over(const struct pair *p, const uint8_t *in, uint32_t i,
                                         uint32_t end)
{
    if (p->mask[0] | p->mask[1])
        return pass_strides(p, in, i, end, false);
    return pass_strides(p, in, i, end, true);
}

/* The first of the places `from` … `to` - 1 at which the literal stands, or -1. */
static int64_t find_here(const uint8_t *in, uint32_t from, uint32_t to, struct slice what,
                         const struct pair *p, bool nocase)
{
    for (uint32_t i = from; i < to; i++) {
        if (pair_at(p, in + i) && content_at(in + i, what, nocase))
            return i;
    }
    return -1;
}

/* The same for one block of places, of which only those near a lane that is set are compared. */
static int64_t find_block(const uint8_t *in, uint32_t from, lanes set, struct slice what,
                          const struct pair *p, bool nocase)
{
    uint64_t half[2];
    int64_t at = -1;

    memcpy(half, &set, LANES);
    if (half[0])
        at = find_here(in, from, from + LANES / 2, what, p, nocase);
    if (at < 0 && half[1])
        at = find_here(in, from + LANES / 2, from + LANES, what, p, nocase);
    return at;
}

int64_t content_find(struct slice in, struct slice what, uint32_t rare, bool nocase)
{
    if (what.len > in.len)
        return -1;
    if (!what.len)
        return 0;
    uint32_t places = in.len - what.len + 1, i = 0;
    struct pair p = pair_of(what, rare, nocase);
    while (places - i >= LANES) {
        i = pass_over(&p, in.at, i, places);
        if (places - i < LANES)
            break;
        int64_t at = find_block(in.at, i, pairs_at(&p, in.at + i), what, &p, nocase);
        if (at >= 0)
            return at;
        i += LANES;
    }
    return find_here(in.at, i, places, what, &p, nocase);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two neighbouring bytes of the literal, its rarest pair, are compared with 16 places at once; the
 * rest is compared where both stand. Without case the letters' bit 32 is masked out of the pair.
 * Vectors are the compilers' extension, so there is one source for all processors.
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

enum { LANES = 16, STRIDE = 4 * LANES };
typedef uint8_t lanes __attribute__((vector_size(LANES)));

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

static inline bool any_in_stride(const struct pair *p, const uint8_t *at)
{
    uint64_t half[2];
    lanes l = pairs_at(p, at) | pairs_at(p, at + LANES) | pairs_at(p, at + 2 * LANES) |
              pairs_at(p, at + 3 * LANES);

    memcpy(half, &l, LANES);
    return (half[0] | half[1]) != 0;
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
        if (places - i >= STRIDE && !any_in_stride(&p, in.at + i)) {
            i += STRIDE;
            continue;
        }
        int64_t at = find_block(in.at, i, pairs_at(&p, in.at + i), what, &p, nocase);
        if (at >= 0)
            return at;
        i += LANES;
    }
    return find_here(in.at, i, places, what, &p, nocase);
}

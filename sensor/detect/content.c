/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rarest byte of the literal is found by memchr (vectorised by the C library), then the rest is
 * compared. Without case a letter is looked for in both forms, the nearer one first.
 */
#include "sensor/detect/content.h"

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? c | 32 : c;
}

uint8_t content_rare(struct slice what)
{
    /* most frequent first; what is not listed is rarer than all of these */
    static const char common[] = "\0 etaonisrhldcumpf/=.0g1-:b2w\xffy\n\r3v\"4k5,86;79&_%ATSECIx";
    uint32_t best_rank = 0;
    uint8_t best = 0;

    for (uint32_t i = 0; i < what.len && i < 255; i++) {
        const char *at = memchr(common, what.at[i], sizeof(common) - 1);
        uint32_t rank = at ? (uint32_t)(at - common) + 1 : sizeof(common);
        if (rank > best_rank) {
            best_rank = rank;
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

/* Next place of either byte at or behind `at`; keeps both positions so that each byte is searched
 * once. */
struct twin {
    const uint8_t *next[2];
    uint8_t byte[2];
    uint32_t n;
};

static const uint8_t *twin_next(struct twin *t, const uint8_t *at, const uint8_t *end)
{
    const uint8_t *best = NULL;

    for (uint32_t i = 0; i < t->n; i++) {
        if (t->next[i] && t->next[i] < at)
            t->next[i] = memchr(at, t->byte[i], (size_t)(end - at));
        if (t->next[i] && (!best || t->next[i] < best))
            best = t->next[i];
    }
    return best;
}

int64_t content_find(struct slice in, struct slice what, uint32_t rare, bool nocase)
{
    if (what.len > in.len)
        return -1;
    const uint8_t *start = in.at + rare;
    const uint8_t *end = in.at + (in.len - what.len) + rare + 1;
    uint8_t c = what.at[rare];
    struct twin t = {.n = 1, .byte = {c, 0}};
    if (nocase && c >= 'a' && c <= 'z') {
        t.n = 2;
        t.byte[1] = (uint8_t)(c - 32);
    }
    for (uint32_t i = 0; i < t.n; i++)
        t.next[i] = memchr(start, t.byte[i], (size_t)(end - start));
    for (const uint8_t *at = twin_next(&t, start, end); at; at = twin_next(&t, at + 1, end)) {
        if (content_at(at - rare, what, nocase))
            return at - rare - in.at;
        if (at + 1 >= end)
            break;
    }
    return -1;
}

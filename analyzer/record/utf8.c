/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 (RFC 3629). Folding covers the Latin-1 Supplement, Latin Extended-A and -B as far as
 * Vietnamese and its neighbours use them, Latin Extended Additional, and combining marks.
 */
#include "analyzer/record/utf8.h"

/* Next character; 0 when the bytes at `i` are wrong. *len is its length (1 when wrong). */
static uint32_t decode(struct slice s, uint32_t i, uint32_t *len)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t b = s.at[i];
    uint32_t n = b < 0x80 ? 1 : b >= 0xc2 && b < 0xe0 ? 2 : (b & 0xf0) == 0xe0 ? 3 : 4;

    *len = 1;
    if (n == 1)
        return b;
    if (b < 0xc2 || b > 0xf4 || s.len - i < n)
        return 0;
    uint32_t c = b & (0x7fu >> n);
    for (uint32_t k = 1; k < n; k++) {
        if ((s.at[i + k] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s.at[i + k] & 0x3fu);
    }
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0;
    *len = n;
    return c;
}

static uint64_t word_at(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return word;
}

/* Eight bytes at a time: none has its highest bit, none is 0. */
static uint32_t ascii_run(struct slice s, uint32_t i)
{
    const uint64_t high = UINT64_C(0x8080808080808080), ones = UINT64_C(0x0101010101010101);

    while (i + 8 <= s.len && !((word_at(s.at + i) | (word_at(s.at + i) - ones)) & high))
        i += 8;
    while (i < s.len && s.at[i] && s.at[i] < 0x80)
        i++;
    return i;
}

bool utf8_ok(struct slice text)
{
    uint32_t len;
    for (uint32_t i = ascii_run(text, 0); i < text.len; i = ascii_run(text, i + len))
        if (!decode(text, i, &len))
            return false;
    return true;
}

void utf8_repair(struct slice text, struct strbuf *out)
{
    uint32_t len;
    for (uint32_t i = 0; i < text.len; i += len) {
        if (decode(text, i, &len))
            strbuf_bytes(out, text.at + i, len);
        else
            strbuf_str(out, "\xef\xbf\xbd");
    }
}

uint32_t utf8_cut(struct slice text, uint32_t max)
{
    if (text.len <= max)
        return text.len;
    while (max && (text.at[max] & 0xc0) == 0x80)
        max--;
    return max;
}

struct fold_range {
    uint16_t from, to;
    char base; /* 0: leave it out */
};

static const struct fold_range folds[] = {
    {0x00c0, 0x00c5, 'a'}, {0x00c7, 0x00c7, 'c'}, {0x00c8, 0x00cb, 'e'}, {0x00cc, 0x00cf, 'i'},
    {0x00d0, 0x00d0, 'd'}, {0x00d1, 0x00d1, 'n'}, {0x00d2, 0x00d6, 'o'}, {0x00d8, 0x00d8, 'o'},
    {0x00d9, 0x00dc, 'u'}, {0x00dd, 0x00dd, 'y'}, {0x00e0, 0x00e5, 'a'}, {0x00e7, 0x00e7, 'c'},
    {0x00e8, 0x00eb, 'e'}, {0x00ec, 0x00ef, 'i'}, {0x00f0, 0x00f0, 'd'}, {0x00f1, 0x00f1, 'n'},
    {0x00f2, 0x00f6, 'o'}, {0x00f8, 0x00f8, 'o'}, {0x00f9, 0x00fc, 'u'}, {0x00fd, 0x00fd, 'y'},
    {0x00ff, 0x00ff, 'y'}, {0x0100, 0x0105, 'a'}, {0x0106, 0x010d, 'c'}, {0x010e, 0x0111, 'd'},
    {0x0112, 0x011b, 'e'}, {0x011c, 0x0123, 'g'}, {0x0124, 0x0127, 'h'}, {0x0128, 0x0131, 'i'},
    {0x0139, 0x0142, 'l'}, {0x0143, 0x0148, 'n'}, {0x014c, 0x0151, 'o'}, {0x0154, 0x0159, 'r'},
    {0x015a, 0x0161, 's'}, {0x0162, 0x0167, 't'}, {0x0168, 0x0173, 'u'}, {0x0174, 0x0175, 'w'},
    {0x0176, 0x0178, 'y'}, {0x0179, 0x017e, 'z'}, {0x01a0, 0x01a1, 'o'}, {0x01af, 0x01b0, 'u'},
    {0x0300, 0x036f, 0},   {0x1ea0, 0x1eb7, 'a'}, {0x1eb8, 0x1ec7, 'e'}, {0x1ec8, 0x1ecb, 'i'},
    {0x1ecc, 0x1ee3, 'o'}, {0x1ee4, 0x1ef1, 'u'}, {0x1ef2, 0x1ef9, 'y'},
};

static const struct fold_range *fold_of(uint32_t c)
{
    for (uint32_t i = 0; i < sizeof(folds) / sizeof(folds[0]); i++)
        if (c >= folds[i].from && c <= folds[i].to)
            return &folds[i];
    return NULL;
}

static char fold_byte(uint8_t c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c ? c : ' ');
}

/* Bytes of ASCII at the beginning; how many. */
static uint32_t fold_ascii(struct slice text, struct strbuf *out)
{
    uint32_t n = 0;

    while (n < text.len && text.at[n] < 0x80)
        n++;
    if (n && strbuf_grow(out, n)) {
        for (uint32_t i = 0; i < n; i++)
            out->at[out->len++] = fold_byte(text.at[i]);
        out->at[out->len] = '\0';
    } else {
        for (uint32_t i = 0; i < n; i++) /* as much as there is room for */
            strbuf_char(out, fold_byte(text.at[i]));
    }
    return n;
}

void utf8_fold(struct slice text, struct strbuf *out)
{
    uint32_t len;

    for (uint32_t i = fold_ascii(text, out); i < text.len; i += len) {
        uint32_t c = decode(text, i, &len);
        const struct fold_range *fold = c >= 0x80 ? fold_of(c) : NULL;
        if (c < 0x80)
            len = fold_ascii(slice_from(text, i), out);
        else if (!fold)
            strbuf_bytes(out, text.at + i, len);
        else if (fold->base)
            strbuf_char(out, fold->base);
    }
}

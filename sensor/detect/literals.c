/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/literals.h"

#include "sensor/detect/content.h"
#include "sensor/detect/hyper.h"
#include "sensor/detect/lookup.h"

#include <stdio.h>
#include <stdlib.h>

enum { GRAM = LOOKUP_GRAM, STRIDE = LOOKUP_STRIDE, FOLD = LOOKUP_FOLD, USUAL_BITS = 16 };
enum { SHORT_MARKS = 129 }; /* of a literal that is one gram */

/* A gram or pair and one of the literals known by it. */
struct mark {
    uint32_t key;
    uint32_t id;
    int32_t at;   /* in the literal; -1: one byte before it */
    uint32_t len; /* of the literal */
    /* four bytes of it away from the gram, and the bits that may be set in them: compared before
     * all else of literals that have so many */
    uint32_t far_at, far, fold;
};

/* Marks by a hash of their key: those of bucket i stand from first[i] to first[i + 1]. */
struct marks {
    struct mark *mark;
    uint32_t *first;
    uint32_t n, room;
    uint32_t bits; /* of the number of buckets */
};

struct literals {
    struct literal *list;
    uint32_t n, users;
    struct hyper *hyper; /* in place of all else; or NULL */
    struct marks grams, pairs;
    struct lookup *gram_table, *pair_table; /* what of them is worth a look; NULL = none */
};

/* ---- rarity ------------------------------------------------------------------------------- */

/* What nearly all traffic says: grams in here are common, whatever their bytes. */
static const char sample[] =
    "get / http/1.1\r\nhost: www.google.com\r\nuser-agent: mozilla/5.0 (windows nt 10.0; win64; "
    "x64) "
    "applewebkit/537.36 (khtml, like gecko) chrome/100.0.0.0 safari/537.36 firefox/ msie 6.0; "
    "windows nt 5.1; sv1; compatible; trident/ macintosh; intel mac os x linux x86_64 "
    "gecko/2010\r\n"
    "accept: */*\r\naccept-encoding: gzip, deflate\r\naccept-language: en-us,en;q=0.5\r\n"
    "accept-charset: iso-8859-1,utf-8;q=0.7,*;q=0.7\r\nconnection: keep-alive\r\ncookie: \r\n"
    "referer: http://www.\r\ncache-control: no-cache\r\npragma: no-cache\r\nx-requested-with: \r\n"
    "post /index.php http/1.0\r\ncontent-type: application/x-www-form-urlencoded\r\n"
    "content-type: text/html; charset=utf-8\r\ncontent-type: image/gif jpeg png\r\n"
    "content-type: application/octet-stream json xml javascript\r\ncontent-length: 0\r\n"
    "http/1.1 200 ok\r\nserver: apache/2.2 (unix) microsoft-iis/7.5 nginx/1.0 php/5.3\r\n"
    "date: mon, 01 jan 2012 00:00:00 gmt\r\nlast-modified: \r\nexpires: \r\netag: \"\r\n"
    "transfer-encoding: chunked\r\ncontent-encoding: gzip\r\nset-cookie: path=/; domain=.\r\n"
    "location: https://\r\nx-powered-by: asp.net\r\nvary: accept-encoding\r\naccept-ranges: "
    "bytes\r\n"
    "content-disposition: attachment; filename=\"\r\nupgrade-insecure-requests: 1\r\n"
    "<!doctype html public \"-//w3c//dtd xhtml 1.0 transitional//en\"><html><head><meta "
    "http-equiv=\"content-type\" content=\"text/html\"><title></title><script "
    "type=\"text/javascript\" language=\"javascript\" src=\"</script><style link "
    "rel=\"stylesheet\" "
    "type=\"text/css\" href=\"http://</head><body><div id=\"<div class=\"</div><table border=\"0\" "
    "cellpadding cellspacing width=\"100%\" height=\"<td></td><tr></tr><form action=\" "
    "method=\"post\"><input type=\"text\" name=\" value=\"submit password hidden\" /><img src=\" "
    "alt=\"<a href=\"</a><br /><span style=\"display: none; text-align: center; color: "
    "background font-family font-size: px;\"></span><iframe object</body></html> function(){ "
    "return this; } var document.write(window.location document.getelementbyid(unescape(string."
    "fromcharcode( length; i++) if (navigator.useragent. new array(eval(charat( substr split( "
    "replace( null; true; false; else for (while (try { catch(e) { } typeof undefined prototype."
    "php?id=&a=1 .html .asp .aspx .jpg .exe .com .net .org .txt .zip .js .css .xml error user "
    "admin login id= name= version microsoft windows this program cannot be run in dos mode. "
    "software system program files update download cmd.exe kernel32.dll getprocaddress loadlibrary "
    "\xffsmb \xfesmb@ ntlmssp ipc$ mqtt public notify * m-search * ssdp: upnp location: rootdevice "
    "urn:schemas-upnp-org:device:basic digicert inc global root ca verisign certificate authority "
    "\x55\x04\x03 \x55\x04\x06\x13\x02us \x55\x04\x07 \x55\x04\x08 \x55\x04\x0a \x55\x04\x0b "
    "\x06\x03\x55\x1d \x2a\x86\x48\x86\xf7\x0d\x01\x01 \x30\x82 \x30\x0d\x06\x09 \x16\x03\x01 "
    "\x16\x03\x03 \x17\x03\x03 \x14\x03\x03 \x18\x03 \x03\x63om\x20 \x03www";

struct literals_usual {
    uint8_t gram[1 << USUAL_BITS]; /* by hash: 1 = in the sample */
};

struct literals_usual *literals_usual_new(void)
{
    struct literals_usual *u = calloc(1, sizeof(*u));

    for (uint32_t i = 0; u && i + GRAM < sizeof(sample); i++)
        u->gram[lookup_hash(lookup_load4((const uint8_t *)sample + i) | FOLD) >>
                (32 - USUAL_BITS)] = 1;
    return u;
}

void literals_usual_free(struct literals_usual **usual)
{
    free(*usual);
    *usual = NULL;
}

static uint8_t folded(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? c | 32 : c;
}

/* About the binary logarithm of one over its frequency. */
static uint32_t byte_bits(uint8_t c)
{
    static const char common[] = "\0 etaonisrhldcumpf/=.0g1-:b2w\xffy\n\r<>3v\"4k5,86;79&_%()x'\t"
                                 "\x01\x02\x03\x04\x05\x06\x07\x08";
    const char *at = memchr(common, folded(c), sizeof(common) - 1);

    if (!at)
        return 10;
    uint32_t rank = (uint32_t)(at - common);
    return rank < 1 ? 2 : rank < 4 ? 4 : rank < 16 ? 6 : rank < 40 ? 7 : 8;
}

/* A byte that was met just before says little. */
static uint32_t part_bits(struct slice part)
{
    uint32_t bits = 0;

    for (uint32_t i = 0; i < part.len; i++) {
        bool again = i && memchr(part.at, part.at[i], i);
        bits += again ? 1 : byte_bits(part.at[i]);
    }
    return bits;
}

/* What everybody says counts half, but still more than zeros. */
static uint32_t gram_bits(const struct literals_usual *usual, const uint8_t *at, uint32_t at_least)
{
    struct slice gram = {at, GRAM};
    uint32_t bits = part_bits(gram);

    if (bits <= at_least || bits <= LITERAL_COMMON ||
        !usual->gram[lookup_hash(lookup_load4(at) | FOLD) >> (32 - USUAL_BITS)])
        return bits;
    return bits / 2 > LITERAL_COMMON ? bits / 2 : LITERAL_COMMON;
}

/* What a literal is known by: grams at `at` and behind, or a pair. */
struct known_by {
    uint32_t at, bits;
    bool pair;
    bool gram; /* a pair that may give way to the one gram that the literal is */
};

static struct known_by rarest_grams(const struct literals_usual *usual, struct slice text)
{
    struct known_by best = {0};

    for (uint32_t i = 0; i + LITERAL_LONG <= text.len; i++) {
        uint32_t a = gram_bits(usual, text.at + i, best.bits);
        uint32_t b = a > best.bits ? gram_bits(usual, text.at + i + 1, best.bits) : 0;
        uint32_t bits = a < b ? a : b;
        if (bits > best.bits)
            best = (struct known_by){i, bits, false};
    }
    return best;
}

static struct known_by rarest_pair(struct slice text)
{
    struct known_by best = {.pair = true};

    for (uint32_t i = 0; i + LITERAL_SHORTEST <= text.len; i++) {
        uint32_t bits = part_bits((struct slice){text.at + i, LITERAL_SHORTEST});
        if (bits > best.bits)
            best = (struct known_by){i, bits, true};
    }
    return best;
}

/* Grams of zeros are met more often than a pair in which there is something else. */
static struct known_by known_by(const struct literals_usual *usual, struct slice text)
{
    struct known_by best = rarest_grams(usual, text);

    if (best.bits >= LITERAL_COMMON)
        return best;
    best = rarest_pair(text);
    best.gram = text.len == GRAM && part_bits(slice_head(text, GRAM - 1)) >= LITERAL_COMMON;
    return best;
}

uint32_t literals_rarity(const struct literals_usual *usual, struct slice text)
{
    struct known_by best = known_by(usual, text);

    return best.pair && best.bits > LITERAL_COMMON - 1 ? LITERAL_COMMON - 1 : best.bits;
}

/* ---- making ------------------------------------------------------------------------------- */

static uint32_t bits_for(uint32_t n, uint32_t most)
{
    uint32_t bits = 4;

    while (bits < most && 1u << bits < n)
        bits++;
    return bits;
}

/* Letters of a literal without case are either way in a text. */
static uint32_t fold_of(const struct literal *lit, uint32_t at)
{
    uint32_t fold = 0;

    for (uint32_t i = 0; lit->nocase && i < GRAM; i++) {
        uint8_t c = lit->text.at[at + i];
        fold |= c >= 'a' && c <= 'z' ? UINT32_C(32) << 8 * i : 0;
    }
    return fold;
}

static void add_mark(struct literals *l, struct marks *m, uint32_t key, uint32_t id, int32_t at)
{
    const struct literal *lit = &l->list[id];
    struct mark *mark = &m->mark[m->n++];

    *mark = (struct mark){.key = key, .id = id, .at = at, .len = lit->text.len};
    if (mark->len < GRAM)
        return;
    mark->far_at = at > (int32_t)(mark->len - GRAM) / 2 ? 0 : mark->len - GRAM;
    mark->fold = fold_of(lit, mark->far_at);
    mark->far = lookup_load4(lit->text.at + mark->far_at) | mark->fold;
}

static void add_grams(struct literals *l, uint32_t id, uint32_t at)
{
    struct slice text = l->list[id].text;

    for (uint32_t i = 0; i < STRIDE; i++)
        add_mark(l, &l->grams, lookup_load4(text.at + at + i) | FOLD, id, (int32_t)(at + i));
}

/* One gram, and its first bytes behind any other: one of these begins at an even place. */
static void add_short(struct literals *l, uint32_t id)
{
    uint32_t gram = lookup_load4(l->list[id].text.at);

    add_mark(l, &l->grams, gram | FOLD, id, 0);
    for (uint32_t other = 0; other < 256; other++) {
        if (((other | FOLD) & 0xff) == other)
            add_mark(l, &l->grams, gram << 8 | other | FOLD, id, -1);
    }
}

static uint8_t upper(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c - 32) : c;
}

/* Without case: all ways to write the pair. */
static void add_pair(struct literals *l, uint32_t id, uint32_t at)
{
    const struct literal *lit = &l->list[id];
    uint8_t a = lit->text.at[at], b = lit->text.at[at + 1];

    for (uint32_t i = 0; i < 4; i++) {
        uint8_t x = i & 1 ? upper(a) : a, y = i & 2 ? upper(b) : b;
        if (i && (!lit->nocase || (i & 1 && x == a) || (i & 2 && y == b)))
            continue;
        add_mark(l, &l->pairs, lookup_load2((const uint8_t[]){x, y}), id, (int32_t)at);
    }
}

static int by_key(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;
    uint32_t hx = lookup_hash(x->key), hy = lookup_hash(y->key);

    if (hx != hy)
        return hx < hy ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static bool order_marks(struct marks *m)
{
    m->bits = bits_for(m->n, 20);
    m->first = calloc(((size_t)1 << m->bits) + 1, sizeof(*m->first));
    if (!m->first)
        return false;
    qsort(m->mark, m->n, sizeof(*m->mark), by_key);
    for (uint32_t i = 0, b = 0; b <= 1u << m->bits; b++) {
        while (i < m->n && lookup_hash(m->mark[i].key) >> (32 - m->bits) < b)
            i++;
        m->first[b] = i;
    }
    return true;
}

static bool mark_all(struct lookup *lookup, const struct marks *m)
{
    for (uint32_t i = 0; lookup && i < m->n; i++)
        lookup_mark(lookup, m->mark[i].key);
    return lookup != NULL;
}

static bool fill_tables(struct literals *l, bool narrow)
{
    bool ok = true;

    if (l->grams.n)
        ok = mark_all(l->gram_table = lookup_new_grams(l->grams.n, narrow), &l->grams);
    if (l->pairs.n)
        ok = mark_all(l->pair_table = lookup_new_pairs(narrow), &l->pairs) && ok;
    return ok && order_marks(&l->grams) && order_marks(&l->pairs);
}

static bool are_many(const struct literals_maker *maker, uint32_t n)
{
    return maker->many ? n >= maker->many : n >= LITERALS_MANY && !lookup_wide();
}

static bool compile(struct literals *l, struct literals_maker *maker, uint32_t n)
{
    enum hyper_source source;

    l->hyper = hyper_new(l->list, n, maker->cache, &source, maker->fault);
    if (!l->hyper)
        return false;
    *(source == HYPER_CACHED ? &maker->cached : &maker->compiled) += 1;
    return true;
}

/* Chooses what each literal is known by. */
static bool room_for_marks(struct literals *l, const struct literals_usual *usual,
                           struct known_by *best, uint32_t n)
{
    uint32_t pairs = 0, grams = 0;

    for (uint32_t i = 0; i < n; i++) {
        best[i] = known_by(usual, l->list[i].text);
        pairs += best[i].pair && !best[i].gram;
        grams += best[i].gram ? SHORT_MARKS : best[i].pair ? 0 : STRIDE;
    }
    l->grams.mark = calloc(grams + 1, sizeof(struct mark));
    l->pairs.mark = calloc((size_t)pairs * 4 + 1, sizeof(struct mark));
    return l->grams.mark && l->pairs.mark;
}

static bool fill(struct literals *l, struct literals_maker *maker, uint32_t n)
{
    if (are_many(maker, n))
        return compile(l, maker, n);
    struct known_by *best = malloc(n * sizeof(*best));
    bool ok = best && room_for_marks(l, maker->usual, best, n);
    for (uint32_t i = 0; ok && i < n; i++) {
        if (best[i].gram)
            add_short(l, i);
        else if (best[i].pair)
            add_pair(l, i, best[i].at);
        else
            add_grams(l, i, best[i].at);
    }
    free(best);
    return ok && fill_tables(l, maker->narrow);
}

struct literals *literals_new(struct literals_maker *maker, const struct literal *list, uint32_t n)
{
    struct literals *l = calloc(1, sizeof(*l));

    snprintf(maker->fault, sizeof(maker->fault), "literals: out of memory");
    if (!l)
        return NULL;
    l->n = n;
    l->users = 1;
    l->list = malloc((n + 1) * sizeof(*l->list));
    if (l->list && n)
        memcpy(l->list, list, n * sizeof(*l->list));
    if (!l->list || !fill(l, maker, n))
        literals_free(&l);
    return l;
}

void literals_free(struct literals **literals)
{
    struct literals *l = *literals;

    *literals = NULL;
    if (!l || --l->users)
        return;
    hyper_free(&l->hyper);
    free(l->list);
    free(l->grams.mark);
    free(l->grams.first);
    free(l->pairs.mark);
    free(l->pairs.first);
    lookup_free(&l->gram_table);
    lookup_free(&l->pair_table);
    free(l);
}

bool literals_are(const struct literals *l, const struct literal *list, uint32_t n)
{
    for (uint32_t i = 0; i < n && l->n == n; i++) {
        if (l->list[i].nocase != list[i].nocase || !slice_eq(l->list[i].text, list[i].text))
            return false;
    }
    return l->n == n;
}

struct literals *literals_hold(struct literals *l)
{
    l->users++;
    return l;
}

static size_t marks_bytes(const struct marks *m)
{
    if (!m->first)
        return 0;
    return m->n * sizeof(struct mark) + ((size_t)1 << m->bits) * sizeof(uint32_t);
}

size_t literals_bytes(const struct literals *l)
{
    return sizeof(*l) + l->n * sizeof(*l->list) + lookup_bytes(l->gram_table) +
           lookup_bytes(l->pair_table) + marks_bytes(&l->grams) + marks_bytes(&l->pairs) +
           (l->hyper ? hyper_bytes(l->hyper) : 0);
}

/* ---- scratch ------------------------------------------------------------------------------ */

struct literals_scratch {
    struct hyper_scratch *hyper;
};

struct literals_scratch *literals_scratch_new(void)
{
    struct literals_scratch *s = calloc(1, sizeof(*s));

    if (s)
        s->hyper = hyper_scratch_new();
    if (s && !s->hyper)
        literals_scratch_free(&s);
    return s;
}

bool literals_scratch_fit(struct literals_scratch *scratch, const struct literals *literals)
{
    return !literals->hyper || hyper_scratch_fit(scratch->hyper, literals->hyper);
}

void literals_scratch_free(struct literals_scratch **scratch)
{
    if (!*scratch)
        return;
    hyper_scratch_free(&(*scratch)->hyper);
    free(*scratch);
    *scratch = NULL;
}

/* ---- scanning ----------------------------------------------------------------------------- */

struct scan {
    const struct literals *l;
    struct slice data;
    uint32_t old;
    void (*hit)(void *context, uint32_t id, uint32_t end);
    void *context;
};

/* The literals known by what stands at `at`. */
static void compare(const struct scan *s, const struct marks *m, uint32_t key, uint32_t at)
{
    uint32_t b = lookup_hash(key) >> (32 - m->bits);

    for (uint32_t i = m->first[b]; i < m->first[b + 1]; i++) {
        const struct mark *mark = &m->mark[i];
        if (mark->key != key || mark->at > (int64_t)at)
            continue;
        uint32_t from = at - (uint32_t)mark->at, end = from + mark->len;
        if (end > s->data.len || end <= s->old)
            continue;
        const uint8_t *text = s->data.at + from;
        if (mark->len >= GRAM && (lookup_load4(text + mark->far_at) | mark->fold) != mark->far)
            continue;
        const struct literal *lit = &s->l->list[mark->id];
        if (content_at(text, lit->text, lit->nocase))
            s->hit(s->context, mark->id, end);
    }
}

static void scan_grams(const struct scan *s)
{
    struct looked looked = {0};
    uint32_t set;

    while ((set = lookup_next(s->l->gram_table, s->data, &looked))) {
        for (; set; set &= set - 1) {
            uint32_t at = looked.base + STRIDE * (uint32_t)__builtin_ctz(set);
            compare(s, &s->l->grams, lookup_load4(s->data.at + at) | FOLD, at);
        }
    }
}

static void scan_pairs(const struct scan *s)
{
    struct looked looked = {0};
    uint32_t set;

    while ((set = lookup_next(s->l->pair_table, s->data, &looked))) {
        for (; set; set &= set - 1) {
            uint32_t at = looked.base + (uint32_t)__builtin_ctz(set);
            compare(s, &s->l->pairs, lookup_load2(s->data.at + at), at);
        }
    }
}

static void on_compiled(void *context, uint32_t id, uint32_t end)
{
    const struct scan *s = context;

    if (end > s->old)
        s->hit(s->context, id, end);
}

void literals_scan(const struct literals *l, struct literals_scratch *scratch, struct slice data,
                   uint32_t old, void (*hit)(void *context, uint32_t id, uint32_t end),
                   void *context)
{
    struct scan s = {l, data, old, hit, context};

    if (l->hyper) {
        hyper_scan(l->hyper, scratch->hyper, data, on_compiled, &s);
        return;
    }
    if (l->gram_table)
        scan_grams(&s);
    if (l->pair_table)
        scan_pairs(&s);
}

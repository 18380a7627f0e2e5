/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/literals.h"

#include "sensor/detect/content.h"
#include "sensor/detect/hyper.h"
#include "sensor/detect/lookup.h"

#include <stdio.h>
#include <stdlib.h>

enum { GRAM = LOOKUP_GRAM, STRIDE = LOOKUP_STRIDE, FOLD = LOOKUP_FOLD, USUAL_BITS = 16 };
enum { OPEN_MARKS = 128 }; /* of a gram with a byte that may be any */

/* A gram or pair, and two neighbouring bytes of one of the literals known by it: what is compared
 * first, one read from memory away. Letters without case. */
struct mark_key {
    uint32_t key; /* 0: none */
    uint16_t far;
    int8_t far_at; /* where they stand, from the gram on */
};

/* That literal. */
struct mark {
    uint32_t id;
    int16_t at;   /* of the gram in the literal; it may begin a byte before it or end one behind */
    uint16_t len; /* of the literal */
};

/* Marks by a hash of their key: each stands at the first free place from there on. */
struct marks {
    struct mark_key *key;
    struct mark *mark;
    uint32_t n;
    uint32_t shift, mask; /* of a hash; the number of places less one */
};

struct literals {
    struct literal *list;
    uint32_t n, users;
    struct hyper *hyper; /* in place of all else; or NULL */
    struct marks grams, pairs;
    bool open_end; /* some literals are known by a gram that ends one byte behind them */
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

static uint8_t folded(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? c | 32 : c;
}

/* About the binary logarithm of one over its frequency. */
static uint8_t byte_bits(uint8_t c)
{
    static const char common[] = "\0 etaonisrhldcumpf/=.0g1-:b2w\xffy\n\r<>3v\"4k5,86;79&_%()x'\t"
                                 "\x01\x02\x03\x04\x05\x06\x07\x08";
    const char *at = memchr(common, folded(c), sizeof(common) - 1);

    if (!at)
        return 10;
    uint32_t rank = (uint32_t)(at - common);
    return rank < 1 ? 2 : rank < 4 ? 4 : rank < 16 ? 6 : rank < 40 ? 7 : 8;
}

struct literals_usual {
    uint8_t gram[1 << USUAL_BITS]; /* by hash: 1 = in the sample */
    uint8_t bits[256];             /* byte_bits of each */
};

struct literals_usual *literals_usual_new(void)
{
    struct literals_usual *u = calloc(1, sizeof(*u));

    for (uint32_t i = 0; u && i + GRAM < sizeof(sample); i++)
        u->gram[lookup_hash(lookup_load4((const uint8_t *)sample + i) | FOLD) >>
                (32 - USUAL_BITS)] = 1;
    for (uint32_t c = 0; u && c < 256; c++)
        u->bits[c] = byte_bits((uint8_t)c);
    return u;
}

void literals_usual_free(struct literals_usual **usual)
{
    free(*usual);
    *usual = NULL;
}

/* A byte that was met just before says little. */
static uint32_t pair_bits(const struct literals_usual *usual, const uint8_t *at)
{
    return usual->bits[at[0]] + (at[1] == at[0] ? 1u : usual->bits[at[1]]);
}

static uint32_t three_bits(const struct literals_usual *usual, const uint8_t *at)
{
    bool again = at[2] == at[0] || at[2] == at[1];

    return pair_bits(usual, at) + (again ? 1u : usual->bits[at[2]]);
}

/* What everybody says counts half, but still more than zeros. */
static uint32_t gram_bits(const struct literals_usual *usual, const uint8_t *at)
{
    bool again = at[3] == at[0] || at[3] == at[1] || at[3] == at[2];
    uint32_t bits = three_bits(usual, at) + (again ? 1u : usual->bits[at[3]]);

    if (bits <= LITERAL_COMMON ||
        !usual->gram[lookup_hash(lookup_load4(at) | FOLD) >> (32 - USUAL_BITS)])
        return bits;
    return bits / 2 > LITERAL_COMMON ? bits / 2 : LITERAL_COMMON;
}

/* What a literal is known by: two grams, at an even and at an odd place of it, or a pair. */
struct known_by {
    int32_t at[STRIDE];
    uint32_t bits; /* of the more frequent one */
    bool pair;
};

/* One of the gram's bytes lies before the literal or behind it: it may be any. */
static bool is_open(struct slice text, int32_t at)
{
    return at < 0 || at + GRAM > (int32_t)text.len;
}

static uint32_t bits_at(const struct literals_usual *usual, struct slice text, int32_t at)
{
    if (!is_open(text, at))
        return gram_bits(usual, text.at + at);
    return three_bits(usual, text.at + (at < 0 ? 0 : at));
}

/* The rarest gram of those at every other place. An open one takes many marks: only where all the
 * others are met more often than it, and often. */
static uint32_t rarest_gram(const struct literals_usual *usual, struct slice text, int32_t first,
                            int32_t *at)
{
    uint32_t best = 0;
    bool whole = false;

    for (int32_t i = first; i + GRAM - 1 <= (int32_t)text.len; i += STRIDE) {
        bool open = is_open(text, i);
        uint32_t bits = bits_at(usual, text, i);
        bool better = open == !whole ? bits > best
                      : open         ? best < LITERAL_COMMON && bits > best
                                     : bits >= LITERAL_COMMON || bits >= best;
        if (!better)
            continue;
        best = bits;
        whole = !open;
        *at = i;
    }
    return best;
}

static struct known_by known_by(const struct literals_usual *usual, struct slice text)
{
    struct known_by best = {.pair = text.len < GRAM - 1};

    if (best.pair) {
        best.bits = pair_bits(usual, text.at);
        return best;
    }
    uint32_t even = rarest_gram(usual, text, 0, &best.at[0]);
    uint32_t odd = rarest_gram(usual, text, -1, &best.at[1]);
    best.bits = even < odd ? even : odd;
    return best;
}

uint32_t literals_rarity(const struct literals_usual *usual, struct slice text)
{
    uint32_t bits = 0;

    if (text.len >= LITERAL_LONG)
        return known_by(usual, text).bits;
    for (uint32_t i = 0; i + LITERAL_SHORTEST <= text.len; i++) {
        uint32_t pair = pair_bits(usual, text.at + i);
        bits = pair > bits ? pair : bits;
    }
    return bits < LITERAL_COMMON ? bits : LITERAL_COMMON - 1;
}

/* ---- making ------------------------------------------------------------------------------- */

/* With the two neighbouring bytes that say most of what the gram or pair at `at` does not. */
static struct mark_key mark_key(const struct literals_usual *usual, struct slice text, int32_t at,
                                int32_t gram)
{
    struct mark_key k = {0};
    uint32_t best = 0;

    for (int32_t i = 0; i + 2 <= (int32_t)text.len && i - at <= INT8_MAX; i++) {
        uint32_t bits = i - at < INT8_MIN ? 0 : 1;
        for (int32_t c = i; bits && c < i + 2; c++)
            bits += c >= at && c < at + gram ? 0 : usual->bits[text.at[c]];
        if (bits <= best)
            continue;
        best = bits;
        k.far_at = (int8_t)(i - at);
        k.far = (uint16_t)(lookup_load2(text.at + i) | FOLD);
    }
    return k;
}

static void put_mark(struct marks *m, struct mark_key key, struct mark mark)
{
    uint32_t i = lookup_hash(key.key) >> m->shift;

    while (m->key[i].key)
        i = (i + 1) & m->mask;
    m->key[i] = key;
    m->mark[i] = mark;
    m->n++;
}

/* Of an open gram all ways to write it. */
static void add_gram(struct literals *l, const struct literals_usual *usual, uint32_t id,
                     int32_t at)
{
    struct slice text = l->list[id].text;
    struct mark_key key = mark_key(usual, text, at, GRAM);
    struct mark mark = {id, (int16_t)at, (uint16_t)text.len};

    if (!is_open(text, at)) {
        key.key = lookup_load4(text.at + at) | FOLD;
        put_mark(&l->grams, key, mark);
        return;
    }
    const uint8_t *three = text.at + (at < 0 ? 0 : at);
    uint32_t known = lookup_load2(three) | (uint32_t)three[2] << 16;
    l->open_end |= at >= 0;
    for (uint32_t other = 0; other < 256; other++) {
        if (((other | FOLD) & 0xff) != other)
            continue;
        key.key = (at < 0 ? known << 8 | other : known | other << 24) | FOLD;
        put_mark(&l->grams, key, mark);
    }
}

/* Not 0. */
static uint32_t pair_key(const uint8_t *at)
{
    return lookup_load2(at) | 1u << 16;
}

static uint8_t upper(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c - 32) : c;
}

/* Without case: all ways to write the pair. */
static void add_pair(struct literals *l, const struct literals_usual *usual, uint32_t id)
{
    const struct literal *lit = &l->list[id];
    uint8_t a = lit->text.at[0], b = lit->text.at[1];
    struct mark_key key = mark_key(usual, lit->text, 0, LITERAL_SHORTEST);

    for (uint32_t i = 0; i < 4; i++) {
        uint8_t x = i & 1 ? upper(a) : a, y = i & 2 ? upper(b) : b;
        if (i && (!lit->nocase || (i & 1 && x == a) || (i & 2 && y == b)))
            continue;
        key.key = pair_key((const uint8_t[]){x, y});
        put_mark(&l->pairs, key, (struct mark){id, 0, LITERAL_SHORTEST});
    }
}

static bool mark_all(struct lookup *lookup, const struct marks *m)
{
    for (uint32_t i = 0; lookup && i <= m->mask; i++) {
        if (m->key[i].key)
            lookup_mark(lookup, m->key[i].key);
    }
    return lookup != NULL;
}

static bool fill_tables(struct literals *l, bool narrow)
{
    bool ok = true;

    if (l->grams.n)
        ok = mark_all(l->gram_table = lookup_new_grams(l->grams.n, narrow), &l->grams);
    if (l->pairs.n)
        ok = mark_all(l->pair_table = lookup_new_pairs(narrow), &l->pairs) && ok;
    return ok;
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

/* At most a third of the places are taken. */
static bool make_marks(struct marks *m, uint32_t n)
{
    uint32_t bits = 4;

    while (1u << bits < 3 * n)
        bits++;
    m->shift = 32 - bits;
    m->mask = (1u << bits) - 1;
    m->key = calloc((size_t)1 << bits, sizeof(*m->key));
    m->mark = calloc((size_t)1 << bits, sizeof(*m->mark));
    return m->key && m->mark;
}

static void free_marks(struct marks *m)
{
    free(m->key);
    free(m->mark);
}

/* Chooses what each literal is known by. */
static bool room_for_marks(struct literals *l, const struct literals_usual *usual,
                           struct known_by *best, uint32_t n)
{
    uint32_t pairs = 0, grams = 0;

    for (uint32_t i = 0; i < n; i++) {
        best[i] = known_by(usual, l->list[i].text);
        pairs += best[i].pair;
        for (uint32_t k = 0; !best[i].pair && k < STRIDE; k++)
            grams += is_open(l->list[i].text, best[i].at[k]) ? OPEN_MARKS : 1;
    }
    return make_marks(&l->grams, grams) && make_marks(&l->pairs, pairs * 4);
}

static bool fill(struct literals *l, struct literals_maker *maker, uint32_t n)
{
    if (are_many(maker, n))
        return compile(l, maker, n);
    struct known_by *best = malloc(n * sizeof(*best));
    bool ok = best && room_for_marks(l, maker->usual, best, n);
    for (uint32_t i = 0; ok && i < n; i++) {
        if (best[i].pair)
            add_pair(l, maker->usual, i);
        for (uint32_t k = 0; !best[i].pair && k < STRIDE; k++)
            add_gram(l, maker->usual, i, best[i].at[k]);
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
    free_marks(&l->grams);
    free_marks(&l->pairs);
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
    if (!m->key)
        return 0;
    return (sizeof(*m->key) + sizeof(*m->mark)) * (m->mask + 1);
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

/* The literal, if all of it stands there. */
static void compare(const struct scan *s, const struct mark *mark, uint32_t at)
{
    int64_t from = (int64_t)at - mark->at, end = from + mark->len;

    if (from < 0 || end > s->data.len || end <= s->old)
        return;
    const struct literal *lit = &s->l->list[mark->id];
    if (content_at(s->data.at + from, lit->text, lit->nocase))
        s->hit(s->context, mark->id, (uint32_t)end);
}

static inline bool far_stands(struct slice data, const struct mark_key *k, uint32_t at)
{
    uint64_t far_at = (uint64_t)((int64_t)at + k->far_at); /* wraps when it lies before */

    return far_at < data.len && data.len - far_at >= LITERAL_SHORTEST &&
           (uint16_t)(lookup_load2(data.at + far_at) | FOLD) == k->far;
}

/* The literals known by what stands at `at`. */
static inline void compare_all(const struct scan *s, const struct marks *m, uint32_t key,
                               uint32_t at)
{
    const struct mark_key *keys = m->key;
    uint32_t mask = m->mask;

    for (uint32_t i = lookup_hash(key) >> m->shift; keys[i].key; i = (i + 1) & mask) {
        if (keys[i].key == key && far_stands(s->data, &keys[i], at))
            compare(s, &m->mark[i], at);
    }
}

static __attribute__((noinline)) void compare_known(const struct scan *s, const struct marks *m,
                                                    uint32_t key, uint32_t at)
{
    compare_all(s, m, key, at);
}

/* Where the literals known by `key` stand is fetched. */
static inline void fetch(const struct marks *m, uint32_t key)
{
    __builtin_prefetch(&m->key[lookup_hash(key) >> m->shift]);
}

static uint32_t gram_at(const struct scan *s, uint32_t at)
{
    return lookup_load4(s->data.at + at) | FOLD;
}

/* With the end of the bytes, the one that is open there. */
static inline void compare_last(const struct scan *s)
{
    uint32_t last = s->data.len - (GRAM - 1);

    if (last % STRIDE == 0 && s->l->open_end && s->data.len >= GRAM - 1)
        compare_known(s, &s->l->grams,
                      lookup_load2(s->data.at + last) | (uint32_t)s->data.at[last + 2] << 16 | FOLD,
                      last);
}

/* As scan_grams() does it, for fewer bytes than LOOKUP_SHORT. */
static void scan_short(const struct scan *s)
{
    uint32_t set = s->data.len < GRAM ? 0 : lookup_short(s->l->gram_table, s->data);

    for (; set; set &= set - 1) {
        uint32_t at = (uint32_t)__builtin_ctz(set) * STRIDE;
        compare_known(s, &s->l->grams, gram_at(s, at), at);
    }
    compare_last(s);
}

static void scan_grams(const struct scan *s)
{
    const struct marks *m = &s->l->grams;
    uint32_t from = 0, n, at[LOOKUP_ROOM];

    while (from + GRAM <= s->data.len && (n = lookup_next(s->l->gram_table, s->data, &from, at))) {
        for (uint32_t i = 1; i < n; i++)
            fetch(m, gram_at(s, at[i]));
        for (uint32_t i = 0; i < n; i++)
            compare_all(s, m, gram_at(s, at[i]), at[i]);
    }
    compare_last(s);
}

static void scan_pairs(const struct scan *s)
{
    uint32_t from = 0, n, at[LOOKUP_ROOM];

    while (from + LITERAL_SHORTEST <= s->data.len &&
           (n = lookup_next(s->l->pair_table, s->data, &from, at))) {
        for (uint32_t i = 0; i < n; i++)
            compare_all(s, &s->l->pairs, pair_key(s->data.at + at[i]), at[i]);
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
    if (l->gram_table && data.len < LOOKUP_SHORT)
        scan_short(&s);
    else if (l->gram_table)
        scan_grams(&s);
    if (l->pair_table)
        scan_pairs(&s);
}

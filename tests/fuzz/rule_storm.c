/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real rules, mutated, in great number: each batch is changed at random, loaded as one ruleset and
 * held against packets and a stream made of the rules' own words. What must not happen is a crash,
 * a leak, or a batch that takes longer than HANG_S.
 *
 *   rule-storm RULES NUMBER SEED     a file of rules, how many mutated rules, where to begin
 *
 * The same arguments make the same rules; a fault prints the seed of its batch, so that
 * `rule-storm RULES 1 SEED` repeats it.
 */
#include "sensor/detect/detect.h"

#include "../lib/detect_kit.h"

#include <time.h>
#include <unistd.h>

enum { BATCH = 2000, RULE_MAX = 16 * 1024, STREAM_MAX = 3000, HANG_S = 1200, ACCEPTED_PART = 10 };

struct storm {
    uint64_t random;
    struct slice *rules;
    uint32_t n;
    struct slice used[BATCH]; /* rules of the batch before they were changed */
    uint64_t accepted, refused, hits;
};

static uint32_t roll(struct storm *s, uint32_t below)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return below ? (uint32_t)(s->random >> 11) % below : 0;
}

static struct slice pick(struct storm *s)
{
    return s->rules[roll(s, s->n)];
}

/* One of the rule's options, with its semicolon. */
static struct slice option_of(struct storm *s, struct slice rule)
{
    uint32_t from = roll(s, rule.len), to;

    while (from < rule.len && rule.at[from] != ';' && rule.at[from] != '(')
        from++;
    for (to = from + 1; to < rule.len && rule.at[to] != ';';)
        to++;
    return to < rule.len ? (struct slice){rule.at + from + 1, to - from} : SLICE_NONE;
}

static uint32_t insert(char *text, uint32_t len, uint32_t at, struct slice what)
{
    if (!what.len || len + what.len >= RULE_MAX)
        return len;
    memmove(text + at + what.len, text + at, len - at);
    memcpy(text + at, what.at, what.len);
    return len + what.len;
}

static uint32_t cut(char *text, uint32_t len, uint32_t at, uint32_t n)
{
    n = n > len - at ? len - at : n;
    memmove(text + at, text + at + n, len - at - n);
    return len - n;
}

/* Numbers, signs and words that rules are made of; places where parsers have their borders. */
static struct slice token(struct storm *s)
{
    static const char *const tokens[] = {
        "0",
        "-1",
        "65535",
        "65536",
        "4294967295",
        "18446744073709551616",
        "99999999",
        "!",
        "\"",
        "|",
        "|00|",
        "|0",
        ";",
        ":",
        ",",
        "\\",
        "(",
        ")",
        "$HOME_NET",
        "[",
        "]",
        "any",
        "<>",
        "->",
        "!any",
        "fast_pattern; ",
        "nocase; ",
        "distance:-5; ",
        "within:3; ",
        "isdataat:!1,relative; ",
        "http.uri; ",
        "file.data; ",
        "dns.query; ",
        "pcre:\"/(a+)+$/R\"; ",
        "content:\"a\"; ",
        "content:!\"|ff|\"; ",
        "byte_test:4,>,1,0,relative; ",
        "byte_jump:2,0,relative; ",
        "byte_extract:1,0,x,relative; ",
        "byte_math:bytes 4, offset 0, oper +, rvalue 1, result y; ",
        "base64_decode; ",
        "base64_data; ",
        "dotprefix; ",
        "to_lowercase; ",
        "flowbits:set,a; ",
        "flowbits:isset,a&b|c; ",
        "flowint:a,+,1; ",
        "xbits:set,x,track ip_src,expire 10; ",
        "threshold:type both,track by_src,count 1,seconds 1; ",
        "dsize:>1; ",
        "tag:session,5,packets; ",
        "target:src_ip; ",
        "startswith; ",
        "endswith; ",
        "bsize:5<>10; ",
        "offset:1; ",
        "depth:4; ",
        "rawbytes; "};
    return slice_of_str(tokens[roll(s, sizeof(tokens) / sizeof(tokens[0]))]);
}

static uint32_t mutate(struct storm *s, char *text, uint32_t len)
{
    uint32_t at = roll(s, len + 1);

    switch (roll(s, 8)) {
    case 0:
        if (at < len)
            text[at] = (char)(1 + roll(s, 255));
        return len;
    case 1:
        return cut(text, len, at, 1 + roll(s, 8));
    case 2:
        return cut(text, len, at, roll(s, len));
    case 3:
        return insert(text, len, at, token(s));
    case 4: /* behind an option, where it may mean something */
        while (at < len && text[at] != ';')
            at++;
        return insert(text, len, at < len ? at + 1 : len, token(s));
    case 5:
        while (at < len && text[at] != ';')
            at++;
        return insert(text, len, at < len ? at + 1 : len, option_of(s, pick(s)));
    case 6: { /* an option goes */
        struct slice option = option_of(s, (struct slice){(const uint8_t *)text, len});
        return option.len ? cut(text, len, (uint32_t)((const char *)option.at - text), option.len)
                          : len;
    }
    default: /* a digit changes */
        while (at < len && (text[at] < '0' || text[at] > '9'))
            at++;
        if (at < len)
            text[at] = (char)('0' + roll(s, 10));
        return len;
    }
}

/* The rule; every second time for any addresses and ports, so that the traffic reaches it. */
static uint32_t start(struct storm *s, struct slice rule, char *text)
{
    int64_t open = slice_find(rule, SLICE_LIT("("));
    uint32_t len = 0;

    if (open > 0 && roll(s, 2)) {
        len = (uint32_t)snprintf(text, RULE_MAX, "alert %s any any -> any any ",
                                 roll(s, 3) ? "tcp" : "ip");
        rule = slice_from(rule, (uint32_t)open);
    }
    return insert(text, len, len, slice_head(rule, RULE_MAX - 64));
}

static void add_mutant(struct storm *s, struct strbuf *batch, uint32_t sid)
{
    char text[RULE_MAX + 64];
    struct slice rule = pick(s);

    s->used[sid - 1] = rule;
    uint32_t len = start(s, rule, text);
    for (uint32_t n = 1 + roll(s, 3); n; n--)
        len = mutate(s, text, len);
    int64_t at = slice_find((struct slice){(const uint8_t *)text, len}, SLICE_LIT("sid:"));
    if (at >= 0) { /* a number of its own, so that it is no second one of another */
        char own[32];
        int digits = snprintf(own, sizeof(own), "sid:%u", sid);
        uint32_t end = (uint32_t)at;
        while (end < len && text[end] != ';')
            end++;
        len = cut(text, len, (uint32_t)at, end - (uint32_t)at);
        len = insert(text, len, (uint32_t)at, (struct slice){(uint8_t *)own, (uint32_t)digits});
    }
    for (uint32_t i = 0; i < len; i++)
        text[i] = text[i] == '\n' || text[i] == '\0' ? ' ' : text[i];
    strbuf_bytes(batch, text, len);
    strbuf_char(batch, '\n');
}

/* A content as it stands in traffic: |hex| becomes bytes. */
static uint32_t content(struct slice text, uint8_t *out)
{
    uint32_t n = 0, value = 0, digits = 0;
    bool hex = false;

    for (uint32_t i = 0; i < text.len && text.at[i] != '"'; i++) {
        uint8_t c = text.at[i], low = c | 32;
        if (c == '|') {
            hex = !hex;
            digits = 0;
        } else if (!hex) {
            out[n++] = c;
        } else if ((c >= '0' && c <= '9') || (low >= 'a' && low <= 'f')) {
            value = value << 4 | (c <= '9' ? c - 48u : low - 87u);
            if (++digits % 2 == 0)
                out[n++] = (uint8_t)value;
        }
    }
    return n;
}

/* The contents of some rules of the batch, one behind the other, with a little between them. */
static uint32_t traffic(struct storm *s, uint8_t *out)
{
    uint32_t n = 0;

    while (n < STREAM_MAX / 2) {
        struct slice rule = s->used[roll(s, BATCH)];
        int64_t at;
        while ((at = slice_find(rule, SLICE_LIT("content:\""))) >= 0) {
            rule = slice_from(rule, (uint32_t)at + 9);
            if (n + rule.len + 8 > STREAM_MAX)
                break;
            n += content(rule, out + n);
            for (uint32_t i = roll(s, 4); i; i--)
                out[n++] = (uint8_t)roll(s, 256);
        }
        out[n < STREAM_MAX ? n++ : 0] = '\n';
    }
    return n;
}

static void hold_against(struct storm *s, struct kit *kit)
{
    uint8_t bytes[STREAM_MAX];

    for (uint32_t i = 0; i < 6; i++) {
        struct slice all = {bytes, traffic(s, bytes)};
        s->hits += kit_datagram(kit, all);
        kit_tcp(kit, (uint16_t)(i & 1 ? 80 : 25));
        s->hits += kit_segment(kit, TO_SERVER, slice_head(all, all.len / 2));
        s->hits += kit_segment(kit, TO_SERVER, slice_from(all, all.len / 2));
        s->hits += kit_segment(kit, TO_CLIENT, all);
    }
}

static void run_batch(struct storm *s, uint32_t n)
{
    struct strbuf batch;
    struct kit kit;
    uint32_t bad = 0;

    strbuf_init(&batch, 0);
    for (uint32_t i = 0; i < n; i++)
        add_mutant(s, &batch, i + 1);
    strbuf_char(&batch, '\0');
    alarm(HANG_S);
    if (kit_open(&kit, batch.at)) {
        ruleset_quarantined(kit.rules, &bad);
        s->accepted += ruleset_rules(kit.rules);
        s->refused += bad;
        hold_against(s, &kit);
    }
    kit_close(&kit);
    alarm(0);
    strbuf_fini(&batch);
}

static bool read_rules(struct storm *s, const char *path, struct strbuf *text)
{
    FILE *f = fopen(path, "re");
    char part[65536];
    size_t len;

    while (f && (len = fread(part, 1, sizeof(part), f)) > 0)
        strbuf_bytes(text, part, len);
    if (f)
        fclose(f);
    struct slice rest = strbuf_view(text);
    for (uint32_t room = 0; rest.len;) {
        int64_t end = slice_find_byte(rest, '\n');
        struct slice line = slice_head(rest, end < 0 ? rest.len : (uint32_t)end);
        rest = slice_from(rest, line.len + 1);
        if (line.len < 16 || line.at[0] == '#' || line.len >= RULE_MAX)
            continue;
        if (s->n == room) {
            room = room ? room * 2 : 4096;
            s->rules = realloc(s->rules, room * sizeof(*s->rules));
            if (!s->rules)
                abort();
        }
        s->rules[s->n++] = line;
    }
    return s->n > 0;
}

int main(int argc, char **argv)
{
    struct storm s = {0};
    struct strbuf text;

    strbuf_init(&text, 0);
    if (argc < 4 || !read_rules(&s, argv[1], &text)) {
        fprintf(stderr, "rule-storm RULES NUMBER SEED\n");
        return 2;
    }
    uint64_t number = strtoull(argv[2], NULL, 10), seed = strtoull(argv[3], NULL, 10), done = 0;
    while (done < number) {
        uint32_t n = BATCH;
        s.random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
        (void)fprintf(stderr, "\rbatch %llu, %llu rules", (unsigned long long)seed,
                      (unsigned long long)done);
        run_batch(&s, n);
        done += n;
        seed++;
    }
    printf("\n%llu mutated rules: %llu accepted, %llu put aside, %llu hits\n",
           (unsigned long long)done, (unsigned long long)s.accepted, (unsigned long long)s.refused,
           (unsigned long long)s.hits);
    free(s.rules);
    strbuf_fini(&text);
    return s.accepted * ACCEPTED_PART >= done ? 0 : 1; /* fewer: the storm passes the sensor by */
}

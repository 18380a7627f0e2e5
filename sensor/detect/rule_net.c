/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Address and port lists of rules: "[10.0.0.0/8,!10.1.2.3,$EXTERNAL_NET]", "![1:1024,8080]".
 *
 * A list is what its positive members hold without what its negated members hold. Of a family
 * without positive members that has negated ones it holds the others, as Suricata has it: nothing
 * of IPv6 is in "!10.0.0.1". Lists nest and variables stand for lists. Both families live in one
 * number space while a list is computed (IPv4 as ::ffff:a.b.c.d).
 */
#include "sensor/detect/loader.h"

#include <stdio.h>
#include <stdlib.h>

typedef unsigned __int128 u128;

enum { NEST_MAX = 16, FAULT_MAX = 160 };

struct span {
    u128 lo, hi;
};
struct spans {
    struct span *at;
    uint32_t n, room;
};

static void spans_add(struct spans *s, u128 lo, u128 hi)
{
    if (s->n == s->room) {
        s->room = s->room ? s->room * 2 : 8;
        s->at = realloc(s->at, s->room * sizeof(*s->at));
        if (!s->at)
            abort();
    }
    s->at[s->n++] = (struct span){lo, hi};
}

static int by_lo(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    return x->lo < y->lo ? -1 : x->lo > y->lo;
}

/* Sorted, without overlaps and without neighbours that touch. */
static void spans_tidy(struct spans *s)
{
    if (s->n < 2)
        return;
    qsort(s->at, s->n, sizeof(*s->at), by_lo);
    uint32_t n = 1;
    for (uint32_t i = 1; i < s->n; i++) {
        struct span *last = &s->at[n - 1];
        if (last->hi == ~(u128)0 || s->at[i].lo <= last->hi + 1)
            last->hi = s->at[i].hi > last->hi ? s->at[i].hi : last->hi;
        else
            s->at[n++] = s->at[i];
    }
    s->n = n;
}

/* a without b; both tidy. */
static struct spans spans_minus(const struct spans *a, const struct spans *b)
{
    struct spans out = {0};
    uint32_t j = 0;

    for (uint32_t i = 0; i < a->n; i++) {
        u128 lo = a->at[i].lo, hi = a->at[i].hi;
        bool open = true;
        while (j < b->n && b->at[j].hi < lo)
            j++;
        for (uint32_t k = j; k < b->n && b->at[k].lo <= hi; k++) {
            if (b->at[k].lo > lo)
                spans_add(&out, lo, b->at[k].lo - 1);
            if (b->at[k].hi >= hi) {
                open = false;
                break;
            }
            lo = b->at[k].hi + 1;
        }
        if (open)
            spans_add(&out, lo, hi);
    }
    return out;
}

/* ---- parsing ------------------------------------------------------------------------------ */

struct list_reader {
    struct loader *loader;
    bool port, negated;
    u128 most;
    char *fault;
    int depth;
};

static bool read_list(struct list_reader *r, struct slice text, struct spans *out);

static bool fault(struct list_reader *r, const char *what, struct slice text)
{
    if (!*r->fault)
        snprintf(r->fault, FAULT_MAX, "%s \"%.*s\"", what, (int)(text.len < 80 ? text.len : 80),
                 (const char *)text.at);
    return false;
}

static u128 addr_number(const struct addr *a)
{
    u128 v = 0;

    if (a->family == 4) {
        for (int i = 0; i < 4; i++)
            v = v << 8 | a->b[i];
        return v | (u128)0xffff << 32;
    }
    for (int i = 0; i < 16; i++)
        v = v << 8 | a->b[i];
    return v;
}

/* 10.1.0.0/255.255.0.0: bits from the front. */
static bool masked(struct slice text, struct prefix *p)
{
    struct addr mask;
    int64_t at = slice_find_byte(text, '/');

    if (at < 0 || !addr_parse(slice_head(text, (uint32_t)at), &p->addr) ||
        !addr_parse(slice_from(text, (uint32_t)at + 1), &mask) || p->addr.family != 4 ||
        mask.family != 4)
        return false;
    uint32_t bits = (uint32_t)addr_number(&mask);
    p->bits = (uint8_t)__builtin_popcount(bits);
    return bits == (p->bits ? UINT32_MAX << (32 - p->bits) : 0);
}

static bool read_prefix(struct list_reader *r, struct slice text, struct spans *out)
{
    struct prefix p;
    struct addr lo, hi;
    int64_t dash = slice_find_byte(text, '-');

    if (dash > 0) {
        if (!addr_parse(slice_trim(slice_head(text, (uint32_t)dash)), &lo) ||
            !addr_parse(slice_trim(slice_from(text, (uint32_t)dash + 1)), &hi) ||
            lo.family != hi.family || addr_number(&lo) > addr_number(&hi))
            return fault(r, "not an address range:", text);
        spans_add(out, addr_number(&lo), addr_number(&hi));
        return true;
    }
    if (!prefix_parse(text, &p) && !masked(text, &p))
        return fault(r, "not an address:", text);
    u128 first = addr_number(&p.addr);
    uint32_t host = (p.addr.family == 4 ? 32u : 128u) - p.bits;
    u128 mask = host >= 128 ? ~(u128)0 : ((u128)1 << host) - 1;
    spans_add(out, first & ~mask, first | mask);
    return true;
}

static bool read_port(struct list_reader *r, struct slice text, struct spans *out)
{
    uint64_t lo = 0, hi = 65535;
    int64_t colon = slice_find_byte(text, ':');
    struct slice a = colon < 0 ? text : slice_trim(slice_head(text, (uint32_t)colon));
    struct slice b = colon < 0 ? text : slice_trim(slice_from(text, (uint32_t)colon + 1));

    if ((a.len || colon < 0) && (!slice_to_u64(a, &lo) || lo > 65535))
        return fault(r, "not a port:", text);
    if ((b.len || colon < 0) && (!slice_to_u64(b, &hi) || hi > 65535 || hi < lo))
        return fault(r, "not a port range:", text);
    spans_add(out, lo, hi);
    return true;
}

static bool read_var(struct list_reader *r, struct slice name, struct spans *out)
{
    struct slice text;

    if (!loader_var(r->loader, r->port, name, &text))
        return fault(r, r->port ? "unknown port variable" : "unknown address variable", name);
    if (r->depth >= NEST_MAX)
        return fault(r, "variables or lists nest too deeply at", name);
    r->depth++;
    bool ok = read_list(r, slice_trim(text), out);
    r->depth--;
    return ok;
}

static bool read_atom(struct list_reader *r, struct slice text, struct spans *out)
{
    if (slice_ieq(text, SLICE_LIT("any"))) {
        spans_add(out, 0, r->most);
        return true;
    }
    if (text.len > 1 && text.at[0] == '$')
        return read_var(r, slice_from(text, 1), out);
    return r->port ? read_port(r, text, out) : read_prefix(r, text, out);
}

/* Length of the first member of a list's inside, up to a comma outside of brackets. */
static uint32_t member_length(struct slice text)
{
    int depth = 0;

    for (uint32_t i = 0; i < text.len; i++) {
        depth += text.at[i] == '[' ? 1 : text.at[i] == ']' ? -1 : 0;
        if (text.at[i] == ',' && depth == 0)
            return i;
    }
    return text.len;
}

static const u128 first4 = (u128)0xffff << 32, last4 = (u128)0xffff << 32 | 0xffffffff;

/* Some of it is of the family: what lies between these numbers, or (`outside`) what does not. */
static bool has_family(const struct spans *s, u128 lo, u128 hi, bool outside)
{
    for (uint32_t i = 0; i < s->n; i++) {
        const struct span *at = &s->at[i];
        if (outside ? at->lo < lo || at->hi > hi : at->lo <= hi && at->hi >= lo)
            return true;
    }
    return false;
}

/* What is left out is left out of all there is of its family, when nothing of it is named. */
static void add_unnamed(const struct list_reader *r, struct spans *yes, const struct spans *no)
{
    u128 lo = r->port ? 0 : first4, hi = r->port ? r->most : last4;

    if (has_family(no, lo, hi, false) && !has_family(yes, lo, hi, false))
        spans_add(yes, lo, hi);
    if (has_family(no, lo, hi, true) && !has_family(yes, lo, hi, true)) {
        spans_add(yes, 0, lo - 1);
        spans_add(yes, hi + 1, r->most);
    }
}

static bool read_members(struct list_reader *r, struct slice text, struct spans *out)
{
    struct spans yes = {0}, no = {0};
    bool ok = text.len > 0 || fault(r, "empty list", text);

    while (ok && text.len) {
        uint32_t len = member_length(text);
        struct slice member = slice_trim(slice_head(text, len));
        bool negated = member.len && member.at[0] == '!';
        if (negated)
            member = slice_trim(slice_from(member, 1));
        ok = member.len ? read_list(r, member, negated ? &no : &yes)
                        : fault(r, "empty member in the list", text);
        r->negated |= negated;
        text = slice_from(text, len + 1);
    }
    add_unnamed(r, &yes, &no);
    spans_tidy(&yes);
    spans_tidy(&no);
    struct spans rest = spans_minus(&yes, &no);
    for (uint32_t i = 0; ok && i < rest.n; i++)
        spans_add(out, rest.at[i].lo, rest.at[i].hi);
    free(yes.at);
    free(no.at);
    free(rest.at);
    return ok;
}

/* One item: "!x", "[…]", "$VAR", or a value. */
static bool read_list(struct list_reader *r, struct slice text, struct spans *out)
{
    if (!text.len)
        return fault(r, "empty list", text);
    if (++r->depth > NEST_MAX) {
        r->depth--;
        return fault(r, "lists nest too deeply at", text);
    }
    bool ok;
    if (text.at[0] == '!')
        ok = read_members(r, text, out);
    else if (text.at[0] == '[' && text.at[text.len - 1] == ']')
        ok = read_members(r, (struct slice){text.at + 1, text.len - 2}, out);
    else if (member_length(text) < text.len)
        ok = read_members(r, text, out);
    else
        ok = read_atom(r, text, out);
    r->depth--;
    return ok;
}

/* ---- frozen sets -------------------------------------------------------------------------- */

static void number_bytes(u128 v, uint8_t out[16])
{
    for (int i = 15; i >= 0; i--, v >>= 8)
        out[i] = (uint8_t)v;
}

static struct netset *freeze_nets(struct loader *loader, const struct spans *s)
{
    struct netset *set = arena_alloc(loader->arena, sizeof(*set));
    struct range4 *v4 = arena_alloc(loader->arena, (s->n + 1) * sizeof(*v4));
    struct range6 *v6 = arena_alloc(loader->arena, (s->n + 1) * sizeof(*v6));

    if (!set || !v4 || !v6)
        abort();
    set->any = s->n == 1 && s->at[0].lo == 0 && s->at[0].hi == ~(u128)0;
    for (uint32_t i = 0; i < s->n; i++) {
        u128 lo = s->at[i].lo, hi = s->at[i].hi;
        if (lo <= last4 && hi >= first4) {
            struct range4 *r = &v4[set->n4++];
            r->lo = (uint32_t)((lo < first4 ? first4 : lo) - first4);
            r->hi = (uint32_t)((hi > last4 ? last4 : hi) - first4);
            set->width4 += (uint64_t)r->hi - r->lo + 1;
        }
        if (lo < first4 || hi > last4) {
            number_bytes(lo, v6[set->n6].lo);
            number_bytes(hi, v6[set->n6++].hi);
        }
    }
    set->v4 = v4;
    set->v6 = v6;
    return set;
}

const struct netset *rule_net_parse(struct loader *loader, struct slice text, char *fault_text)
{
    struct intern_entry *entry = intern_get(&loader->netsets, text);

    if (entry->value)
        return entry->value;
    struct list_reader r = {.loader = loader, .most = ~(u128)0, .fault = fault_text};
    struct spans spans = {0};
    *fault_text = '\0';
    bool ok = read_list(&r, text, &spans);
    spans_tidy(&spans);
    if (ok && spans.n == 0)
        ok = fault(&r, "the address list is empty:", text);
    /* the table may have moved: look the entry up again */
    entry = intern_get(&loader->netsets, text);
    if (ok) {
        struct netset *set = freeze_nets(loader, &spans);
        set->id = entry->id;
        set->negated = r.negated;
        entry->value = set;
    }
    free(spans.at);
    return entry->value;
}

const struct portset *rule_port_parse(struct loader *loader, struct slice text, char *fault_text)
{
    struct intern_entry *entry = intern_get(&loader->portsets, text);

    if (entry->value)
        return entry->value;
    struct list_reader r = {.loader = loader, .port = true, .most = 65535, .fault = fault_text};
    struct spans spans = {0};
    *fault_text = '\0';
    bool ok = read_list(&r, text, &spans);
    spans_tidy(&spans);
    if (ok && spans.n == 0)
        ok = fault(&r, "the port list is empty:", text);
    if (ok) {
        struct portset *set = arena_alloc(loader->arena, sizeof(*set));
        struct range_port *at = arena_alloc(loader->arena, spans.n * sizeof(*at));
        if (!set || !at)
            abort();
        for (uint32_t i = 0; i < spans.n; i++)
            at[i] = (struct range_port){(uint16_t)spans.at[i].lo, (uint16_t)spans.at[i].hi};
        set->any = spans.at[0].lo == 0 && spans.at[0].hi == 65535;
        set->n = spans.n;
        set->at = at;
        entry = intern_get(&loader->portsets, text);
        entry->value = set;
    }
    free(spans.at);
    return entry->value;
}

bool rule_net_has(const struct netset *set, const struct addr *addr)
{
    if (set->any)
        return true;
    if (addr->family == 4) {
        uint32_t v = (uint32_t)addr->b[0] << 24 | (uint32_t)addr->b[1] << 16 |
                     (uint32_t)addr->b[2] << 8 | addr->b[3];
        uint32_t lo = 0, hi = set->n4;
        while (lo < hi) {
            uint32_t mid = (lo + hi) / 2;
            if (set->v4[mid].hi < v)
                lo = mid + 1;
            else
                hi = mid;
        }
        return lo < set->n4 && set->v4[lo].lo <= v;
    }
    if (addr->family != 6)
        return false;
    for (uint32_t i = 0; i < set->n6; i++) {
        if (memcmp(set->v6[i].lo, addr->b, 16) <= 0 && memcmp(addr->b, set->v6[i].hi, 16) <= 0)
            return true;
    }
    return false;
}

bool rule_port_has(const struct portset *set, uint16_t port)
{
    if (set->any)
        return true;
    for (uint32_t i = 0; i < set->n; i++) {
        if (port >= set->at[i].lo && port <= set->at[i].hi)
            return true;
    }
    return false;
}

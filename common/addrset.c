/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Freezing: prefixes sorted by start, then by length, are nested or disjoint. One sweep with a
 * stack of the prefixes that are open gives the boundaries at which the answer changes.
 */
#include "common/addrset.h"
#include "common/check.h"

#include <stdlib.h>

enum { NOT_IN = 0xffffffff, ADDRSET_BITS_MAX = 128 };

struct wide {
    uint64_t high, low;
};

struct addrset_entry {
    struct wide from, to;
    uint32_t payload; /* NOT_IN when negated */
    uint32_t order;
    uint8_t family;
    uint8_t bits;
};

struct addrset_edge4 {
    uint32_t from;
    uint32_t payload;
};

struct addrset_edge6 {
    struct wide from;
    uint32_t payload;
};

void addrset_init(struct addrset *set)
{
    *set = (struct addrset){0};
}

void addrset_fini(struct addrset *set)
{
    free(set->entries);
    free(set->edges4);
    free(set->edges6);
    *set = (struct addrset){0};
}

static struct wide wide_of(const struct addr *addr)
{
    struct wide w = {0, 0};

    if (addr->family == 4) {
        for (int i = 0; i < 4; i++)
            w.low = w.low << 8 | addr->b[i];
        return w;
    }
    for (int i = 0; i < 8; i++) {
        w.high = w.high << 8 | addr->b[i];
        w.low = w.low << 8 | addr->b[8 + i];
    }
    return w;
}

static int wide_cmp(struct wide a, struct wide b)
{
    if (a.high != b.high)
        return a.high < b.high ? -1 : 1;
    return a.low < b.low ? -1 : a.low > b.low;
}

static struct wide wide_next(struct wide w)
{
    w.low++;
    w.high += w.low == 0;
    return w;
}

/* The last address when the lowest `bits` bits are free. */
static struct wide wide_fill(struct wide w, uint32_t bits)
{
    if (bits >= 64) {
        w.low = UINT64_MAX;
        w.high |= bits >= 128 ? UINT64_MAX : (UINT64_C(1) << (bits - 64)) - 1;
    } else {
        w.low |= (UINT64_C(1) << bits) - 1;
    }
    return w;
}

static void add(struct addrset *set, struct addrset_entry entry)
{
    CHECK(!set->frozen);
    if ((set->n & (set->n - 1)) == 0) { /* room doubles */
        uint32_t room = set->n ? set->n * 2 : 1;
        set->entries = realloc(set->entries, room * sizeof(entry));
        CHECK(set->entries);
    }
    entry.order = set->n;
    set->entries[set->n++] = entry;
}

void addrset_add(struct addrset *set, const struct prefix *prefix, bool negated, uint32_t payload)
{
    uint32_t size = prefix->addr.family == 4 ? 32 : 128;

    CHECK(payload <= ADDRSET_PAYLOAD_MAX);
    if (prefix->addr.family != 4 && prefix->addr.family != 6)
        return;
    struct wide from = wide_of(&prefix->addr);
    add(set, (struct addrset_entry){.from = from,
                                    .to = wide_fill(from, size - prefix->bits),
                                    .payload = negated ? NOT_IN : payload,
                                    .family = prefix->addr.family,
                                    .bits = prefix->bits});
}

/* Zero bits at the low end. */
static uint32_t free_bits(struct wide w, uint32_t size)
{
    uint32_t n = w.low    ? (uint32_t)__builtin_ctzll(w.low)
                 : w.high ? 64 + (uint32_t)__builtin_ctzll(w.high)
                          : 128;
    return n < size ? n : size;
}

bool addrset_add_range(struct addrset *set, const struct addr *from, const struct addr *to,
                       bool negated, uint32_t payload)
{
    CHECK(payload <= ADDRSET_PAYLOAD_MAX);
    if (from->family != to->family || (from->family != 4 && from->family != 6))
        return false;
    uint32_t size = from->family == 4 ? 32 : 128;
    struct wide at = wide_of(from);
    struct wide last = wide_of(to);
    if (wide_cmp(at, last) > 0)
        return false;
    for (;;) { /* the largest aligned prefix that does not go over the end, then the next */
        uint32_t bits = free_bits(at, size);
        while (wide_cmp(wide_fill(at, bits), last) > 0)
            bits--;
        struct wide end = wide_fill(at, bits);
        add(set, (struct addrset_entry){.from = at,
                                        .to = end,
                                        .payload = negated ? NOT_IN : payload,
                                        .family = from->family,
                                        .bits = (uint8_t)(size - bits)});
        if (wide_cmp(end, last) == 0)
            return true;
        at = wide_next(end);
    }
}

static void add_any(struct addrset *set, bool negated, uint32_t payload)
{
    addrset_add(set, &(struct prefix){.addr.family = 4}, negated, payload);
    addrset_add(set, &(struct prefix){.addr.family = 6}, negated, payload);
}

bool addrset_add_text(struct addrset *set, struct slice text, uint32_t payload)
{
    struct prefix prefix;
    struct addr from;
    struct addr to;

    text = slice_trim(text);
    bool negated = text.len && text.at[0] == '!';
    text = slice_trim(slice_from(text, negated));
    if (slice_ieq(text, SLICE_LIT("any"))) {
        add_any(set, negated, payload);
        return true;
    }
    int64_t dash = slice_find_byte(text, '-');
    if (dash > 0)
        return addr_parse(slice_trim(slice_head(text, (uint32_t)dash)), &from) &&
               addr_parse(slice_trim(slice_from(text, (uint32_t)dash + 1)), &to) &&
               addrset_add_range(set, &from, &to, negated, payload);
    if (!prefix_parse(text, &prefix))
        return false;
    addrset_add(set, &prefix, negated, payload);
    return true;
}

static int by_start(const void *x, const void *y)
{
    const struct addrset_entry *a = x;
    const struct addrset_entry *b = y;

    if (a->family != b->family)
        return a->family - b->family;
    int cmp = wide_cmp(a->from, b->from);
    if (cmp || a->bits != b->bits)
        return cmp ? cmp : a->bits - b->bits;
    if ((a->payload == NOT_IN) != (b->payload == NOT_IN))
        return a->payload == NOT_IN ? 1 : -1; /* what comes last wins */
    return a->order < b->order ? -1 : 1;
}

static void edge(struct addrset *set, uint8_t family, struct wide from, uint32_t payload)
{
    if (family == 4) {
        struct addrset_edge4 *last = set->n4 ? &set->edges4[set->n4 - 1] : NULL;
        if (last && last->from == (uint32_t)from.low)
            last->payload = payload;
        else
            set->edges4[set->n4++] = (struct addrset_edge4){(uint32_t)from.low, payload};
        return;
    }
    struct addrset_edge6 *last = set->n6 ? &set->edges6[set->n6 - 1] : NULL;
    if (last && wide_cmp(last->from, from) == 0)
        last->payload = payload;
    else
        set->edges6[set->n6++] = (struct addrset_edge6){from, payload};
}

/* Closes the innermost open prefix: behind it the one around it holds again. */
static void close_one(struct addrset *set, const struct addrset_entry **stack, uint32_t *depth,
                      uint8_t family)
{
    const struct addrset_entry *inner = stack[--*depth];
    struct wide last = wide_fill((struct wide){0, 0}, family == 4 ? 32 : 128);

    if (wide_cmp(inner->to, last) != 0)
        edge(set, family, wide_next(inner->to), *depth ? stack[*depth - 1]->payload : NOT_IN);
}

static void sweep(struct addrset *set, uint8_t family)
{
    const struct addrset_entry *stack[ADDRSET_BITS_MAX + 2];
    uint32_t depth = 0;

    for (uint32_t i = 0; i < set->n; i++) {
        const struct addrset_entry *e = &set->entries[i];
        if (e->family != family)
            continue;
        while (depth && wide_cmp(stack[depth - 1]->to, e->from) < 0)
            close_one(set, stack, &depth, family);
        if (depth && stack[depth - 1]->bits == e->bits)
            depth--; /* the same prefix again: the later one holds */
        stack[depth++] = e;
        edge(set, family, e->from, e->payload);
    }
    while (depth)
        close_one(set, stack, &depth, family);
}

void addrset_freeze(struct addrset *set)
{
    bool only_negated = set->n > 0;

    CHECK(!set->frozen);
    for (uint32_t i = 0; i < set->n; i++)
        only_negated = only_negated && set->entries[i].payload == NOT_IN;
    if (only_negated)
        add_any(set, false, 0);
    set->frozen = true;
    if (set->n == 0)
        return;
    qsort(set->entries, set->n, sizeof(*set->entries), by_start);
    set->edges4 = calloc(2 * (size_t)set->n, sizeof(*set->edges4));
    set->edges6 = calloc(2 * (size_t)set->n, sizeof(*set->edges6));
    CHECK(set->edges4 && set->edges6);
    sweep(set, 4);
    sweep(set, 6);
    free(set->entries);
    set->entries = NULL;
}

static uint32_t find4(const struct addrset *set, uint32_t key)
{
    uint32_t low = 0;
    uint32_t high = set->n4;

    while (low < high) { /* first edge above the key */
        uint32_t middle = low + (high - low) / 2;
        if (set->edges4[middle].from <= key)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? set->edges4[low - 1].payload : NOT_IN;
}

static uint32_t find6(const struct addrset *set, struct wide key)
{
    uint32_t low = 0;
    uint32_t high = set->n6;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (wide_cmp(set->edges6[middle].from, key) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? set->edges6[low - 1].payload : NOT_IN;
}

bool addrset_find(const struct addrset *set, const struct addr *addr, uint32_t *payload)
{
    uint32_t found = NOT_IN;

    CHECK(set->frozen);
    if (addr->family == 4)
        found = find4(set, (uint32_t)wide_of(addr).low);
    else if (addr->family == 6)
        found = find6(set, wide_of(addr));
    if (found != NOT_IN && payload)
        *payload = found;
    return found != NOT_IN;
}

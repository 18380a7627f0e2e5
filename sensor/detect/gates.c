/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/gates.h"

#include "sensor/detect/lookup.h"
#include "sensor/detect/match.h"

#include <stdlib.h>

/* ---- making ------------------------------------------------------------------------------- */

void gates_length(const struct num *n, struct gate *g)
{
    static const struct {
        bool from, to;                /* bounded */
        uint8_t from_next, to_before; /* the number itself is outside */
        bool second;                  /* the upper bound is b */
    } rows[] = {
        [NUM_EQ] = {true, true, 0, 0, false},      [NUM_LT] = {false, true, 0, 1, false},
        [NUM_LE] = {false, true, 0, 0, false},     [NUM_GT] = {true, false, 1, 0, false},
        [NUM_GE] = {true, false, 0, 0, false},     [NUM_RANGE] = {true, true, 1, 1, true},
        [NUM_IN_RANGE] = {true, true, 0, 0, true},
    };
    g->most = UINT16_MAX;
    if (!n || n->a >= UINT16_MAX || n->b >= UINT16_MAX)
        return;
    uint64_t top = rows[n->mode].second ? n->b : n->a;
    if (rows[n->mode].from)
        g->least = (uint16_t)(n->a + rows[n->mode].from_next);
    if (rows[n->mode].to && top >= rows[n->mode].to_before)
        g->most = (uint16_t)(top - rows[n->mode].to_before);
}

static struct gate gate_of(const struct rule *r)
{
    struct gate g = {.rule = r->info.index, .at = r->gate_at, .len = r->gate_len};

    for (uint8_t i = 0; i < r->gate_len; i++) {
        g.value |= (uint32_t)r->gate[i] << 8 * i;
        g.mask |= UINT32_C(0xff) << 8 * i;
    }
    if (!r->gate_len && r->gate_told) {
        g.told = true;
        g.value = (uint32_t)r->gate_short;
        g.mask = r->gate_span;
    }
    gates_length(r->gate_dsize, &g);
    if (r->kind == RULE_PACKET && r->gate_bytes && !g.least)
        g.least = 1;
    g.on_packet = r->kind != RULE_STREAM || !r->only_stream;
    g.on_stream = r->kind == RULE_STREAM || r->kind == RULE_PACKET_STREAM;
    return g;
}

/* Place in the order of gates: without bytes; with bytes further in; at place 0, by the first. */
static uint32_t gate_place(const struct gate *g)
{
    return !g->len ? 0 : g->at ? 1 : 2 + (g->value & 0xffu);
}

static int by_place(const void *a, const void *b)
{
    const struct gate *x = a, *y = b;
    uint32_t px = gate_place(x), py = gate_place(y);

    if (px != py)
        return px < py ? -1 : 1;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    if (x->least != y->least)
        return x->least < y->least ? -1 : 1;
    return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static void note_place(struct gate_place *p, const struct gate *g)
{
    p->has[g->value >> 6 & 3] |= UINT64_C(1) << (g->value & 63);
    for (uint32_t i = 0; g->len < 2 && i < 4; i++)
        p->then[i] = UINT64_MAX;
    p->then[g->value >> 14 & 3] |= UINT64_C(1) << (g->value >> 8 & 63);
    p->n++;
}

/* Gates with bytes further in, from `first` on, by place. */
static uint32_t freeze_places(struct gates *gates, struct gate_place *places, uint32_t first,
                              uint32_t n)
{
    uint32_t i = first;

    for (; i < n && gate_place(&gates->at[i]) == 1; i++) {
        const struct gate *g = &gates->at[i];
        struct gate_place *p = &places[gates->n_places];
        if (i == first || g->at != g[-1].at)
            *(p = &places[gates->n_places++]) =
                (struct gate_place){.at = g->at, .first = (uint16_t)i};
        else
            p--;
        note_place(p, g);
    }
    gates->places = places;
    return i;
}

static void set_bit(uint64_t *bits, uint32_t bit)
{
    bits[bit / 64] |= UINT64_C(1) << bit % 64;
}

static inline bool has_bit(const uint64_t *bits, uint32_t bit)
{
    return bits[bit / 64] >> bit % 64 & 1;
}

/* Of the first two bytes. */
static uint32_t begin_bit(uint32_t value)
{
    return lookup_hash(value & UINT16_MAX) >> 16 & (GATES_BEGINS - 1);
}

static void note_begin(struct gates *gates, const struct gate *g)
{
    for (uint32_t next = 0; next < (g->len > 1 ? 1 : 256); next++)
        set_bit(gates->begins, begin_bit(g->len > 1 ? g->value : (g->value & 0xff) | next << 8));
}

const struct gates *gates_freeze(struct arena *arena, const struct rule *rules,
                                 const uint32_t *always, uint32_t n, bool *ok)
{
    if (!n)
        return NULL;
    struct gate *at = arena_alloc(arena, n * sizeof(*at));
    struct gate_place *places = arena_alloc(arena, n * sizeof(*places));
    struct gates *gates = arena_alloc(arena, sizeof(*gates));
    if (!at || !places || !gates) {
        *ok = false;
        return NULL;
    }
    for (uint32_t i = 0; i < n; i++)
        at[i] = gate_of(&rules[always[i]]);
    qsort(at, n, sizeof(*at), by_place);
    gates->at = at;
    while (gates->n_lengths < n && !gate_place(&at[gates->n_lengths]))
        gates->n_lengths++;
    uint32_t i = freeze_places(gates, places, gates->n_lengths, n);
    for (uint32_t byte = 0, k = i; byte <= 256; byte++) {
        while (k < n && gate_place(&at[k]) < byte + 2)
            k++;
        gates->first[byte] = (uint16_t)k;
    }
    for (; i < n; i++)
        note_begin(gates, &at[i]);
    return gates;
}

/* ---- asking ------------------------------------------------------------------------------- */

/* What stands at one place of packet or stream: as many bytes as a gate may ask for. */
struct seen {
    uint32_t bytes; /* the first one lowest */
    uint32_t n;
};

static struct seen seen_at(struct slice data, uint64_t base, uint32_t place)
{
    uint64_t at = place - base; /* wraps when it lies before */
    struct seen seen = {0};

    if (at >= data.len)
        return seen;
    if (data.len - at >= sizeof(uint32_t))
        return (struct seen){lookup_load4(data.at + at), sizeof(uint32_t)};
    for (; at + seen.n < data.len; seen.n++)
        seen.bytes |= (uint32_t)data.at[at + seen.n] << 8 * seen.n;
    return seen;
}

static bool stands(const struct gate *g, struct seen seen)
{
    return (seen.bytes & g->mask) == g->value && seen.n >= g->len;
}

/* The payload tells its own length. */
static bool is_told(const struct gate *g, struct slice payload)
{
    return payload.len >= sizeof(uint32_t) &&
           lookup_load4(payload.at) - payload.len - g->value <= g->mask;
}

/* Those that ask for nothing but a length: the least one first. */
static void try_lengths(struct detect *d, const struct gate *g, uint32_t n)
{
    struct slice payload = d->in->packet->payload;

    for (const struct gate *end = g + n; g < end && g->least <= payload.len; g++) {
        if (payload.len <= g->most && (!g->told || is_told(g, payload)) &&
            header_ok(d, g->rule, d->look.dir))
            detect_candidate(d, g->rule, 0);
    }
}

/* Of what stands there the first two bytes are asked about; where the bytes end behind the first, a
 * gate of one byte may still stand. */
static inline bool may_stand(const struct gate_place *p, struct slice data, uint64_t base)
{
    uint64_t at = p->at - base; /* wraps when it lies before */

    return at < data.len && has_bit(p->has, data.at[at]) &&
           (at + 1 == data.len || has_bit(p->then, data.at[at + 1]));
}

/* The same at place 0; its gates, of the same first byte, stand side by side. */
static inline uint32_t may_begin(const struct gates *gates, struct slice data)
{
    if (!data.len || (data.len > 1 && !has_bit(gates->begins, begin_bit(lookup_load2(data.at)))))
        return 256;
    return data.at[0];
}

/* Gates of one place. */
static void try_gates(struct detect *d, const struct gate *g, uint32_t n, const struct view *stream)
{
    struct slice payload = d->in->packet->payload;
    const struct gate *end = g + n;

    if (g == end)
        return;
    struct seen packet = seen_at(payload, 0, g->at);
    struct seen other = stream ? seen_at(stream->data, stream->base, g->at) : (struct seen){0};
    for (; g < end; g++) {
        if (!(g->on_packet && stands(g, packet)) && !(g->on_stream && stands(g, other)))
            continue;
        if (payload.len >= g->least && payload.len <= g->most && header_ok(d, g->rule, d->look.dir))
            detect_candidate(d, g->rule, 0);
    }
}

void gates_open(struct detect *d, const struct gates *gates, const struct view *stream)
{
    struct slice payload = d->in->packet->payload;
    const uint16_t *first = gates->first;

    try_lengths(d, gates->at, gates->n_lengths);
    if (!payload.len && !stream)
        return;
    uint64_t end = stream ? stream->base + stream->data.len : 0;
    const struct gate_place *place = gates->places;
    if (end < payload.len)
        end = payload.len;
    for (uint32_t i = 0; i < gates->n_places && place->at < end; i++, place++) {
        if (may_stand(place, payload, 0) ||
            (stream && may_stand(place, stream->data, stream->base)))
            try_gates(d, gates->at + place->first, place->n, stream);
    }
    uint32_t p = may_begin(gates, payload);
    uint32_t s = stream && !stream->base ? may_begin(gates, stream->data) : 256;
    if (p < 256)
        try_gates(d, gates->at + first[p], (uint32_t)first[p + 1] - first[p], stream);
    if (s < 256 && s != p)
        try_gates(d, gates->at + first[s], (uint32_t)first[s + 1] - first[s], stream);
}

static void try_heads(struct detect *d, const struct gate *g, uint32_t n, struct slice bytes)
{
    const struct gate *end = g + n;

    if (g == end)
        return;
    struct seen seen = seen_at(bytes, 0, g->at);
    for (; g < end; g++) {
        if (stands(g, seen))
            detect_candidate(d, g->rule, 0);
    }
}

void gates_heads(struct detect *d, const struct gates *gates, struct slice bytes)
{
    if (!bytes.len)
        return;
    for (uint32_t i = 0; i < gates->n_places; i++) {
        const struct gate_place *place = &gates->places[i];
        if (may_stand(place, bytes, 0))
            try_heads(d, gates->at + place->first, place->n, bytes);
    }
    uint32_t begin = may_begin(gates, bytes);
    const uint16_t *first = &gates->first[begin];
    if (begin < 256)
        try_heads(d, gates->at + first[0], (uint32_t)first[1] - first[0], bytes);
}

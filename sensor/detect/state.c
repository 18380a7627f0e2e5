/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/state.h"

#include <stdlib.h>

enum {
    CLASS_MIN_BITS = 5,
    CLASSES = 12,
    SLAB_BYTES = 64 * 1024,
    TX_RULES_MAX = 512,
    BITS_MAX = 256,
    INTS_MAX = 32
};

struct block {
    struct block *next;
};
struct slab {
    struct slab *next;
    uint64_t pad;
};

struct pool {
    struct block *free[CLASSES];
    struct slab *slabs;
    uint64_t used_bytes, cap_bytes;
};

struct pool *state_pool_new(uint64_t cap_bytes)
{
    struct pool *pool = calloc(1, sizeof(*pool));

    if (pool)
        pool->cap_bytes = cap_bytes;
    return pool;
}

void state_pool_free(struct pool **pool)
{
    if (!*pool)
        return;
    while ((*pool)->slabs) {
        struct slab *next = (*pool)->slabs->next;
        free((*pool)->slabs);
        (*pool)->slabs = next;
    }
    free(*pool);
    *pool = NULL;
}

static uint32_t class_of(size_t bytes)
{
    uint32_t c = 0;

    while (((size_t)1 << (c + CLASS_MIN_BITS)) < bytes)
        c++;
    return c;
}

static bool refill(struct pool *pool, uint32_t c)
{
    size_t size = (size_t)1 << (c + CLASS_MIN_BITS);

    if (pool->used_bytes + SLAB_BYTES > pool->cap_bytes)
        return false;
    struct slab *slab = malloc(SLAB_BYTES + sizeof(*slab));
    if (!slab)
        return false;
    slab->next = pool->slabs;
    pool->slabs = slab;
    pool->used_bytes += SLAB_BYTES;
    uint8_t *at = (uint8_t *)(slab + 1);
    for (size_t i = 0; i + size <= SLAB_BYTES; i += size) {
        struct block *b = (struct block *)(void *)(at + i);
        b->next = pool->free[c];
        pool->free[c] = b;
    }
    return true;
}

/* With whatever stood there. */
static void *take(struct pool *pool, size_t bytes)
{
    uint32_t c = class_of(bytes);

    if (c >= CLASSES || (!pool->free[c] && !refill(pool, c)))
        return NULL;
    struct block *b = pool->free[c];
    pool->free[c] = b->next;
    return b;
}

void *state_take(struct pool *pool, size_t bytes)
{
    void *at = take(pool, bytes);

    if (at)
        memset(at, 0, bytes);
    return at;
}

void state_give(struct pool *pool, void *at, size_t bytes)
{
    if (!at)
        return;
    uint32_t c = class_of(bytes);
    struct block *b = at;
    b->next = pool->free[c];
    pool->free[c] = b;
}

bool state_grow(struct pool *pool, void **at, uint16_t n, uint16_t *room, size_t item, uint16_t max)
{
    if (n < *room)
        return true;
    uint16_t wider = *room ? (uint16_t)(*room * 2) : (uint16_t)(32 / item ? 32 / item : 1);
    if (wider < 2)
        wider = 2;
    if (wider > max)
        return false;
    void *to = state_take(pool, wider * item);
    if (!to)
        return false;
    if (n)
        memcpy(to, *at, n * item);
    state_give(pool, *at, *room * item);
    *at = to;
    *room = wider;
    return true;
}

struct flow_marks *state_flow(struct pool *pool, struct flow *flow)
{
    if (!flow->ext[FLOW_EXT_DETECT])
        flow->ext[FLOW_EXT_DETECT] = state_take(pool, sizeof(struct flow_marks));
    return flow->ext[FLOW_EXT_DETECT];
}

void state_flow_empty(struct pool *pool, struct flow_marks *s)
{
    for (int d = 0; d < 2; d++) {
        state_give(pool, s->win[d].at, s->win[d].room);
        state_give(pool, s->win[d].pending, s->win[d].room_pending * sizeof(struct pending));
    }
    match_frame_drop(pool, s->frames);
    for (uint16_t i = 0; i < s->n_vars; i++)
        state_give(pool, s->vars[i].at, s->vars[i].len);
    state_give(pool, s->vars, s->room_vars * sizeof(*s->vars));
    state_give(pool, s->bits, s->room_bits * sizeof(*s->bits));
    state_give(pool, s->ints, s->room_ints * sizeof(*s->ints));
}

void state_flow_drop(struct pool *pool, struct flow *flow)
{
    struct flow_marks *s = flow->ext[FLOW_EXT_DETECT];

    if (!s)
        return;
    state_flow_empty(pool, s);
    state_give(pool, s, sizeof(*s));
    flow->ext[FLOW_EXT_DETECT] = NULL;
}

struct tx_state *state_tx(struct pool *pool, struct tx *tx)
{
    if (!tx->detect)
        tx->detect = state_take(pool, sizeof(struct tx_state));
    return tx->detect;
}

void state_tx_drop(struct pool *pool, struct tx *tx)
{
    struct tx_state *s = tx->detect;

    if (!s)
        return;
    state_give(pool, s->rules, s->room * sizeof(*s->rules));
    state_give(pool, s, sizeof(*s));
    tx->detect = NULL;
}

bool state_bit(const struct flow *flow, uint16_t bit)
{
    const struct flow_marks *s = flow->ext[FLOW_EXT_DETECT];

    for (uint16_t i = 0; s && i < s->n_bits; i++) {
        if (s->bits[i] == bit)
            return true;
    }
    return false;
}

void state_bit_set(struct pool *pool, struct flow *flow, uint16_t bit, bool on)
{
    struct flow_marks *s = state_flow(pool, flow);

    for (uint16_t i = 0; s && i < s->n_bits; i++) {
        if (s->bits[i] != bit)
            continue;
        if (!on)
            s->bits[i] = s->bits[--s->n_bits];
        return;
    }
    if (!s || !on)
        return;
    void *at = s->bits;
    if (state_grow(pool, &at, s->n_bits, &s->room_bits, sizeof(*s->bits), BITS_MAX)) {
        s->bits = at;
        s->bits[s->n_bits++] = bit;
    }
}

uint32_t *state_int(struct pool *pool, struct flow *flow, uint16_t id, bool make)
{
    struct flow_marks *s = make ? state_flow(pool, flow) : flow->ext[FLOW_EXT_DETECT];

    for (uint16_t i = 0; s && i < s->n_ints; i++) {
        if (s->ints[i].id == id)
            return &s->ints[i].value;
    }
    if (!s || !make)
        return NULL;
    void *at = s->ints;
    if (!state_grow(pool, &at, s->n_ints, &s->room_ints, sizeof(*s->ints), INTS_MAX))
        return NULL;
    s->ints = at;
    s->ints[s->n_ints] = (struct flow_int){.id = id};
    return &s->ints[s->n_ints++].value;
}

const struct flow_var *state_var(const struct flow *flow, uint16_t id)
{
    const struct flow_marks *s = flow->ext[FLOW_EXT_DETECT];

    for (uint16_t i = 0; s && i < s->n_vars; i++) {
        if (s->vars[i].id == id)
            return &s->vars[i];
    }
    return NULL;
}

bool state_var_set(struct pool *pool, struct flow *flow, uint16_t id, struct slice value)
{
    struct flow_marks *s = state_flow(pool, flow);
    uint16_t i = 0;

    value = slice_head(value, VAR_BYTES_MAX);
    while (s && i < s->n_vars && s->vars[i].id != id)
        i++;
    if (!s)
        return false;
    void *list = s->vars;
    if (i == s->n_vars && !state_grow(pool, &list, i, &s->room_vars, sizeof(*s->vars), VARS_MAX))
        return false;
    s->vars = list;
    uint8_t *at = value.len ? state_take(pool, value.len) : NULL;
    if (value.len && !at)
        return false;
    if (at)
        memcpy(at, value.at, value.len);
    if (i < s->n_vars)
        state_give(pool, s->vars[i].at, s->vars[i].len);
    else
        s->n_vars++;
    s->vars[i] = (struct flow_var){id, (uint16_t)value.len, at};
    return true;
}

struct tx_rule *state_tx_rule(const struct tx_state *state, uint32_t rule, uint8_t dir)
{
    for (uint16_t i = 0; i < state->n; i++) {
        if (state->rules[i].rule == rule && state->rules[i].dir == dir)
            return &state->rules[i];
    }
    return NULL;
}

struct tx_rule *state_tx_add(struct pool *pool, struct tx_state *state, uint32_t rule, uint8_t dir)
{
    void *at = state->rules;

    if (!state_grow(pool, &at, state->n, &state->room, sizeof(*state->rules), TX_RULES_MAX))
        return NULL;
    state->rules = at;
    state->rules[state->n] = (struct tx_rule){.rule = rule, .dir = dir};
    return &state->rules[state->n++];
}

bool state_window(struct pool *pool, struct window *win, uint32_t bytes)
{
    if (win->room >= bytes)
        return true;
    uint32_t room = 1u << (class_of(bytes) + CLASS_MIN_BITS);
    uint8_t *at = take(pool, room);
    if (!at)
        return false;
    if (win->len)
        memcpy(at, win->at, win->len);
    state_give(pool, win->at, win->room);
    win->at = at;
    win->room = room;
    return true;
}

void state_window_drop(struct pool *pool, struct window *win)
{
    state_give(pool, win->at, win->room);
    win->at = NULL;
    win->len = win->room = 0;
}

struct pending *state_pending(struct pool *pool, struct window *win)
{
    void *at = win->pending;

    if (state_grow(pool, &at, win->n_pending, &win->room_pending, sizeof(*win->pending),
                   STREAM_PENDING_MAX)) {
        win->pending = at;
        return &win->pending[win->n_pending++];
    }
    if (!win->n_pending)
        return NULL;
    struct pending *soonest = win->pending;
    for (uint16_t i = 1; i < win->n_pending; i++)
        soonest = win->pending[i].until < soonest->until ? &win->pending[i] : soonest;
    return soonest;
}

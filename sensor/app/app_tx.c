/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transactions: their memory, order and end. Each has an arena of pooled blocks that dies with it.
 * Caps: APP_TX_BYTES for one, APP_TX_OPEN_MAX unfinished and APP_TX_MAX alive for a flow.
 */
#include "sensor/app/app_flow.h"

#include "common/check.h"

enum { BLOCK_BYTES = 1024 - sizeof(struct tx_block), ALIGN = 16, GROWN_FIRST = 256 };

static size_t aligned(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static struct tx_block *block_new(struct app_engine *engine, size_t bytes)
{
    size_t room;
    struct tx_block *block = pool_get(&engine->pool, bytes + aligned(sizeof *block), &room);
    if (!block) {
        engine->count[APP_MEMORY]++;
        return NULL;
    }
    block->room = room;
    return block;
}

static uint8_t *block_start(struct tx_block *block)
{
    return (uint8_t *)block + aligned(sizeof *block);
}

static uint8_t *block_end(struct tx_block *block)
{
    return (uint8_t *)block + block->room;
}

static void *room_for(struct tx *tx, size_t bytes)
{
    struct tx_box *box = app_flow_box(tx);
    size_t need = aligned(bytes ? bytes : 1);

    if (box->used_bytes + need > APP_TX_BYTES) {
        tx->truncated = true;
        box->engine->count[APP_TX_CUT]++;
        return NULL;
    }
    if (need > (size_t)(box->end - box->at)) {
#ifdef TRAMGAC_SANITIZED
        size_t size = need;
#else
        size_t size = need < BLOCK_BYTES ? (size_t)BLOCK_BYTES : need;
#endif
        struct tx_block *block = block_new(box->engine, size);
        if (!block) {
            tx->truncated = true;
            return NULL;
        }
        block->next = box->blocks;
        box->blocks = block;
        box->at = block_start(block);
        box->end = block_end(block);
    }
    void *p = box->at;
    box->at += need;
    box->used_bytes += need;
    return p;
}

void *app_tx_alloc(struct tx *tx, size_t bytes)
{
    void *p = room_for(tx, bytes);

    if (p)
        memset(p, 0, bytes);
    return p;
}

void *app_state_alloc(struct app *app, size_t bytes)
{
    size_t need = aligned(bytes);

    if (app->state_bytes + need > APP_STATE_BYTES)
        return NULL;
    if (!app->state_blocks ||
        app->state_blocks->room - aligned(sizeof(struct tx_block)) - app->state_used < need) {
#ifdef TRAMGAC_SANITIZED
        size_t size = need;
#else
        size_t size = need < BLOCK_BYTES ? (size_t)BLOCK_BYTES : need;
#endif
        struct tx_block *block = block_new(app->engine, size);
        if (!block)
            return NULL;
        block->next = app->state_blocks;
        app->state_blocks = block;
        app->state_used = 0;
    }
    uint8_t *at = block_start(app->state_blocks) + app->state_used;
    app->state_used += (uint32_t)need;
    app->state_bytes += (uint32_t)need;
    memset(at, 0, need);
    return at;
}

void app_tx_free_state(struct app *app)
{
    for (struct tx_block *block = app->state_blocks, *next; block; block = next) {
        next = block->next;
        pool_put(&app->engine->pool, block, block->room);
    }
    app->state_blocks = NULL;
    app->state_used = app->state_bytes = 0;
}

struct slice app_tx_keep(struct tx *tx, struct slice bytes)
{
    if (!bytes.len)
        return SLICE_NONE;
    uint8_t *copy = room_for(tx, bytes.len);
    if (!copy)
        return SLICE_NONE;
    memcpy(copy, bytes.at, bytes.len);
    return (struct slice){copy, bytes.len};
}

void *app_alloc(struct app *app, struct tx *tx, size_t bytes)
{
    (void)app;
    return app_tx_alloc(tx, bytes);
}

struct slice app_keep(struct app *app, struct tx *tx, struct slice bytes)
{
    (void)app;
    return app_tx_keep(tx, bytes);
}

/* What was kept last becomes longer where it lies; false: something else lies behind it. */
static bool extend(struct tx *tx, const void *last, size_t had, size_t bytes)
{
    struct tx_box *box = app_flow_box(tx);
    size_t more = aligned(bytes) - aligned(had);

    if ((const uint8_t *)last + aligned(had) != box->at || more > (size_t)(box->end - box->at) ||
        box->used_bytes + more > APP_TX_BYTES)
        return false;
    memset((uint8_t *)(uintptr_t)last + had, 0, bytes - had);
    box->at += more;
    box->used_bytes += more;
    return true;
}

/* Room for twice as many items. */
static bool append_room(struct tx *tx, struct list *list, uint32_t item_size)
{
    uint32_t room = list->room ? list->room * 2 : 4;
    size_t had = (size_t)list->room * item_size, bytes = (size_t)room * item_size;

    if (!had || !extend(tx, list->at, had, bytes)) {
        void *at = app_tx_alloc(tx, bytes);
        if (!at)
            return false;
        if (list->n)
            memcpy(at, list->at, (size_t)list->n * item_size);
        list->at = at;
    }
    list->room = room;
    return true;
}

void *app_append(struct app *app, struct tx *tx, struct list *list, uint32_t item_size)
{
    (void)app;
    if (list->n == list->room && !append_room(tx, list, item_size))
        return NULL;
    return (char *)list->at + (size_t)list->n++ * item_size;
}

/* Room for `need` bytes: twice as much each time, so that it is known from the length alone and
 * nothing else is stored; with its block's head it fills a size of the pool. */
static uint32_t grown_room(uint32_t need)
{
    uint32_t head = (uint32_t)aligned(sizeof(struct tx_block)), size = GROWN_FIRST;

    while ((size > BLOCK_BYTES ? size - head : size) < need)
        size *= 2;
    return size > BLOCK_BYTES ? size - head : size;
}

/* What was grown out of, when it filled a block of its own. */
static void give_back(struct tx *tx, const uint8_t *at, uint32_t room)
{
    struct tx_box *box = app_flow_box(tx);

    if (room < BLOCK_BYTES)
        return;
    for (struct tx_block **p = &box->blocks->next; *p; p = &(*p)->next) {
        struct tx_block *block = *p;
        if (block_start(block) != at)
            continue;
        *p = block->next;
        pool_put(&box->engine->pool, block, block->room);
        return;
    }
}

void app_tx_grow(struct app *app, struct tx *tx, struct slice *kept, struct slice more,
                 uint32_t cap, enum app_grown whose)
{
    if (!more.len)
        return;
    tx->touched[app->dir] = true;
    app->dirty = true;
    if (kept->len >= cap) {
        tx->truncated = true;
        return;
    }
    if (more.len > cap - kept->len) {
        more.len = cap - kept->len;
        tx->truncated = true;
    }
    uint32_t need = kept->len + more.len, had = grown_room(kept->len);
    uint8_t *at = (uint8_t *)(uintptr_t)kept->at;
    if (!at || need > had) {
        at = room_for(tx, grown_room(need));
        if (!at)
            return;
        if (kept->len)
            memcpy(at, kept->at, kept->len);
        if (kept->at && whose == APP_GROWN_OWN)
            give_back(tx, kept->at, had);
        kept->at = at;
    }
    memcpy(at + kept->len, more.at, more.len);
    kept->len = need;
}

void app_grow(struct app *app, struct tx *tx, struct slice *kept, struct slice more, uint32_t cap)
{
    app_tx_grow(app, tx, kept, more, cap, APP_GROWN_SHARED);
}

static bool over(const struct tx *tx)
{
    bool client = tx->progress[TO_SERVER] == TX_DONE, server = tx->progress[TO_CLIENT] == TX_DONE;
    return tx->proto->one_sided ? client || server : client && server;
}

bool app_tx_over(const struct tx *tx)
{
    return over(tx);
}

void app_progress(struct app *app, struct tx *tx, enum dir dir, enum tx_progress progress)
{
    if (tx->progress[dir] >= progress)
        return;
    bool was_over = over(tx);
    tx->progress[dir] = (uint8_t)progress;
    tx->touched[dir] = true;
    app->dirty = true;
    if (progress == TX_DONE)
        app_file_cut(app, tx, dir);
    if (!was_over && over(tx))
        app->n_open--;
}

bool app_stir(struct app *app, struct tx *tx)
{
    bool first = !tx->turns || tx->stirred != (uint32_t)app->number;

    tx->turns = tx->turns == UINT8_MAX ? 1 : (uint8_t)(tx->turns + first);
    tx->stirred = (uint32_t)app->number;
    tx->touched[TO_SERVER] = tx->touched[TO_CLIENT] = true;
    app->dirty = true;
    return first;
}

static void end_both(struct app *app, struct tx *tx)
{
    app_progress(app, tx, TO_SERVER, TX_DONE);
    app_progress(app, tx, TO_CLIENT, TX_DONE);
}

void app_tx_end_dir(struct app *app, enum dir dir)
{
    bool last = app->side[dir_other(dir)].ended;

    for (struct tx *tx = app->first; tx; tx = tx->next) {
        if (!tx->proto->one_sided) {
            app_progress(app, tx, dir, TX_DONE);
            continue;
        }
        /* Done in one direction it is over, but the other may still answer. */
        for (uint32_t d = 0; last && d < 2; d++)
            if (tx->progress[d] != TX_NONE)
                app_progress(app, tx, (enum dir)d, TX_DONE);
    }
}

static void note_crowded(struct app *app, struct tx *tx)
{
    for (uint32_t i = 0; tx->proto->crowded && tx->proto->notes[i]; i++) {
        if (strcmp(tx->proto->notes[i], tx->proto->crowded) == 0)
            app_note(app, tx, i);
    }
}

static void force_oldest(struct app *app)
{
    for (struct tx *tx = app->first; tx; tx = tx->next) {
        if (!over(tx)) {
            note_crowded(app, tx);
            end_both(app, tx);
            app->engine->count[APP_TX_FORCED]++;
            return;
        }
    }
}

struct tx *app_tx_new(struct app *app, uint64_t key)
{
    struct app_engine *engine = app->engine;

    if (app->n_open >= APP_TX_OPEN_MAX)
        force_oldest(app);
    if (app->n_tx >= APP_TX_MAX)
        return NULL;
    size_t size = sizeof(struct tx_box) + aligned(sizeof(struct tx)) - sizeof(struct tx) +
                  app->proto->tx_size;
#ifdef TRAMGAC_SANITIZED
    struct tx_block *block = block_new(engine, aligned(size));
#else
    struct tx_block *block = block_new(engine, size < BLOCK_BYTES ? (size_t)BLOCK_BYTES : size);
#endif
    if (!block)
        return NULL;
    block->next = NULL;
    struct tx_box *box = (struct tx_box *)(void *)block_start(block);
    memset(box, 0, size);
    box->engine = engine;
    box->app = app;
    box->blocks = block;
    box->at = block_start(block) + aligned(size);
    box->end = block_end(block);
    if (box->at > box->end)
        box->at = box->end;
    box->used_bytes = size;

    struct tx *tx = &box->tx;
    tx->proto = app->proto;
    tx->id = app->next_id++;
    tx->key = key;
    tx->first_number = app->number;
    tx->first_ns = app->ts_ns;
    tx->touched[app->dir] = true;
    tx->opener = (uint8_t)app->dir;
    if (app->last)
        app->last->next = tx;
    else
        app->first = tx;
    app->last = tx;
    app->n_tx++;
    app->n_open++;
    app->dirty = true;
    engine->count[APP_TX]++;
    app_stat(app, APP_STAT_TX);
    return tx;
}

struct tx *app_tx_find(struct app *app, uint64_t key)
{
    if (!app->n_open)
        return NULL;
    for (struct tx *tx = app->first; tx; tx = tx->next)
        if (tx->key == key && tx->proto == app->proto && !over(tx))
            return tx;
    return NULL;
}

struct tx *app_tx(struct app *app, uint64_t key)
{
    struct tx *tx = app_tx_find(app, key);
    return tx ? tx : app_tx_new(app, key);
}

struct tx *app_tx_last(struct app *app)
{
    /* behind a change of protocol the newest may be of the one before */
    return app->last && app->last->proto == app->proto ? app->last : NULL;
}

static void tx_free(struct app *app, struct tx *tx)
{
    struct app_engine *engine = app->engine;
    struct tx_box *box = app_flow_box(tx);

    if (engine->gone)
        engine->gone(engine->gone_context, tx);
    if (!over(tx))
        app->n_open--;
    app->n_tx--;
    for (struct tx_block *block = box->blocks, *next; block; block = next) {
        next = block->next;
        pool_put(&engine->pool, block, block->room);
    }
}

/* Its protocol has no events. */
static bool is_silent(const struct tx *tx)
{
    return tx->proto->eve && !tx->proto->eve[0];
}

bool app_tx_sweep(struct app *app, bool all, uint32_t looked)
{
    struct tx **link = &app->first;
    struct tx *last = NULL;
    bool marked = false;

    while (*link) {
        struct tx *tx = *link;
        tx->touched[TO_SERVER] &= !(looked & 1u << TO_SERVER);
        tx->touched[TO_CLIENT] &= !(looked & 1u << TO_CLIENT);
        bool mark = tx->touched[TO_SERVER] | tx->touched[TO_CLIENT];
        if (all || (!mark && (tx->logged || is_silent(tx)) && over(tx))) {
            *link = tx->next;
            tx_free(app, tx);
            continue;
        }
        marked |= mark;
        last = tx;
        link = &tx->next;
    }
    app->last = last;
    return marked;
}

uint32_t app_events(const struct tx *tx)
{
    if (is_silent(tx))
        return 0;
    return tx->proto->events ? tx->proto->events(tx) : 1;
}

void app_write_event(struct tx *tx, uint32_t i, struct jsonw *w)
{
    if (tx->proto->write_event)
        tx->proto->write_event(tx, i, w);
    else
        field_write_eve(tx, w);
}

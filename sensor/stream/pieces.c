/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pieces come in two sizes, so that many small segments do not take the room of large ones.
 */
#include "sensor/stream/pieces.h"
#include "sensor/flow/tcp_track.h"

enum { LARGE_BYTES = 1984, SMALL_BYTES = 192 };

/* ---- memory ------------------------------------------------------------------------------- */

void pieces_pool_init(struct pieces_pool *pool, uint64_t memory_bytes)
{
    *pool =
        (struct pieces_pool){.quota_bytes = memory_bytes ? memory_bytes / FLOW_SHARDS : UINT64_MAX};
    slab_init(&pool->small, sizeof(struct piece) + SMALL_BYTES, 0);
    slab_init(&pool->large, sizeof(struct piece) + LARGE_BYTES, 0);
}

void pieces_pool_fini(struct pieces_pool *pool)
{
    slab_fini(&pool->small);
    slab_fini(&pool->large);
}

static uint32_t bytes_of(bool small)
{
    return (uint32_t)sizeof(struct piece) + (small ? SMALL_BYTES : LARGE_BYTES);
}

void pieces_give(struct pieces_pool *pool, struct piece *piece)
{
    slab_give(piece->small ? &pool->small : &pool->large, piece);
}

static void list(struct pieces_pool *pool, struct pieces_owner *owner)
{
    struct pieces_shard *shard = &pool->shard[owner->shard];

    if (owner->listed)
        return;
    owner->newer = NULL;
    owner->older = shard->newest;
    *(shard->newest ? &shard->newest->newer : &shard->oldest) = owner;
    shard->newest = owner;
    owner->listed = true;
}

static void unlist_empty(struct pieces_pool *pool, struct pieces_owner *owner)
{
    struct pieces_shard *shard = &pool->shard[owner->shard];

    if (!owner->listed || owner->side[0].first || owner->side[1].first)
        return;
    *(owner->older ? &owner->older->newer : &shard->oldest) = owner->newer;
    *(owner->newer ? &owner->newer->older : &shard->newest) = owner->older;
    owner->listed = false;
}

/* Out of list and books; its memory may be in use a little longer. */
static struct piece *unlink_first(struct pieces_pool *pool, struct pieces_owner *owner,
                                  struct pieces *all)
{
    struct piece *piece = all->first;
    uint32_t bytes = bytes_of(piece->small);

    all->first = piece->next;
    if (!all->first)
        all->last = NULL;
    all->n--;
    all->bytes -= piece->len;
    pool->shard[owner->shard].used_bytes -= bytes;
    pool->used_bytes -= bytes;
    return piece;
}

struct piece *pieces_shift(struct pieces_pool *pool, struct pieces_owner *owner, enum dir dir,
                           uint64_t now_ns)
{
    struct piece *piece = unlink_first(pool, owner, &owner->side[dir]);

    owner->side[dir].since_ns = now_ns;
    unlist_empty(pool, owner);
    return piece;
}

void pieces_trim_first(struct pieces *all, uint32_t bytes)
{
    struct piece *piece = all->first;

    piece->at = (uint16_t)(piece->at + bytes);
    piece->seq += bytes;
    piece->len -= bytes;
    all->bytes -= bytes;
}

void pieces_drop(struct pieces_pool *pool, struct pieces_owner *owner)
{
    for (uint32_t i = 0; i < 2; i++) {
        while (owner->side[i].first)
            pieces_give(pool, unlink_first(pool, owner, &owner->side[i]));
    }
    unlist_empty(pool, owner);
}

static struct piece *new_piece(struct pieces_pool *pool, struct pieces_shard *shard, bool small)
{
    struct piece *piece = slab_take(small ? &pool->small : &pool->large);

    if (!piece)
        return NULL;
    *piece = (struct piece){.small = small};
    shard->used_bytes += bytes_of(small);
    pool->used_bytes += bytes_of(small);
    return piece;
}

/* Room for a piece, if need be at the cost of the shard's oldest hole. */
static struct piece *take(struct pieces_pool *pool, struct pieces_owner *owner, uint32_t len)
{
    struct pieces_shard *shard = &pool->shard[owner->shard];
    bool small = len <= SMALL_BYTES;

    while (shard->used_bytes + bytes_of(small) > pool->quota_bytes) {
        struct pieces_owner *victim = shard->oldest == owner ? owner->newer : shard->oldest;
        pool->no_room++;
        if (!victim)
            return NULL;
        pieces_drop(pool, victim);
    }
    return new_piece(pool, shard, small);
}

/* ---- into the list ------------------------------------------------------------------------ */

struct placing {
    struct pieces_pool *pool;
    struct pieces_owner *owner;
    struct pieces *all;
    struct pieces_coming *c;
    struct piece *before, *behind; /* where the newcomer's next byte stands */
};

static void advance(struct pieces_coming *c, uint32_t bytes)
{
    c->seq += bytes;
    c->bytes = slice_from(c->bytes, bytes);
}

static void link_piece(struct placing *w, struct piece *piece)
{
    piece->next = w->behind;
    *(w->before ? &w->before->next : &w->all->first) = piece;
    if (!w->behind)
        w->all->last = piece;
    w->before = piece;
    w->all->n++;
    w->all->bytes += piece->len;
}

/* The next `len` bytes into new pieces. */
static void insert(struct placing *w, uint32_t len)
{
    while (len) {
        uint32_t n = len < LARGE_BYTES ? len : LARGE_BYTES;
        struct piece *piece = take(w->pool, w->owner, n);
        if (!piece) {
            w->c->full = true;
            return;
        }
        piece->span = w->c->span;
        piece->seq = w->c->seq;
        piece->len = n;
        piece->doubted = w->c->doubted;
        memcpy(piece->data, w->c->bytes.at, n);
        link_piece(w, piece);
        advance(w->c, n);
        len -= n;
    }
}

/* Cuts a piece in two; false without room. */
static bool split(struct placing *w, struct piece *piece, uint32_t at)
{
    struct piece *rest = take(w->pool, w->owner, piece->len - at);

    if (!rest)
        return false;
    rest->span = piece->span;
    rest->doubted = piece->doubted;
    rest->seq = piece->seq + at;
    rest->len = piece->len - at;
    memcpy(rest->data, piece->data + piece->at + at, rest->len);
    rest->next = piece->next;
    piece->next = rest;
    piece->len = at;
    if (w->all->last == piece)
        w->all->last = rest;
    w->all->n++;
    return true;
}

static bool newer_wins(const struct placing *w, const struct piece *piece)
{
    if (piece->doubted != w->c->doubted)
        return piece->doubted;
    return os_policy_tcp_newer((enum os_policy)w->all->policy, w->c->span, piece->span);
}

/* The newcomer's next bytes lie on `piece`, from the piece's byte `at` on: `n` of them. */
static struct piece *settle(struct placing *w, struct piece *piece, uint32_t at, uint32_t n)
{
    bool differs = memcmp(piece->data + piece->at + at, w->c->bytes.at, n) != 0;

    w->c->overlaps = true;
    w->c->differs = w->c->differs || differs;
    if (!newer_wins(w, piece))
        return piece;
    if (at && split(w, piece, at)) {
        piece = piece->next;
        at = 0;
    }
    if (n < piece->len - at)
        split(w, piece, at + n);
    memcpy(piece->data + piece->at + at, w->c->bytes.at, n);
    if (at == 0 && n == piece->len) {
        piece->span = w->c->span;
        piece->doubted = w->c->doubted;
    }
    return piece;
}

static void place(struct placing *w)
{
    while (w->c->bytes.len && !w->c->full) {
        struct piece *piece = w->behind;
        if (!piece || tcp_after(piece->seq, w->c->seq + w->c->bytes.len) >= 0) {
            insert(w, w->c->bytes.len);
            return;
        }
        if (tcp_after(piece->seq, w->c->seq) > 0) {
            insert(w, piece->seq - w->c->seq);
            continue;
        }
        uint32_t at = w->c->seq - piece->seq;
        if (at >= piece->len) {
            w->before = piece;
            w->behind = piece->next;
            continue;
        }
        uint32_t n = piece->len - at < w->c->bytes.len ? piece->len - at : w->c->bytes.len;
        piece = settle(w, piece, at, n);
        advance(w->c, n);
        w->before = piece;
        w->behind = piece->next;
    }
}

bool pieces_has_room(const struct pieces_pool *pool, const struct pieces_owner *owner)
{
    return pool->shard[owner->shard].used_bytes < pool->quota_bytes / 2;
}

bool pieces_append(struct pieces_pool *pool, struct pieces_owner *owner, enum dir dir, uint32_t seq,
                   struct slice bytes, uint64_t now_ns)
{
    struct pieces_shard *shard = &pool->shard[owner->shard];
    struct pieces *all = &owner->side[dir];
    bool small = bytes.len <= SMALL_BYTES;

    if (bytes.len > LARGE_BYTES || shard->used_bytes + bytes_of(small) > pool->quota_bytes ||
        (all->last && tcp_after(all->last->seq + all->last->len, seq) > 0))
        return false;
    struct piece *piece = new_piece(pool, shard, small);
    if (!piece)
        return false;
    piece->span = (struct os_span){seq, seq + bytes.len};
    piece->seq = seq;
    piece->len = bytes.len;
    memcpy(piece->data, bytes.at, bytes.len);
    if (!all->first)
        all->since_ns = now_ns;
    *(all->last ? &all->last->next : &all->first) = piece;
    all->last = piece;
    all->n++;
    all->bytes += bytes.len;
    return true;
}

void pieces_put(struct pieces_pool *pool, struct pieces_owner *owner, enum dir dir,
                struct pieces_coming *coming, uint64_t now_ns)
{
    struct pieces *all = &owner->side[dir];
    struct placing w = {.pool = pool, .owner = owner, .all = all, .c = coming};

    if (!all->first)
        all->since_ns = now_ns;
    if (!coming->in_order)
        list(pool, owner);
    if (all->last && tcp_after(all->last->seq + all->last->len, coming->seq) <= 0)
        w.before = all->last;
    else
        w.behind = all->first;
    if (w.behind)
        place(&w);
    else
        insert(&w, coming->bytes.len);
    unlist_empty(pool, owner);
}

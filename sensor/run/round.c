/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One lock for the counts of rounds; it is taken a few times for hundreds of packets. Who finds
 * nothing to do sleeps; who makes something due does it himself, and wakes another one only for
 * what is worth it: no round is left lying, as whoever worked on it looks again.
 */
#include "sensor/run/round.h"

#include <stdio.h>
#include <stdlib.h>

enum { LIGHT_PACKETS = 32 };

static bool grow(void **array, uint32_t n, uint32_t *room, size_t bytes)
{
    if (n < *room)
        return true;
    uint32_t more = *room ? *room * 2 : 64;
    void *larger = realloc(*array, more * bytes);
    if (!larger)
        return false;
    *array = larger;
    *room = more;
    return true;
}

struct item *round_item(struct round_part *part)
{
    void *items = part->items;

    if (!grow(&items, part->n_items, &part->items_room, sizeof(struct item)))
        return NULL;
    part->items = items;
    struct item *item = &part->items[part->n_items++];
    memset(item, 0, sizeof(*item));
    return item;
}

struct fact *round_fact(struct round_part *part, struct item **item)
{
    void *facts = part->facts;

    if (!grow(&facts, part->n_facts, &part->facts_room, sizeof(struct fact)))
        return NULL;
    part->facts = facts;
    *item = round_item(part);
    if (!*item)
        return NULL;
    (*item)->kind = ITEM_FACT;
    (*item)->fact = part->n_facts;
    struct fact *fact = &part->facts[part->n_facts++];
    memset(fact, 0, offsetof(struct fact, text));
    fact->text[0] = fact->text2[0] = '\0';
    return fact;
}

void round_ends(struct item *item, const struct flow *flow, enum dir dir,
                const struct packet *packet)
{
    if (flow) {
        item->src = dir == TO_CLIENT ? flow->server : flow->client;
        item->dst = dir == TO_CLIENT ? flow->client : flow->server;
        item->flow_id = flow->id;
    } else if (packet) {
        item->src = packet->src;
        item->dst = packet->dst;
    }
}

void round_clear(struct round_part *part)
{
    part->n = part->n_items = part->n_facts = 0;
    memset(part->recent, 0, sizeof(part->recent));
    strbuf_clear(&part->text);
}

void round_notice(struct round *round, const char *what, const char *affects, struct slice detail,
                  uint64_t ts_ns)
{
    if (round->notices == ROUND_NOTICES_MAX || detail.len > ROUND_DETAIL_MAX)
        return;
    struct notice *n = &round->notice[round->notices++];
    n->what = what;
    n->ts_ns = ts_ns;
    n->number = 0;
    snprintf(n->affects, sizeof(n->affects), "%s", affects);
    memcpy(n->detail, detail.at, detail.len);
    n->detail_len = detail.len;
}

void round_notice_at(struct round *round, const struct notice *notice)
{
    if (round->notices < ROUND_NOTICES_MAX)
        round->notice[round->notices++] = *notice;
}

enum err rounds_init(struct rounds *r, uint32_t workers)
{
    memset(r, 0, sizeof(*r));
    r->workers = workers;
    r->slots = workers == 1 ? 1 : ROUND_SLOTS;
    pthread_mutex_init(&r->lock, NULL);
    for (uint32_t w = 0; w < WORKERS_MAX; w++)
        pthread_cond_init(&r->wake[w], NULL);
    for (uint32_t i = 0; i < r->slots; i++) {
        struct round *round = &r->slot[i];
        arena_init(&round->arena, 256 * 1024, 0);
        strbuf_init(&round->rules_told, 0);
        round->packets = calloc(ROUND_PACKETS + 1, sizeof(struct packet));
        round->part = calloc(workers, sizeof(*round->part));
        round->shared = workers > 1;
        if (!round->packets || !round->part)
            return ERR_NOMEM;
        for (uint32_t w = 0; w < workers; w++)
            strbuf_init(&round->part[w].text, 0);
    }
    return ERR_OK;
}

void rounds_fini(struct rounds *r)
{
    for (uint32_t i = 0; i < r->slots; i++) {
        struct round *round = &r->slot[i];
        for (uint32_t w = 0; round->part && w < r->workers; w++) {
            strbuf_fini(&round->part[w].text);
            stats_fini(&round->part[w].stats);
            free(round->part[w].items);
            free(round->part[w].facts);
            free(round->part[w].costs);
        }
        stats_fini(&round->stats);
        strbuf_fini(&round->rules_told);
        free(round->packets);
        free(round->part);
        arena_fini(&round->arena);
    }
    pthread_mutex_destroy(&r->lock);
    for (uint32_t w = 0; w < WORKERS_MAX; w++)
        pthread_cond_destroy(&r->wake[w]);
}

/* The slot is used again. */
static void begin(struct rounds *r, struct round *round)
{
    arena_reset(&round->arena);
    round->n = 0;
    round->want_stats = round->tell_stats = round->at_ease = round->idle = false;
    round->reopen = round->restart = round->last = false;
    round->first_number = round->tick_from_ns = round->tick_ns = round->last_ns = 0;
    round->end_before = 0;
    round->notices = 0;
    round->ruleset = NULL;
    strbuf_clear(&round->rules_told);
    for (uint32_t w = 0; w < r->workers; w++)
        round_clear(&round->part[w]);
}

/* ---- who does what ------------------------------------------------------------------------ */

static struct round *slot_of(struct rounds *r, uint64_t n)
{
    return &r->slot[n % r->slots];
}

static bool all_done(const struct rounds *r)
{
    for (uint32_t w = 0; w < r->workers; w++) {
        if (r->done[w] == r->consumed)
            return false;
    }
    return true;
}

static bool can_tell(const struct rounds *r)
{
    return !r->telling && all_done(r);
}

static bool can_read(const struct rounds *r)
{
    return !r->reading && !r->ended && r->published - r->consumed < r->slots;
}

static bool can_work(const struct rounds *r, uint32_t w)
{
    return !r->working[w] && r->done[w] < r->published;
}

/* Little to do: not worth to wake the thread it belongs to. */
static bool is_light(struct rounds *r, uint32_t w)
{
    const struct round *round = slot_of(r, r->done[w]);

    return round->at_ease || (round->part[w].n < LIGHT_PACKETS && !round->tick_ns && !round->last &&
                              !round->end_before);
}

/* A worker's part for a thread that has none of its own: what it knows of its flows is in another
 * processor's cache, so only where that costs little, or where all else waits for it. */
static bool find_work(struct rounds *r, uint32_t *worker)
{
    bool stuck = !r->reading && !can_read(r);

    for (uint32_t w = 0; w < r->workers; w++) {
        if (can_work(r, w) && (stuck || is_light(r, w))) {
            *worker = w;
            return true;
        }
    }
    return false;
}

static bool over(const struct rounds *r)
{
    return r->ended && r->consumed == r->published;
}

static void report(struct rounds *r, const struct round_job *job)
{
    switch (job->task) {
    case ROUND_START:
        break;
    case ROUND_READ:
        r->reading = false;
        r->ended = !job->more;
        r->at_ease = job->round->at_ease;
        r->published++;
        break;
    case ROUND_WORK:
        r->working[job->worker] = false;
        r->done[job->worker]++;
        break;
    case ROUND_TELL:
        r->telling = false;
        r->consumed++;
        break;
    }
}

/* What ends first comes first: a round that is read is worked off before another one is read. */
static bool pick(struct rounds *r, uint32_t me, struct round_job *job)
{
    job->worker = me;
    if (can_tell(r)) {
        job->task = ROUND_TELL;
        job->round = slot_of(r, r->consumed);
        r->telling = true;
    } else if (can_work(r, me) || find_work(r, &job->worker)) {
        job->task = ROUND_WORK;
        job->round = slot_of(r, r->done[job->worker]);
        r->working[job->worker] = true;
    } else if (can_read(r)) {
        job->task = ROUND_READ;
        job->round = slot_of(r, r->published);
        r->reading = true;
    } else {
        return false;
    }
    return true;
}

/* Wakes whom there is enough to do for: its own part, or the next round when much is coming in. */
static void rouse(struct rounds *r)
{
    bool read = !r->at_ease && can_read(r);

    for (uint32_t w = 0; w < r->workers; w++) {
        bool work = can_work(r, w) && !is_light(r, w);
        if (!r->waits[w] || !(work || read || over(r)))
            continue;
        read = read && work;
        r->waits[w] = false;
        pthread_cond_signal(&r->wake[w]);
    }
}

bool rounds_next(struct rounds *r, uint32_t me, struct round_job *job)
{
    pthread_mutex_lock(&r->lock);
    report(r, job);
    bool more = pick(r, me, job);
    while (!more && !over(r)) {
        r->waits[me] = true;
        while (r->waits[me])
            pthread_cond_wait(&r->wake[me], &r->lock);
        more = pick(r, me, job);
    }
    rouse(r);
    pthread_mutex_unlock(&r->lock);
    if (more && job->task == ROUND_READ)
        begin(r, job->round);
    return more;
}

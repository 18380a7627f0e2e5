/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One lock for the counts of rounds; it is taken a few times for hundreds of packets.
 */
#include "sensor/run/round.h"

#include <stdio.h>
#include <stdlib.h>

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

void round_clear(struct round_part *part)
{
    part->n = part->n_items = part->n_facts = 0;
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
    pthread_cond_init(&r->published_more, NULL);
    pthread_cond_init(&r->done_more, NULL);
    pthread_cond_init(&r->consumed_more, NULL);
    for (uint32_t i = 0; i < r->slots; i++) {
        struct round *round = &r->slot[i];
        arena_init(&round->arena, 256 * 1024, 0);
        strbuf_init(&round->rules_told, 0);
        round->part = calloc(workers, sizeof(*round->part));
        for (uint32_t w = 0; round->part && w < workers; w++) {
            strbuf_init(&round->part[w].text, 0);
            round->part[w].packets = calloc(ROUND_PACKETS + 1, sizeof(struct packet));
            if (!round->part[w].packets)
                return ERR_NOMEM;
        }
        if (!round->part)
            return ERR_NOMEM;
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
            free(round->part[w].packets);
            free(round->part[w].items);
            free(round->part[w].facts);
            free(round->part[w].costs);
        }
        stats_fini(&round->stats);
        strbuf_fini(&round->rules_told);
        free(round->part);
        arena_fini(&round->arena);
    }
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->published_more);
    pthread_cond_destroy(&r->done_more);
    pthread_cond_destroy(&r->consumed_more);
}

struct round *rounds_open(struct rounds *r)
{
    pthread_mutex_lock(&r->lock);
    while (r->published - r->consumed == r->slots)
        pthread_cond_wait(&r->consumed_more, &r->lock);
    struct round *round = &r->slot[r->published % r->slots];
    pthread_mutex_unlock(&r->lock);
    arena_reset(&round->arena);
    round->want_stats = round->tell_stats = round->idle = false;
    round->reopen = round->restart = round->last = false;
    round->first_number = round->tick_from_ns = round->tick_ns = round->last_ns = 0;
    round->end_before = 0;
    round->notices = 0;
    round->ruleset = NULL;
    strbuf_clear(&round->rules_told);
    for (uint32_t w = 0; w < r->workers; w++)
        round_clear(&round->part[w]);
    return round;
}

void rounds_publish(struct rounds *r)
{
    pthread_mutex_lock(&r->lock);
    r->published++;
    pthread_cond_broadcast(&r->published_more);
    pthread_mutex_unlock(&r->lock);
}

struct round *rounds_take(struct rounds *r, uint32_t worker)
{
    pthread_mutex_lock(&r->lock);
    while (r->done[worker] == r->published)
        pthread_cond_wait(&r->published_more, &r->lock);
    struct round *round = &r->slot[r->done[worker] % r->slots];
    pthread_mutex_unlock(&r->lock);
    return round;
}

void rounds_done(struct rounds *r, uint32_t worker)
{
    pthread_mutex_lock(&r->lock);
    r->done[worker]++;
    pthread_cond_signal(&r->done_more);
    pthread_mutex_unlock(&r->lock);
}

static bool all_done(const struct rounds *r)
{
    for (uint32_t w = 0; w < r->workers; w++) {
        if (r->done[w] == r->consumed)
            return false;
    }
    return true;
}

struct round *rounds_merge(struct rounds *r)
{
    pthread_mutex_lock(&r->lock);
    while (!all_done(r))
        pthread_cond_wait(&r->done_more, &r->lock);
    struct round *round = &r->slot[r->consumed % r->slots];
    pthread_mutex_unlock(&r->lock);
    return round;
}

void rounds_consumed(struct rounds *r)
{
    pthread_mutex_lock(&r->lock);
    r->consumed++;
    pthread_cond_signal(&r->consumed_more);
    pthread_mutex_unlock(&r->lock);
}

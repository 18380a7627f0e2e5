/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/tagged.h"

#include "common/clock.h"
#include "common/hash.h"

#include <stdlib.h>

enum { BUCKETS = 4096, NONE = 0xffff };

/* One rule's on one flow or host. Indices instead of pointers: NONE ends a list. */
struct entry {
    struct addr host; /* family 0: of a flow */
    uint64_t flow_id;
    uint32_t gid, sid;
    uint64_t count, used; /* packets, bytes or seconds */
    uint64_t first_s, last_s;
    uint8_t unit; /* enum tag_unit; TAG_NONE: free */
    uint8_t renewed;
    bool follows;          /* the packet that was hit is counted */
    uint16_t next;         /* in its bucket, or among the free */
    uint16_t older, newer; /* by the last packet */
};

struct tagged {
    struct entry *at;
    uint16_t *bucket;
    uint16_t unused, oldest, newest;
    uint32_t n;
    uint64_t lost;
};

struct tagged *tagged_new(void)
{
    struct tagged *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    t->at = calloc(TAGS_MAX, sizeof(*t->at));
    t->bucket = malloc(BUCKETS * sizeof(*t->bucket));
    if (!t->at || !t->bucket) {
        tagged_free(&t);
        return NULL;
    }
    memset(t->bucket, 0xff, BUCKETS * sizeof(*t->bucket));
    for (uint32_t i = 0; i < TAGS_MAX; i++)
        t->at[i].next = (uint16_t)(i + 1 < TAGS_MAX ? i + 1 : NONE);
    t->oldest = t->newest = NONE;
    return t;
}

void tagged_free(struct tagged **tagged)
{
    if (!*tagged)
        return;
    free((*tagged)->at);
    free((*tagged)->bucket);
    free(*tagged);
    *tagged = NULL;
}

uint64_t tagged_lost(const struct tagged *t)
{
    return t->lost;
}

/* ---- the table ---------------------------------------------------------------------------- */

static uint16_t *bucket_of(struct tagged *t, const struct addr *host, uint64_t flow_id)
{
    uint64_t h =
        host->family ? hash_bytes((struct slice){host->b, 16}, host->family) : hash_mix(flow_id);

    return &t->bucket[h % BUCKETS];
}

static bool is_of(const struct entry *e, const struct addr *host, uint64_t flow_id)
{
    return host->family ? addr_eq(&e->host, host) : !e->host.family && e->flow_id == flow_id;
}

static void unlink_age(struct tagged *t, struct entry *e)
{
    if (e->older != NONE)
        t->at[e->older].newer = e->newer;
    else
        t->oldest = e->newer;
    if (e->newer != NONE)
        t->at[e->newer].older = e->older;
    else
        t->newest = e->older;
}

static void link_newest(struct tagged *t, uint16_t i)
{
    t->at[i].older = t->newest;
    t->at[i].newer = NONE;
    if (t->newest != NONE)
        t->at[t->newest].newer = i;
    else
        t->oldest = i;
    t->newest = i;
}

/* `link` names the entry: its bucket, or the `next` before it. */
static void drop(struct tagged *t, uint16_t *link)
{
    uint16_t i = *link;
    struct entry *e = &t->at[i];

    *link = e->next;
    unlink_age(t, e);
    *e = (struct entry){.next = t->unused};
    t->unused = i;
    t->n--;
}

static void drop_oldest(struct tagged *t)
{
    const struct entry *e = &t->at[t->oldest];
    uint16_t *link = bucket_of(t, &e->host, e->flow_id);

    while (*link != t->oldest)
        link = &t->at[*link].next;
    drop(t, link);
    t->lost++;
}

static struct entry *add(struct tagged *t, const struct addr *host, uint64_t flow_id)
{
    if (t->unused == NONE)
        drop_oldest(t);
    uint16_t i = t->unused, *bucket = bucket_of(t, host, flow_id);
    uint16_t *last = bucket;
    struct entry *e = &t->at[i];

    t->unused = e->next;
    while (*last != NONE)
        last = &t->at[*last].next;
    *last = i;
    *e = (struct entry){.host = *host, .flow_id = host->family ? 0 : flow_id, .next = NONE};
    link_newest(t, i);
    t->n++;
    return e;
}

/* ---- tags --------------------------------------------------------------------------------- */

static void tag_end(struct tagged *t, const struct rule_info *rule, const struct tag *tag,
                    const struct addr *host, const struct tagged_packet *p)
{
    uint64_t now_s = p->ts_ns / CLOCK_S;
    uint32_t n = 0;

    for (uint16_t i = *bucket_of(t, host, p->flow_id); i != NONE; i = t->at[i].next) {
        struct entry *e = &t->at[i];
        if (!is_of(e, host, p->flow_id))
            continue;
        n++;
        if (e->sid != rule->sid || e->gid != rule->gid)
            continue;
        if (e->renewed < TAG_RENEWALS) {
            e->renewed++;
            e->first_s = e->last_s = now_s;
            e->used = 0;
        }
        return;
    }
    if (n >= TAGS_PER_END)
        return;
    struct entry *e = add(t, host, p->flow_id);
    e->gid = rule->gid;
    e->sid = rule->sid;
    e->unit = tag->unit;
    e->count = tag->count;
    e->first_s = e->last_s = now_s;
}

void tagged_hit(struct tagged *t, const struct rule *rule, const struct tagged_packet *p)
{
    static const struct addr none;

    for (const struct tag *tag = rule->tags; tag; tag = tag->next) {
        const struct addr *host = tag->of == TAG_SRC ? p->src : tag->of == TAG_DST ? p->dst : &none;
        if (tag->of == TAG_SESSION ? p->flow_id != 0 : host->family != 0)
            tag_end(t, &rule->info, tag, host, p);
    }
}

/* ---- packets ------------------------------------------------------------------------------ */

static bool is_over(const struct entry *e)
{
    if (!e->follows)
        return false;
    if (e->unit == TAG_SECONDS)
        return e->last_s > e->first_s && e->last_s - e->first_s > e->count;
    return e->used > e->count;
}

/* All tags of one end; true when one of them wants the packet. */
static bool take_end(struct tagged *t, const struct addr *host, const struct tagged_packet *p)
{
    uint64_t now_s = p->ts_ns / CLOCK_S;
    uint16_t *link = bucket_of(t, host, p->flow_id);
    bool kept = false;

    while (*link != NONE) {
        uint16_t i = *link;
        struct entry *e = &t->at[i];
        if (!is_of(e, host, p->flow_id)) {
            link = &e->next;
            continue;
        }
        bool stale = host->family && now_s > e->last_s + TAG_SILENCE_S;
        e->last_s = now_s;
        e->used += e->unit == TAG_BYTES ? p->bytes : 1;
        if (stale || is_over(e)) {
            drop(t, link);
            continue;
        }
        kept |= e->follows; /* the packet that was hit is in the alert */
        e->follows = true;
        unlink_age(t, e);
        link_newest(t, i);
        link = &e->next;
    }
    return kept;
}

bool tagged_take(struct tagged *t, const struct tagged_packet *p)
{
    static const struct addr none;

    if (!t->n)
        return false;
    bool kept = p->flow_id && take_end(t, &none, p);
    if (p->src->family)
        kept |= take_end(t, p->src, p);
    if (p->dst->family && !addr_eq(p->src, p->dst))
        kept |= take_end(t, p->dst, p);
    return kept;
}

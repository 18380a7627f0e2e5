/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tracker holds the data of one packet in place (64 KB of address space, touched as data comes)
 * and a bit for each unit of 8 bytes that has arrived.
 */
#include "sensor/decode/defrag.h"
#include "sensor/decode/decode.h"

#include <stdlib.h>

enum {
    DATA_MAX = 65536,
    UNIT = 8,
    HEADER_MAX = 512,
    BUCKETS = 1024,
};

enum { COUNT_FRAGMENTS, COUNT_REASSEMBLED, COUNT_TIMEOUT, COUNT_EVICTED, COUNT_OVERLAP };
const struct counter defrag_counters[] = {
    [COUNT_FRAGMENTS] = {"defrag.fragments", "IP fragments"},
    [COUNT_REASSEMBLED] = {"defrag.reassembled", "Packets put together from fragments"},
    [COUNT_TIMEOUT] = {"defrag.timeout", "Packets given up: a fragment never came"},
    [COUNT_EVICTED] = {"defrag.evicted",
                       "Packets given up for newer ones; raise defrag.trackers if this grows"},
    [COUNT_OVERLAP] = {"defrag.overlap", "Fragments that say again, differently, what came before"},
    COUNTER_END,
};

struct tracker {
    struct addr src, dst;
    uint32_t id;
    uint64_t tag;
    uint8_t proto, ip_version;
    bool used;
    uint32_t bucket;
    uint64_t last_ns;
    uint32_t header_len; /* 0 until the first fragment came */
    uint32_t total;      /* bytes of data; 0 until the last fragment came */
    uint32_t units;      /* arrived */
    struct tracker *bucket_next;
    struct tracker *older, *newer; /* by last fragment */
    uint8_t header[HEADER_MAX];
    uint8_t seen[DATA_MAX / UNIT / 8];
    uint8_t *data; /* DATA_MAX bytes */
};

struct defrag {
    struct tracker *tracker;
    struct tracker *bucket[BUCKETS];
    struct tracker *oldest, *newest; /* all trackers, unused ones at the old end */
    uint32_t n;
    uint8_t *data;
    uint64_t timeout_ns;
    uint64_t *count;
};

static void unlink_age(struct defrag *d, struct tracker *t)
{
    *(t->older ? &t->older->newer : &d->oldest) = t->newer;
    *(t->newer ? &t->newer->older : &d->newest) = t->older;
}

static void link_newest(struct defrag *d, struct tracker *t)
{
    t->newer = NULL;
    t->older = d->newest;
    *(d->newest ? &d->newest->newer : &d->oldest) = t;
    d->newest = t;
}

static void link_oldest(struct defrag *d, struct tracker *t)
{
    t->older = NULL;
    t->newer = d->oldest;
    *(d->oldest ? &d->oldest->older : &d->newest) = t;
    d->oldest = t;
}

struct defrag *defrag_new(uint32_t trackers, uint64_t timeout_ns, struct stats *stats)
{
    struct defrag *d = calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    d->n = trackers ? trackers : 1;
    d->timeout_ns = timeout_ns;
    d->count = stats_add(stats, defrag_counters);
    d->tracker = calloc(d->n, sizeof(*d->tracker));
    d->data = calloc(d->n, DATA_MAX);
    if (!d->tracker || !d->data) {
        defrag_free(&d);
        return NULL;
    }
    for (uint32_t i = 0; i < d->n; i++) {
        d->tracker[i].data = d->data + (size_t)i * DATA_MAX;
        link_newest(d, &d->tracker[i]);
    }
    return d;
}

void defrag_free(struct defrag **defrag)
{
    if (!*defrag)
        return;
    free((*defrag)->tracker);
    free((*defrag)->data);
    free(*defrag);
    *defrag = NULL;
}

static void release(struct defrag *d, struct tracker *t)
{
    struct tracker **at = &d->bucket[t->bucket];

    while (*at != t)
        at = &(*at)->bucket_next;
    *at = t->bucket_next;
    t->used = false;
    unlink_age(d, t);
    link_oldest(d, t);
}

static uint32_t bucket_of(const struct packet *p)
{
    uint64_t a;
    uint64_t b;

    memcpy(&a, p->src.b, 8);
    memcpy(&b, p->dst.b, 8);
    uint64_t hash = (a ^ b << 17 ^ b >> 47 ^ p->frag_id) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(hash >> 40) % BUCKETS;
}

static bool same(const struct tracker *t, const struct packet *p, uint64_t tag)
{
    return t->id == p->frag_id && t->ip_version == p->ip_version && t->tag == tag &&
           (t->proto == p->proto || p->ip_version == 6) && addr_eq(&t->src, &p->src) &&
           addr_eq(&t->dst, &p->dst);
}

static struct tracker *tracker_of(struct defrag *d, const struct packet *p)
{
    uint32_t bucket = bucket_of(p);

    for (struct tracker *t = d->bucket[bucket]; t; t = t->bucket_next) {
        if (!same(t, p, p->tag))
            continue;
        if (t->last_ns + d->timeout_ns > p->ts_ns)
            return t;
        d->count[COUNT_TIMEOUT]++;
        release(d, t);
        break;
    }
    struct tracker *t = d->oldest;
    if (t->used) {
        d->count[t->last_ns + d->timeout_ns <= p->ts_ns ? COUNT_TIMEOUT : COUNT_EVICTED]++;
        release(d, t);
        t = d->oldest;
    }
    t->src = p->src;
    t->dst = p->dst;
    t->id = p->frag_id;
    t->tag = p->tag;
    t->proto = p->proto;
    t->ip_version = p->ip_version;
    t->used = true;
    t->bucket = bucket;
    t->header_len = t->total = t->units = 0;
    memset(t->seen, 0, sizeof(t->seen));
    t->bucket_next = d->bucket[bucket];
    d->bucket[bucket] = t;
    return t;
}

/* Copies the units that are not there yet; notes when one is said again, counts when differently.
 */
static void store(struct defrag *d, struct tracker *t, struct packet *p)
{
    bool differs = false, again = false;

    for (uint32_t at = 0; at < p->l4.len; at += UNIT) {
        uint32_t unit = (p->frag_offset + at) / UNIT;
        uint32_t len = p->l4.len - at < UNIT ? p->l4.len - at : UNIT;
        uint8_t *into = t->data + (size_t)unit * UNIT;
        uint8_t bit = (uint8_t)(1u << unit % 8);
        if (t->seen[unit / 8] & bit) {
            again = true;
            differs = differs || memcmp(into, p->l4.at + at, len) != 0;
            continue;
        }
        memcpy(into, p->l4.at + at, len);
        t->seen[unit / 8] |= bit;
        t->units++;
    }
    d->count[COUNT_OVERLAP] += differs;
    if (again)
        decode_note(p, p->ip_version == 4 ? NOTE_IPV4_FRAG_OVERLAP : NOTE_IPV6_FRAG_OVERLAP);
}

/* The IP header without its fragment part, with the length of the whole. */
static void keep_header(struct tracker *t, const struct packet *p)
{
    uint32_t len = (uint32_t)(p->l4.at - p->l3.at);

    if (p->ip_version == 6)
        len -= 8; /* the fragment header stands last */
    if (len > HEADER_MAX)
        return;
    memcpy(t->header, p->l3.at, len);
    if (p->ip_version == 4) {
        t->header[6] = t->header[7] = 0;
    } else {
        /* The header before the fragment header now announces what the fragment header did. */
        uint32_t at = 6;
        uint32_t next = 40;
        while (next + UNIT <= len) {
            at = next;
            next += ((uint32_t)t->header[next + 1] + 1) * 8;
        }
        t->header[at] = p->l3.at[len];
    }
    t->header_len = len;
}

static bool complete(const struct tracker *t)
{
    uint32_t units = (t->total + UNIT - 1) / UNIT;

    if (!t->header_len || !t->total || t->units < units)
        return false;
    for (uint32_t i = 0; i < units; i++) {
        if (!(t->seen[i / 8] & 1u << i % 8))
            return false;
    }
    return true;
}

static struct slice whole_of(struct tracker *t, struct arena *arena)
{
    uint32_t len = t->header_len + t->total;
    uint32_t counted = t->ip_version == 4 ? len : len - 40;

    if (counted > 65535)
        return SLICE_NONE;
    uint8_t *whole = arena_alloc(arena, len);
    if (!whole)
        return SLICE_NONE;
    memcpy(whole, t->header, t->header_len);
    memcpy(whole + t->header_len, t->data, t->total);
    uint32_t at = t->ip_version == 4 ? 2 : 4;
    whole[at] = (uint8_t)(counted >> 8);
    whole[at + 1] = (uint8_t)counted;
    return (struct slice){whole, len};
}

/* False when the fragment cannot belong to any packet. */
static bool sound(struct packet *p)
{
    bool v4 = p->ip_version == 4;

    if (p->payload_missing || !p->l4.len)
        return false;
    if ((uint32_t)p->frag_offset + p->l4.len > 65535) {
        decode_note(p, v4 ? NOTE_IPV4_FRAG_LARGE : NOTE_IPV6_FRAG_LARGE);
        return false;
    }
    if (p->frag_more && p->l4.len % UNIT) {
        if (!v4)
            decode_note(p, NOTE_IPV6_FRAG_LENGTH);
        return false;
    }
    return true;
}

struct slice defrag_take(struct defrag *d, struct packet *p, struct arena *arena)
{
    d->count[COUNT_FRAGMENTS]++;
    if (!sound(p))
        return SLICE_NONE;
    uint64_t given_up = d->count[COUNT_TIMEOUT] + d->count[COUNT_EVICTED];
    struct tracker *t = tracker_of(d, p);
    if (d->count[COUNT_TIMEOUT] + d->count[COUNT_EVICTED] != given_up)
        p->view |= VIEW_BIT(VIEW_FRAGMENTS);
    t->last_ns = p->ts_ns;
    unlink_age(d, t);
    link_newest(d, t);
    store(d, t, p);
    if (p->frag_offset == 0 && !t->header_len)
        keep_header(t, p);
    if (!p->frag_more && !t->total)
        t->total = p->frag_offset + p->l4.len;
    if (!complete(t))
        return SLICE_NONE;
    struct slice whole = whole_of(t, arena);
    release(d, t);
    d->count[COUNT_REASSEMBLED] += whole.len > 0;
    return whole;
}

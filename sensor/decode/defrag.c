/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tracker holds the data of one packet in place (64 KB of address space, touched as data comes)
 * and, for each unit of 8 bytes that has arrived, the fragment that it is of. Where a fragment
 * meets units of another, the policy of the receiving host says which stays.
 */
#include "sensor/decode/defrag.h"
#include "common/clock.h"
#include "common/json.h"
#include "sensor/decode/decode.h"
#include "sensor/decode/os_policy.h"

#include <stdlib.h>

enum {
    DATA_MAX = 65536,
    UNIT = 8,
    HEADER_MAX = 512,
    BUCKETS = 1024,
    UNITS = DATA_MAX / UNIT,
    TRACKERS_MAX = 65536,
    PATIENCE_MAX = 256,
    FRAGMENTS_MAX = 255, /* whose bounds are known; later ones never win */
};

enum {
    COUNT_FRAGMENTS,
    COUNT_REASSEMBLED,
    COUNT_FRAGMENTS_4,
    COUNT_REASSEMBLED_4,
    COUNT_FRAGMENTS_6,
    COUNT_REASSEMBLED_6,
    COUNT_TIMEOUT,
    COUNT_EVICTED,
    COUNT_OVERLAP
};
const struct counter defrag_counters[] = {
    [COUNT_FRAGMENTS] = {"defrag.fragments", "IP fragments"},
    [COUNT_REASSEMBLED] = {"defrag.reassembled", "Packets put together from fragments"},
    [COUNT_FRAGMENTS_4] = {"defrag.ipv4.fragments", "Fragments of IPv4"},
    [COUNT_REASSEMBLED_4] = {"defrag.ipv4.reassembled", "Packets of IPv4 put together"},
    [COUNT_FRAGMENTS_6] = {"defrag.ipv6.fragments", "Fragments of IPv6"},
    [COUNT_REASSEMBLED_6] = {"defrag.ipv6.reassembled", "Packets of IPv6 put together"},
    [COUNT_TIMEOUT] = {"defrag.timeout", "Packets given up: a fragment never came"},
    [COUNT_EVICTED] = {"defrag.evicted",
                       "Packets given up for newer ones; raise defrag.trackers if this grows"},
    [COUNT_OVERLAP] = {"defrag.overlap",
                       "Fragments that overlap others; one sent twice alike does not count"},
    COUNTER_END,
};

struct tracker {
    struct addr src, dst;
    uint32_t id;
    uint64_t tag;
    uint8_t proto, ip_version, link;
    bool taken;
    bool begun; /* the first fragment came */
    uint32_t bucket;
    uint64_t last_ns;
    uint32_t header_len; /* 0 for frames of a tunnel */
    uint32_t total;      /* bytes of data; 0 until the last fragment came */
    uint32_t units;      /* arrived */
    struct tracker *bucket_next;
    struct tracker *older, *newer; /* by last fragment */
    uint8_t header[HEADER_MAX];
    uint8_t policy;    /* enum os_policy of the receiver */
    uint8_t fragments; /* in `span` */
    uint32_t used;     /* units, up to the furthest */
    struct os_span span[FRAGMENTS_MAX];
    uint8_t owner[UNITS]; /* of each unit: fragment + 1; 0 = has not arrived */
    uint8_t *data;        /* DATA_MAX bytes */
};

/* Hosts for whose packets another time holds. */
struct patience {
    struct prefix hosts;
    uint64_t timeout_ns;
};

struct defrag {
    struct tracker *tracker;
    struct tracker *bucket[BUCKETS];
    struct tracker *oldest, *newest; /* all trackers, unused ones at the old end */
    uint32_t n;
    uint8_t *data;
    uint64_t timeout_ns;
    struct patience patience[PATIENCE_MAX];
    uint32_t n_patience;
    uint64_t *count;
    struct os_policies *policies;
    enum os_policy fallback;
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

static void add_patience(struct defrag *d, const char *hosts, uint64_t timeout_ns)
{
    struct patience *next = &d->patience[d->n_patience];

    if (!hosts || d->n_patience == PATIENCE_MAX || !prefix_parse(slice_of_str(hosts), &next->hosts))
        return;
    next->timeout_ns = timeout_ns;
    d->n_patience++;
}

/* [{NAME: {timeout: SECONDS, address: [NETWORK, ...]}}, ...] */
static void read_patience(struct defrag *d, const struct json *list)
{
    for (const struct json *v = json_first(list); v; v = json_next(v)) {
        const struct json *one = json_first(v);
        int64_t seconds = json_i64(json_get(one, "timeout"), -1);
        const struct json *hosts = json_get(one, "address");
        if (seconds <= 0)
            continue;
        add_patience(d, json_str(hosts, NULL), (uint64_t)seconds * CLOCK_S);
        for (const struct json *h = json_first(hosts); h; h = json_next(h))
            add_patience(d, json_str(h, NULL), (uint64_t)seconds * CLOCK_S);
    }
}

static uint64_t patience_for(const struct defrag *d, const struct packet *p)
{
    const struct patience *best = NULL;

    for (uint32_t i = 0; i < d->n_patience; i++) {
        const struct patience *at = &d->patience[i];
        if ((!best || at->hosts.bits > best->hosts.bits) && prefix_has(&at->hosts, &p->dst))
            best = at;
    }
    return best ? best->timeout_ns : d->timeout_ns;
}

struct defrag *defrag_new(const struct conf *conf, struct stats *stats)
{
    int64_t trackers = conf_int(conf, "defrag.trackers");

    struct defrag *d = calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    d->n = trackers > 0 && trackers < TRACKERS_MAX ? (uint32_t)trackers : TRACKERS_MAX;
    d->timeout_ns = conf_span_ns(conf, "defrag.timeout");
    read_patience(d, conf_tree(conf, "defrag.host-config"));
    d->count = stats_add(stats, defrag_counters);
    d->policies = os_policies_new(conf);
    d->fallback = os_policy_find(conf_text(conf, "defrag.overlap"));
    d->tracker = calloc(d->n, sizeof(*d->tracker));
    d->data = calloc(d->n, DATA_MAX);
    if (!d->tracker || !d->data || !d->policies) {
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
    os_policies_free(&(*defrag)->policies);
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
    t->taken = false;
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
           t->link == p->frag_link && (t->proto == p->proto || p->ip_version == 6) &&
           addr_eq(&t->src, &p->src) && addr_eq(&t->dst, &p->dst);
}

static struct tracker *tracker_of(struct defrag *d, const struct packet *p)
{
    uint32_t bucket = bucket_of(p);

    for (struct tracker *t = d->bucket[bucket]; t; t = t->bucket_next) {
        if (!same(t, p, p->tag))
            continue;
        if (t->last_ns + patience_for(d, p) > p->ts_ns)
            return t;
        d->count[COUNT_TIMEOUT]++;
        release(d, t);
        break;
    }
    struct tracker *t = d->oldest;
    if (t->taken) {
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
    t->link = p->frag_link;
    t->taken = true;
    t->begun = false;
    t->bucket = bucket;
    t->header_len = t->total = t->units = 0;
    memset(t->owner, 0, t->used);
    t->used = 0;
    t->fragments = 0;
    enum os_policy policy = os_policy_of(d->policies, &p->dst);
    t->policy = (uint8_t)(policy == OS_NONE ? d->fallback : policy);
    t->bucket_next = d->bucket[bucket];
    d->bucket[bucket] = t;
    return t;
}

/* Puts one unit in its place, unless another copy of it stays; true when the two differ. */
static bool store_unit(struct tracker *t, uint32_t unit, const uint8_t *from, uint32_t len,
                       const struct os_span *span, uint8_t me)
{
    uint8_t *into = t->data + (size_t)unit * UNIT;
    uint8_t owner = t->owner[unit];
    bool differs = owner && memcmp(into, from, len) != 0;

    if (owner && (!me || !os_policy_ip_newer((enum os_policy)t->policy, *span, t->span[owner - 1])))
        return differs;
    memcpy(into, from, len);
    t->units += !owner;
    t->owner[unit] = me ? me : FRAGMENTS_MAX;
    return differs;
}

static void store(struct defrag *d, struct tracker *t, struct packet *p)
{
    struct os_span span = {p->frag_offset, p->frag_offset + p->l4.len};
    uint8_t me = 0;
    uint32_t before = t->units;
    uint32_t count = (p->l4.len + UNIT - 1) / UNIT;
    bool differs = false;
    bool again = t->fragments && t->span[t->fragments - 1].from == span.from &&
                 t->span[t->fragments - 1].to == span.to;

    if (t->fragments < FRAGMENTS_MAX) {
        t->span[t->fragments++] = span;
        me = t->fragments;
    }
    for (uint32_t at = 0; at < p->l4.len; at += UNIT) {
        uint32_t len = p->l4.len - at < UNIT ? p->l4.len - at : UNIT;
        differs |= store_unit(t, (p->frag_offset + at) / UNIT, p->l4.at + at, len, &span, me);
    }
    uint32_t end = (span.to + UNIT - 1) / UNIT;
    if (end > t->used)
        t->used = end;
    if (differs || (!again && t->units - before < count)) {
        d->count[COUNT_OVERLAP]++;
        decode_note(p, p->ip_version == 4 ? NOTE_IPV4_FRAG_OVERLAP : NOTE_IPV6_FRAG_OVERLAP);
    }
}

/* The IP header without its fragment part, with the length of the whole. */
static void keep_header(struct tracker *t, const struct packet *p)
{
    uint32_t len = p->frag_link ? 0 : (uint32_t)(p->l4.at - p->l3.at);

    if (p->ip_version == 6 && len)
        len -= 8; /* the fragment header stands last */
    if (len > HEADER_MAX)
        return;
    t->begun = true;
    t->header_len = len;
    if (!len)
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
}

static bool complete(const struct tracker *t)
{
    uint32_t units = (t->total + UNIT - 1) / UNIT;

    if (!t->begun || !t->total || t->units < units)
        return false;
    for (uint32_t i = 0; i < units; i++) {
        if (!t->owner[i])
            return false;
    }
    return true;
}

/* The sum of the header changes with what was changed in it. */
static void set_checksum(uint8_t *header, uint32_t len)
{
    uint32_t sum = 0;

    header[10] = header[11] = 0;
    for (uint32_t i = 0; i + 1 < len; i += 2)
        sum += (uint32_t)header[i] << 8 | header[i + 1];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    header[10] = (uint8_t)(~sum >> 8);
    header[11] = (uint8_t)~sum;
}

/* What stands before the IP header in the frame of the fragment; none inside a tunnel that was put
 * together itself. */
static uint32_t link_length(const struct packet *p)
{
    uintptr_t from = (uintptr_t)p->frame.data, at = (uintptr_t)p->l3.at;

    return at >= from && at - from <= p->frame.caplen ? (uint32_t)(at - from) : 0;
}

static struct slice whole_of(struct tracker *t, struct packet *p, struct arena *arena)
{
    uint32_t len = t->header_len + t->total, link = t->link ? 0 : link_length(p);
    uint32_t counted = t->ip_version == 4 || t->link ? len : len - 40;

    if (counted > 65535)
        return SLICE_NONE;
    uint8_t *frame = arena_alloc(arena, link + len);
    if (!frame)
        return SLICE_NONE;
    if (link)
        memcpy(frame, p->frame.data, link);
    p->rebuilt = t->link ? SLICE_NONE : (struct slice){frame, link + len};
    uint8_t *whole = frame + link;
    memcpy(whole, t->header, t->header_len);
    memcpy(whole + t->header_len, t->data, t->total);
    if (t->link)
        return (struct slice){whole, len};
    uint32_t at = t->ip_version == 4 ? 2 : 4;
    whole[at] = (uint8_t)(counted >> 8);
    whole[at + 1] = (uint8_t)counted;
    if (t->ip_version == 4)
        set_checksum(whole, t->header_len);
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
    bool six = p->ip_version == 6;

    d->count[COUNT_FRAGMENTS]++;
    d->count[six ? COUNT_FRAGMENTS_6 : COUNT_FRAGMENTS_4] += !p->frag_link;
    if (!sound(p))
        return SLICE_NONE;
    uint64_t given_up = d->count[COUNT_TIMEOUT] + d->count[COUNT_EVICTED];
    struct tracker *t = tracker_of(d, p);
    if (d->count[COUNT_TIMEOUT] + d->count[COUNT_EVICTED] != given_up)
        p->view |= VIEW_BIT(VIEW_FRAGMENTS);
    t->last_ns = p->ts_ns;
    unlink_age(d, t);
    link_newest(d, t);
    if (!p->frag_more && t->total && t->total != p->frag_offset + p->l4.len)
        return SLICE_NONE; /* a second end: hosts drop it */
    store(d, t, p);
    if (p->frag_offset == 0 && !t->begun)
        keep_header(t, p);
    if (!p->frag_more && !t->total)
        t->total = p->frag_offset + p->l4.len;
    if (!complete(t))
        return SLICE_NONE;
    struct slice whole = whole_of(t, p, arena);
    release(d, t);
    d->count[COUNT_REASSEMBLED] += whole.len > 0;
    d->count[six ? COUNT_REASSEMBLED_6 : COUNT_REASSEMBLED_4] += whole.len > 0 && !p->frag_link;
    return whole;
}

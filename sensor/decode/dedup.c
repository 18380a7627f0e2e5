/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of the last packets, two to a cache line, found by a digest of what no copy changes:
 * addresses, IP identification, length, transport header and all of the payload. It has a secret of
 * this process: nobody can hide a packet behind another one that merely looks alike. The
 * transport's checksum does not count: a copy from before the network card wrote it has another.
 *
 * Limits: packets without IP identification (IPv6, 0) and without sequence numbers count as copies
 * only within half a millisecond, copies in another VLAN that nobody routed only within 50 us, as
 * tenants may say the same thing. ICMP of that kind is only left out where other copies were found.
 */
#include "sensor/decode/dedup.h"
#include "common/clock.h"
#include "common/hash.h"
#include "sensor/decode/keyed.h"

#include <stdlib.h>

enum { BUCKETS = 2048, WAYS = 2, HOPS_MAX = 3, CALM_PKTS = 100000, HEAD = 28 };
#define WEAK_NS UINT64_C(500000)
#define VLAN_NS UINT64_C(50000)

const struct option dedup_options[] = {
    {"dedup.enabled", CONF_BOOL, "true", "Leave out packets that the mirror sent before"},
    {"dedup.window", CONF_SPAN, "5ms", "Longest time between a packet and its copy"},
    OPTION_END,
};

enum { COUNT_SAME, COUNT_ROUTED, COUNT_VLAN };
const struct counter dedup_counters[] = {
    [COUNT_SAME] = {"decoder.duplicates",
                    "Packets left out: the mirror sent them twice; mirror one direction of a port"},
    [COUNT_ROUTED] = {"decoder.duplicates_routed",
                      "Packets left out: copies from behind a router; mirror one side of it"},
    [COUNT_VLAN] = {"decoder.duplicates_vlan",
                    "Packets left out: copies in another VLAN or tunnel; mirror one of them"},
    COUNTER_END,
};

struct seen {
    uint64_t key, ts_ns;
    uint32_t tag, macs;
    uint8_t ttl;
};

struct dedup {
    struct seen seen[BUCKETS][WAYS];
    uint64_t window_ns;
    uint64_t *count;
    struct seen *newest;
    uint32_t alert; /* packets for which even what repeats by nature may be a copy */
    bool enabled;
    struct keyed key; /* nobody else knows it */
};

struct dedup *dedup_new(const struct conf *conf, struct stats *stats)
{
    struct dedup *d = calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    d->enabled = conf_bool(conf, "dedup.enabled");
    d->window_ns = conf_span_ns(conf, "dedup.window");
    d->count = stats_add(stats, dedup_counters);
    keyed_init(&d->key, hash_random_seed());
    return d;
}

void dedup_free(struct dedup **dedup)
{
    free(*dedup);
    *dedup = NULL;
}

static uint64_t load(const uint8_t *at)
{
    uint64_t value;

    memcpy(&value, at, 8);
    return value;
}

static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product =
        (unsigned __int128)(a ^ UINT64_C(0x9e3779b97f4a7c15)) * (b ^ UINT64_C(0xd6e8feb86659fd93));
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Where it is looked for: the same in every run, and from its headers alone. */
static uint64_t place_of(const struct packet *p)
{
    uint64_t head = fold(load(p->src.b) ^ load(p->src.b + 8), load(p->dst.b) + load(p->dst.b + 8));
    uint64_t lengths = (uint64_t)p->ip_id << 48 | (uint64_t)p->proto << 40 | p->l4.len;

    uint32_t fixed = p->ip_version == 4 ? 20 : 40;

    if (p->l3.at + fixed < p->l4.at) /* options and extension headers are content, too */
        head ^= hash_bytes(
            slice_head(slice_from(p->l3, fixed), (uint32_t)(p->l4.at - p->l3.at) - fixed), 1);
    if (p->l4.len < HEAD)
        return fold(head, hash_bytes(p->l4, lengths));
    uint64_t ports = load(p->l4.at);
    uint64_t flags = load(p->l4.at + 12);
    if (p->proto == IPPROTO_TCP4)
        flags &= ~(UINT64_C(0xffff) << 32); /* without the checksum */
    else if (p->proto == IPPROTO_UDP4)
        ports &= ~(UINT64_C(0xffff) << 48);
    return fold(head ^ ports, load(p->l4.at + 8) ^ lengths) ^ fold(flags, load(p->l4.at + 20));
}

/* Where its checksum stands, which does not count. */
static uint32_t hole_of(const struct packet *p)
{
    if (p->l4.len < HEAD)
        return KEYED_ALL;
    return p->proto == IPPROTO_TCP4 ? 16 : p->proto == IPPROTO_UDP4 ? 6 : KEYED_ALL;
}

/* What tells it from all others: addresses and all of the packet but its checksum. */
static uint64_t key_of(const struct dedup *d, const struct packet *p, uint64_t place, uint64_t *sum)
{
    const uint64_t *k = d->key.last;
    uint64_t ends = fold(load(p->src.b) ^ k[0], load(p->dst.b) ^ k[1]);

    if (p->ip_version == 6)
        ends ^= fold(load(p->src.b + 8) ^ k[2], load(p->dst.b + 8) ^ k[3]);
    return fold(place ^ ends ^ k[0], keyed_sums(&d->key, p->l4, hole_of(p), sum) ^ k[1]);
}

static uint32_t macs_of(const struct packet *p)
{
    uint32_t ends[3];

    _Static_assert(offsetof(struct packet, dst_mac) == offsetof(struct packet, src_mac) + 6,
                   "both lie side by side");
    memcpy(ends, (const uint8_t *)p + offsetof(struct packet, src_mac), sizeof(ends));
    return (uint32_t)fold((uint64_t)ends[1] << 32 | ends[0], ends[2]);
}

/* Nothing in the packet changes from one sending to the next. */
static bool weak(const struct packet *p)
{
    return p->proto != IPPROTO_TCP4 && (p->ip_version == 6 || p->ip_id == 0);
}

/* Which kind of copy the packet is of `seen`; false when it is none. */
static bool is_copy(const struct dedup *d, const struct seen *seen, const struct packet *p,
                    uint32_t macs, enum view_kind *kind)
{
    uint64_t apart = p->ts_ns > seen->ts_ns ? p->ts_ns - seen->ts_ns : seen->ts_ns - p->ts_ns;
    int hops = (int)seen->ttl - p->ttl;
    uint64_t window = weak(p) && d->window_ns > WEAK_NS ? WEAK_NS : d->window_ns;

    *kind = VIEW_DUPLICATE;
    if (weak(p) && p->proto != IPPROTO_UDP4 && !d->alert) /* echo replies are alike by nature */
        return false;
    if (hops) {
        *kind = VIEW_DUPLICATE_ROUTED;
        window = d->window_ns;
    } else if (seen->tag != (uint32_t)p->tag) {
        *kind = VIEW_DUPLICATE_VLAN;
        if (macs != seen->macs) /* another tenant's */
            return false;
        window = VLAN_NS;
    }
    return hops <= HOPS_MAX && hops >= -HOPS_MAX && apart <= window;
}

static void mark(struct dedup *d, struct packet *p, enum view_kind kind)
{
    d->count[kind == VIEW_DUPLICATE          ? COUNT_SAME
             : kind == VIEW_DUPLICATE_ROUTED ? COUNT_ROUTED
                                             : COUNT_VLAN]++;
    d->alert = CALM_PKTS;
    p->duplicate = true;
    p->view |= VIEW_BIT(kind);
}

static struct seen *oldest_of(struct seen *way)
{
    return way[0].ts_ns <= way[1].ts_ns ? &way[0] : &way[1];
}

bool dedup_look(struct dedup *d, struct packet *p, uint64_t *sum)
{
    d->newest = NULL;
    if (!d->enabled || p->fragment || !p->l4.len)
        return false;
    uint64_t place = place_of(p);
    struct seen *way = d->seen[place % BUCKETS];
    __builtin_prefetch(way);
    uint64_t key = key_of(d, p, place, sum);
    uint32_t macs = macs_of(p);

    d->alert -= d->alert > 0;
    for (uint32_t i = 0; i < WAYS; i++) {
        enum view_kind kind;
        if (way[i].key != key || !is_copy(d, &way[i], p, macs, &kind))
            continue;
        mark(d, p, kind);
        return true;
    }
    d->newest = oldest_of(way);
    *d->newest = (struct seen){
        .key = key, .ts_ns = p->ts_ns, .tag = (uint32_t)p->tag, .macs = macs, .ttl = p->ttl};
    return true;
}

void dedup_disown(struct dedup *d)
{
    if (d->newest)
        d->newest->key = 0;
}

void dedup_fragment(struct dedup *d, struct packet *p)
{
    if (!d->enabled || !p->l4.len)
        return;
    uint64_t place = (uint64_t)p->frag_id << 32 | (uint64_t)p->frag_offset << 8 | p->frag_more;
    uint64_t ends = fold(load(p->src.b) ^ load(p->src.b + 8), load(p->dst.b) + load(p->dst.b + 8));
    struct seen *way = d->seen[fold(ends ^ p->proto, place) % BUCKETS];
    uint64_t key = fold(ends ^ d->key.last[0] ^ p->proto,
                        keyed_sum(&d->key, p->l4) ^ fold(place ^ d->key.last[2], d->key.last[3]));

    for (uint32_t i = 0; i < WAYS; i++) {
        const struct seen *seen = &way[i];
        uint64_t apart = p->ts_ns > seen->ts_ns ? p->ts_ns - seen->ts_ns : seen->ts_ns - p->ts_ns;
        if (seen->key != key || seen->tag != (uint32_t)p->tag || apart > d->window_ns)
            continue;
        mark(d, p, seen->ttl == p->ttl ? VIEW_DUPLICATE : VIEW_DUPLICATE_ROUTED);
        return;
    }
    *oldest_of(way) =
        (struct seen){.key = key, .ts_ns = p->ts_ns, .tag = (uint32_t)p->tag, .ttl = p->ttl};
}

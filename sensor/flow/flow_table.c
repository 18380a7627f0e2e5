/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chained hash over a slab of flows. Each timeout class of a shard keeps its flows in order of
 * their last packet, so expiry looks only at the old ends. Room is counted per shard: who is
 * evicted does not depend on how many workers share the shards.
 */
#include "sensor/flow/flow_table.h"
#include "common/clock.h"
#include "common/hash.h"
#include "common/pages.h"
#include "common/slab.h"
#include "sensor/flow/flow_count.h"
#include "sensor/flow/sight.h"
#include "sensor/flow/stream_event.h"
#include "sensor/flow/tags.h"
#include "sensor/flow/tcp_track.h"

#include <stdlib.h>

enum {
    SLAB_FLOWS = 64,
    EVER_SAFE = (1 << 30),
    TENANTS_MAX = 64,
    SHARD_LEAST = 64,
    PICKED_PACKETS = 4,
    CACHE_LINE = 64,
    LEAVERS_AHEAD = 2
};
#define LEAVERS_STALE UINT32_MAX
#define TICK_NS       (CLOCK_S / 4)

static const uint64_t silence_ns[FLOW_SILENCES] = {5 * CLOCK_S, 30 * CLOCK_S};

/* In order of value: the first is evicted first. */
enum timeout_class {
    CLASS_TCP_NEW,
    CLASS_UDP_NEW,
    CLASS_ICMP_NEW,
    CLASS_OTHER_NEW,
    CLASS_TCP_PICKED, /* lone packets without handshake, or a handshake and no data: perhaps a scan
                       */
    CLASS_TCP_CLOSED,
    CLASS_ICMP_EST,
    CLASS_OTHER_EST,
    CLASS_UDP_EST,
    CLASS_TCP_EST,
    CLASS_COUNT,
    CLASS_HELD = CLASS_UDP_EST
};

const struct option flow_table_options[] = {
    {"flow.memcap", CONF_SIZE, "0", "Memory of the flow tables; 0 = a fifth of memory"},
    {"stream.async-events", CONF_BOOL, "true",
     "Events of TCP sessions of which only the client's direction is seen"},
    {"stream.async-oneside", CONF_BOOL, "true",
     "Follow TCP sessions of which only the client's direction is seen"},
    {"flow.timeout.tcp.new", CONF_SPAN, "60s", "Silence that ends a TCP flow before its handshake"},
    {"flow.timeout.tcp.established", CONF_SPAN, "600s", "Silence that ends a TCP session"},
    {"flow.timeout.tcp.closed", CONF_SPAN, "60s", "Silence that ends a closed TCP session"},
    {"flow.timeout.udp.new", CONF_SPAN, "30s", "Silence that ends an unanswered UDP flow"},
    {"flow.timeout.udp.established", CONF_SPAN, "300s", "Silence that ends an answered UDP flow"},
    {"flow.timeout.icmp.new", CONF_SPAN, "30s", "Silence that ends an unanswered ICMP flow"},
    {"flow.timeout.icmp.established", CONF_SPAN, "300s", "Silence that ends an answered ICMP flow"},
    {"flow.timeout.other.new", CONF_SPAN, "30s", "Silence that ends an unanswered flow"},
    {"flow.timeout.other.established", CONF_SPAN, "300s", "Silence that ends an answered flow"},
    OPTION_END,
};

static const char *const timeout_keys[CLASS_COUNT] = {
    [CLASS_TCP_NEW] = "flow.timeout.tcp.new",
    [CLASS_UDP_NEW] = "flow.timeout.udp.new",
    [CLASS_ICMP_NEW] = "flow.timeout.icmp.new",
    [CLASS_OTHER_NEW] = "flow.timeout.other.new",
    [CLASS_TCP_PICKED] = "flow.timeout.tcp.established",
    [CLASS_TCP_CLOSED] = "flow.timeout.tcp.closed",
    [CLASS_ICMP_EST] = "flow.timeout.icmp.established",
    [CLASS_OTHER_EST] = "flow.timeout.other.established",
    [CLASS_UDP_EST] = "flow.timeout.udp.established",
    [CLASS_TCP_EST] = "flow.timeout.tcp.established",
};

struct lru {
    struct flow *oldest, *newest;
    struct flow *awake[FLOW_SILENCES]; /* the oldest that has not reached it: all before it have */
};

struct flow_block {
    struct flow_block *next;
    struct flow flow[SLAB_FLOWS];
};

struct shard {
    struct lru lru[CLASS_COUNT];
    uint32_t n;
    uint32_t held;          /* of CLASS_HELD and above */
    uint32_t fill_of, fill; /* flow_table_fill for so many held */
};

/* A flow that is there when the input ends. */
struct leaver {
    uint64_t first;
    struct flow *flow;
};

struct flow_table {
    struct flow **bucket;
    uint64_t mask;
    struct shard shard[FLOW_SHARDS];
    uint64_t tick; /* last looked for timeouts, in TICK_NS */
    uint64_t timeout_ns[CLASS_COUNT];
    struct flow_block *blocks;
    struct flow *free;   /* by bucket_next */
    struct slab tunnels; /* struct tunnel */
    uint32_t n, most;    /* most: of one shard */
    bool tags;           /* tell tenants apart */
    struct leaver *leaver;
    uint32_t leavers;  /* LEAVERS_STALE: flows came or went since */
    bool async;        /* follow clients nobody answers */
    bool async_silent; /* … without events */
    bool as_suricata;
    char midstream; /* 'y', 'n', 'a': as stream.midstream begins */
    flow_ended_fn ended;
    flow_rests_fn rests; /* NULL: nobody asks */
    void *context;
    uint64_t *count;
};

static uint64_t power_of_two(uint64_t at_least)
{
    uint64_t n = 1024;

    while (n < at_least)
        n *= 2;
    return n;
}

/* As a switch, too: what a suricata.yaml says. */
static char midstream_of(const char *text)
{
    if (strcmp(text, "no") == 0 || strcmp(text, "false") == 0)
        return 'n';
    return strcmp(text, "auto") == 0 ? 'a' : 'y';
}

struct flow_table *flow_table_new(const struct conf *conf, struct stats *stats,
                                  const struct flow_table_limits *limits, flow_ended_fn ended,
                                  void *context)
{
    struct flow_table *t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    uint64_t most = limits->memory_bytes / (sizeof(struct flow) + sizeof(struct tunnel) +
                                            2 * sizeof(struct flow *) + limits->more_flow_bytes);
    most = most > EVER_SAFE ? EVER_SAFE : most;
    t->most = (uint32_t)most / FLOW_SHARDS;
    if (t->most < SHARD_LEAST)
        t->most = SHARD_LEAST;
    uint64_t buckets = power_of_two(most / (limits->workers ? limits->workers : 1));
    t->mask = buckets - 1;
    t->bucket = pages_new(buckets * sizeof(struct flow *));
    slab_init(&t->tunnels, sizeof(struct tunnel), 0);
    t->ended = ended;
    t->context = context;
    t->count = stats_add(stats, flow_count_rows);
    t->tags = conf_bool(conf, "vlan.use-for-tracking");
    t->async = conf_bool(conf, "stream.async-oneside");
    t->async_silent = !conf_bool(conf, "stream.async-events");
    t->as_suricata = conf_bool(conf, "decode.as-suricata");
    t->midstream = midstream_of(conf_text(conf, "stream.midstream"));
    for (uint32_t i = 0; i < CLASS_COUNT; i++)
        t->timeout_ns[i] = conf_span_ns(conf, timeout_keys[i]);
    if (!t->bucket)
        flow_table_free(&t);
    return t;
}

void flow_table_free(struct flow_table **table)
{
    struct flow_table *t = *table;

    if (!t)
        return;
    while (t->blocks) {
        struct flow_block *next = t->blocks->next;
        free(t->blocks);
        t->blocks = next;
    }
    slab_fini(&t->tunnels);
    pages_free(t->bucket, (t->mask + 1) * sizeof(struct flow *));
    free(t->leaver);
    free(t);
    *table = NULL;
}

void flow_table_on_rest(struct flow_table *t, flow_rests_fn rests)
{
    t->rests = rests;
}

uint32_t flow_table_count(const struct flow_table *t)
{
    return t->n;
}

static inline void fetch(const struct flow *f)
{
#pragma GCC unroll 16
    for (uint32_t at = 0; at < sizeof(*f); at += CACHE_LINE)
        __builtin_prefetch((const uint8_t *)f + at, 1);
}

void flow_table_prefetch(const struct flow_table *t, uint64_t flow_hash)
{
    __builtin_prefetch(&t->bucket[flow_hash & t->mask]);
}

void flow_table_prefetch_flow(const struct flow_table *t, uint64_t flow_hash)
{
    const struct flow *f = t->bucket[flow_hash & t->mask];

    if (f)
        fetch(f);
}

/* ---- lists -------------------------------------------------------------------------------- */

/* No data yet, or no more than a scan's packets. */
static bool is_bare(const struct flow *f)
{
    return !f->tcp.data || (f->midstream && !(f->pkts[0] && f->pkts[1]) &&
                            f->pkts[0] + f->pkts[1] < PICKED_PACKETS);
}

static enum timeout_class class_of(const struct flow *f)
{
    bool is_new = f->state == FLOW_NEW;

    if (f->shunt == FLOW_SHUNT_MEMORY) /* nothing is kept of it: its place goes first */
        return CLASS_TCP_NEW;
    switch (f->proto) {
    case IPPROTO_TCP4:
        if (f->state == FLOW_ESTABLISHED && is_bare(f))
            return CLASS_TCP_PICKED;
        return is_new ? CLASS_TCP_NEW : f->state == FLOW_CLOSED ? CLASS_TCP_CLOSED : CLASS_TCP_EST;
    case IPPROTO_UDP4:
        return is_new ? CLASS_UDP_NEW : CLASS_UDP_EST;
    case IPPROTO_ICMP4:
    case IPPROTO_ICMP6:
        return is_new ? CLASS_ICMP_NEW : CLASS_ICMP_EST;
    default:
        return is_new ? CLASS_OTHER_NEW : CLASS_OTHER_EST;
    }
}

static void lru_unlink(struct flow_table *t, struct flow *f)
{
    struct lru *lru = &t->shard[f->shard].lru[f->table_class];

    for (int i = 0; i < FLOW_SILENCES; i++) {
        if (lru->awake[i] == f)
            lru->awake[i] = f->lru_next;
    }
    *(f->lru_prev ? &f->lru_prev->lru_next : &lru->oldest) = f->lru_next;
    *(f->lru_next ? &f->lru_next->lru_prev : &lru->newest) = f->lru_prev;
    t->shard[f->shard].held -= f->table_class >= CLASS_HELD;
}

static void lru_append(struct flow_table *t, struct flow *f, enum timeout_class class)
{
    struct lru *lru = &t->shard[f->shard].lru[class];

    f->table_class = (uint8_t) class;
    t->shard[f->shard].held += class >= CLASS_HELD;
    f->lru_next = NULL;
    f->lru_prev = lru->newest;
    *(lru->newest ? &lru->newest->lru_next : &lru->oldest) = f;
    lru->newest = f;
    f->silences = 0;
    for (int i = 0; i < FLOW_SILENCES; i++) {
        if (!lru->awake[i])
            lru->awake[i] = f;
    }
}

static inline void lru_renew(struct flow_table *t, struct flow *f)
{
    enum timeout_class class = class_of(f);

    if (class == f->table_class && !f->lru_next && !f->silences)
        return; /* it is the newest already */
    lru_unlink(t, f);
    lru_append(t, f, class);
}

static void end_flow(struct flow_table *t, struct flow *f, enum flow_end why)
{
    f->end = (uint8_t)why;
    flow_count_end(t->count, f, t->as_suricata);
    t->ended(t->context, f);
    t->leavers = LEAVERS_STALE;
    struct flow **at = &t->bucket[f->hash & t->mask];
    while (*at != f)
        at = &(*at)->bucket_next;
    *at = f->bucket_next;
    lru_unlink(t, f);
    slab_give(&t->tunnels, f->tunnel);
    f->bucket_next = t->free;
    t->free = f;
    t->shard[f->shard].n--;
    t->n--;
}

/* Suricata counts whole seconds, and waits until one more has begun. */
static bool timed_out(const struct flow_table *t, const struct flow *f, uint64_t now_ns)
{
    uint64_t due = f->seen_ns + t->timeout_ns[f->table_class];

    if (due > now_ns) /* as nearly always */
        return false;
    return !t->as_suricata || due / CLOCK_S * CLOCK_S + CLOCK_S <= now_ns;
}

/* A closed session leaves by a timeout too; what its record says is that it was closed. */
static void end_by_time(struct flow_table *t, struct flow *f)
{
    t->count[FLOW_COUNT_TIMEOUT]++;
    end_flow(t, f, f->state == FLOW_CLOSED ? FLOW_END_CLOSED : FLOW_END_TIMEOUT);
}

/* Those of a list that have reached a silence since the last tick. */
static void tell_silence(const struct flow_table *t, struct lru *lru, enum flow_silence silence,
                         uint64_t now_ns)
{
    struct flow *f = lru->awake[silence];

    for (; f && f->seen_ns + silence_ns[silence] <= now_ns; f = f->lru_next) {
        lru->awake[silence] = f->lru_next;
        f->silences = (uint8_t)(silence + 1);
        t->rests(t->context, f, silence);
    }
}

void flow_table_tick(struct flow_table *t, uint64_t now_ns)
{
    if (now_ns / TICK_NS == t->tick)
        return;
    t->tick = now_ns / TICK_NS;
    for (uint32_t shard = 0; shard < FLOW_SHARDS; shard++) {
        for (uint32_t i = 0; t->shard[shard].n && i < CLASS_COUNT; i++) {
            struct lru *lru = &t->shard[shard].lru[i];
            while (lru->oldest && timed_out(t, lru->oldest, now_ns))
                end_by_time(t, lru->oldest);
            for (int s = 0; t->rests && s < FLOW_SILENCES; s++)
                tell_silence(t, lru, (enum flow_silence)s, now_ns);
        }
    }
}

/* The next one is asked for, it is long since it was touched. */
static void end_oldest(struct flow_table *t, const struct lru *lru, enum flow_end why)
{
    const struct flow *next = lru->oldest->lru_next;

    if (next)
        fetch(next);
    end_flow(t, lru->oldest, why);
}

void flow_table_end_all(struct flow_table *t, enum flow_end why)
{
    for (uint32_t shard = 0; shard < FLOW_SHARDS; shard++) {
        for (uint32_t i = 0; i < CLASS_COUNT; i++) {
            while (t->shard[shard].lru[i].oldest)
                end_oldest(t, &t->shard[shard].lru[i], why);
        }
    }
}

/* All flows in one array: the table is gone through once, however many calls follow. */
static bool gather(struct flow_table *t)
{
    free(t->leaver);
    t->leaver = malloc((t->n + 1) * sizeof(*t->leaver));
    t->leavers = 0;
    for (uint32_t shard = 0; t->leaver && shard < FLOW_SHARDS; shard++) {
        for (uint32_t i = 0; i < CLASS_COUNT; i++) {
            for (struct flow *f = t->shard[shard].lru[i].oldest; f; f = f->lru_next)
                t->leaver[t->leavers++] = (struct leaver){f->first_number, f};
        }
    }
    return t->leaver != NULL;
}

void flow_table_end_before(struct flow_table *t, uint64_t first, enum flow_end why)
{
    if (t->leavers == LEAVERS_STALE && !gather(t)) {
        flow_table_end_all(t, why);
        return;
    }
    uint32_t n = t->leavers;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct leaver *l = &t->leaver[i];
        if (i + LEAVERS_AHEAD < n && t->leaver[i + LEAVERS_AHEAD].first < first)
            fetch(t->leaver[i + LEAVERS_AHEAD].flow);
        if (l->first < first)
            end_flow(t, l->flow, why);
        else
            t->leaver[kept++] = *l;
    }
    t->leavers = kept;
}

/* ---- room --------------------------------------------------------------------------------- */

static bool evict_one(struct flow_table *t, const struct shard *shard)
{
    for (uint32_t i = 0; i < CLASS_COUNT; i++) {
        if (!shard->lru[i].oldest)
            continue;
        t->count[FLOW_COUNT_EVICTED]++;
        end_flow(t, shard->lru[i].oldest, FLOW_END_FORCED);
        return true;
    }
    return false;
}

static void add_block(struct flow_table *t)
{
    struct flow_block *block = malloc(sizeof(*block));

    if (!block)
        return;
    block->next = t->blocks;
    t->blocks = block;
    for (uint32_t i = SLAB_FLOWS; i > 0; i--) {
        block->flow[i - 1].bucket_next = t->free;
        t->free = &block->flow[i - 1];
    }
}

static struct flow *room_for_one(struct flow_table *t, const struct shard *shard)
{
    if (shard->n >= t->most)
        evict_one(t, shard);
    if (!t->free)
        add_block(t);
    if (!t->free)
        evict_one(t, shard);
    struct flow *f = t->free;
    if (f)
        t->free = f->bucket_next;
    return f;
}

/* ---- look-up ------------------------------------------------------------------------------ */

/* Protocol, type of the reply, type of its request. */
static const uint8_t icmp_pairs[][3] = {
    {IPPROTO_ICMP4, 0, 8},     {IPPROTO_ICMP4, 14, 13},   {IPPROTO_ICMP4, 16, 15},
    {IPPROTO_ICMP4, 18, 17},   {IPPROTO_ICMP6, 129, 128}, {IPPROTO_ICMP6, 134, 133},
    {IPPROTO_ICMP6, 136, 135}, {IPPROTO_ICMP6, 140, 139}, {IPPROTO_ICMP6, 131, 130},
};
enum { ICMP_PAIRS = sizeof(icmp_pairs) / sizeof(icmp_pairs[0]) };

/* Request and reply of ICMP count as one kind. */
static uint8_t icmp_kind(uint8_t proto, uint8_t type)
{
    for (uint32_t i = 0; i < ICMP_PAIRS; i++) {
        if (icmp_pairs[i][0] == proto && icmp_pairs[i][1] == type)
            return icmp_pairs[i][2];
    }
    return type;
}

uint8_t flow_table_icmp_answer(uint8_t proto, uint8_t type)
{
    for (uint32_t i = 0; i < ICMP_PAIRS; i++) {
        if (icmp_pairs[i][0] == proto && icmp_pairs[i][2] == type)
            return icmp_pairs[i][1];
    }
    return icmp_kind(proto, type);
}

static bool is_icmp(uint8_t proto)
{
    return proto == IPPROTO_ICMP4 || proto == IPPROTO_ICMP6;
}

/* True when they are the packet's; `dir`: as flow_dir() says it. */
static bool same_ends(const struct flow *f, const struct packet *p, enum dir *dir)
{
    *dir = TO_SERVER;
    if (f->client_port == p->sport && f->server_port == p->dport && addr_eq(&f->client, &p->src) &&
        addr_eq(&f->server, &p->dst))
        return true;
    *dir = TO_CLIENT;
    return f->client_port == p->dport && f->server_port == p->sport &&
           addr_eq(&f->client, &p->dst) && addr_eq(&f->server, &p->src);
}

static bool same(const struct flow *f, const struct packet *p, enum dir *dir)
{
    return f->hash == p->flow_hash && f->proto == p->proto && same_ends(f, p, dir) &&
           (!is_icmp(p->proto) ||
            icmp_kind(f->proto, f->icmp_type) == icmp_kind(p->proto, p->icmp_type));
}

/* The flow whose tag fits best. When more flows share their ends than tenants can, the one that
 * was found last in the chain is `spare`: it makes room. */
static struct flow *find(const struct flow_table *t, const struct packet *p, enum dir *dir,
                         struct flow **spare, bool *others)
{
    struct flow *likely = NULL;
    uint32_t alike = 0;

    for (struct flow *f = t->bucket[p->flow_hash & t->mask]; f; f = f->bucket_next) {
        enum dir way;
        if (!same(f, p, &way))
            continue;
        enum tags_fit fit = t->tags ? tags_fit(f, p, way) : TAGS_CERTAIN;
        if (fit == TAGS_CERTAIN || (fit == TAGS_LIKELY && !likely))
            *dir = way;
        if (fit == TAGS_CERTAIN)
            return f;
        if (fit == TAGS_LIKELY && !likely)
            likely = f;
        *others = true;
        if (++alike >= TENANTS_MAX)
            *spare = f;
    }
    return likely;
}

/* ---- new flows ---------------------------------------------------------------------------- */

enum { EPHEMERAL_PORTS = 32768 };

/* The first packet seen came from the server: a SYN-ACK, an answer, or from a service's port to a
 * port that clients are given. For Suricata who speaks first is the client, but where sessions are
 * joined in their middle. */
static bool from_server(const struct flow_table *t, const struct packet *p)
{
    if (p->as_suricata && (p->proto != IPPROTO_TCP4 || t->midstream == 'n'))
        return false;
    if (p->proto == IPPROTO_TCP4 && p->tcp.flags & TCP_SYN)
        return p->tcp.flags & TCP_ACK;
    if (p->proto == IPPROTO_TCP4 || p->proto == IPPROTO_UDP4) {
        return (p->sport < SYSTEM_PORTS && p->dport >= SYSTEM_PORTS) ||
               (p->sport < EPHEMERAL_PORTS && p->dport >= EPHEMERAL_PORTS);
    }
    return (p->proto == IPPROTO_ICMP4 && p->icmp_type == 0) ||
           (p->proto == IPPROTO_ICMP6 && p->icmp_type == 129);
}

static uint64_t id_of(const struct flow *f)
{
    struct {
        struct addr client, server;
        uint16_t client_port, server_port;
        uint8_t proto, pad[5];
        uint64_t first_number, tag;
        uint32_t generation, pad2;
    } key;

    memset(&key, 0, sizeof(key));
    key.client = f->client;
    key.server = f->server;
    key.client_port = f->client_port;
    key.server_port = f->server_port;
    key.tag = f->at[f->swapped ? TO_CLIENT : TO_SERVER].tag;
    key.proto = f->proto;
    key.first_number = f->first_number;
    key.generation = f->generation;
    uint64_t id = hash_bytes((struct slice){(const uint8_t *)&key, sizeof(key)}, 0) &
                  ((UINT64_C(1) << 53) - 1);
    return id ? id : 1; /* below 2^53: readers of JSON keep it whole */
}

static void fill(const struct flow_table *t, struct flow *f, const struct packet *p,
                 uint32_t generation)
{
    memset(f, 0, sizeof(*f));
    f->swapped = from_server(t, p);
    f->client = f->swapped ? p->dst : p->src;
    f->server = f->swapped ? p->src : p->dst;
    f->client_port = f->swapped ? p->dport : p->sport;
    f->server_port = f->swapped ? p->sport : p->dport;
    f->has_mac = p->has_mac;
    if (p->has_mac) {
        f->client_mac = f->swapped ? p->dst_mac : p->src_mac;
        f->server_mac = f->swapped ? p->src_mac : p->dst_mac;
    }
    f->proto = p->proto;
    f->vlans = p->vlans;
    memcpy(f->vlan, p->vlan, sizeof(f->vlan));
    f->iface = p->frame.iface;
    f->at[f->swapped ? TO_CLIENT : TO_SERVER].tag = p->tag;
    f->icmp_type = p->icmp_type;
    f->icmp_code = p->icmp_code;
    f->hash = p->flow_hash;
    f->shard = p->shard % FLOW_SHARDS;
    f->first_number = p->frame.number;
    f->first_ns = f->last_ns = p->ts_ns;
    f->generation = generation;
    f->id = id_of(f);
}

static struct flow *create(struct flow_table *t, const struct packet *p, uint32_t generation)
{
    struct shard *shard = &t->shard[p->shard % FLOW_SHARDS];
    struct flow *f = room_for_one(t, shard);

    if (!f)
        return NULL;
    fill(t, f, p, generation);
    f->tunnel = p->tunnels ? slab_take(&t->tunnels) : NULL;
    if (f->tunnel)
        *f->tunnel = p->tunnel[0];
    f->tcp.whole_only = t->midstream == 'n' || (t->midstream == 'a' && p->after_syn);
    f->tcp.syn_only = t->midstream == 'n';
    f->tcp.no_answer_no_data = !t->async;
    f->tcp.one_side_silent = t->async_silent;
    struct flow **bucket = &t->bucket[p->flow_hash & t->mask];
    f->bucket_next = *bucket;
    *bucket = f;
    lru_append(t, f, class_of(f));
    shard->n++;
    t->n++;
    t->leavers = LEAVERS_STALE;
    flow_count_begin(t->count, f, t->as_suricata);
    return f;
}

static inline void count(struct flow *f, const struct packet *p, enum dir dir)
{
    if (!f->pkts[dir] || p->ttl < f->at[dir].ttl_min)
        f->at[dir].ttl_min = p->ttl;
    if (p->ttl > f->at[dir].ttl_max)
        f->at[dir].ttl_max = p->ttl;
    f->pkts[dir]++;
    f->bytes[dir] += p->frame.wirelen;
    if (p->ts_ns > f->last_ns)
        f->last_ns = p->ts_ns;
    f->seen_ns = p->clock_ns;
}

static void track(struct flow_table *t, struct flow *f, const struct packet *p, enum dir dir)
{
    bool unfollowed = flow_unfollowed(f), was_midstream = f->midstream;

    tcp_track(f, p, dir);
    if (f->midstream && !was_midstream)
        t->count[FLOW_COUNT_MIDSTREAM]++;
    if (unfollowed || p->tcp.flags & (TCP_SYN | TCP_RST))
        flow_count_tcp(t->count, f, p, unfollowed);
}

static void update(struct flow_table *t, struct flow *f, const struct packet *p, enum dir dir)
{
    f->dir = (uint8_t)dir;
    count(f, p, dir);
    stream_event_clear(f);
    f->app_events = 0;
    /* a sender whose every checksum in this flow is wrong leaves them to its network card */
    f->sum_bad = p->checksum_bad && (p->checksum_sure || f->at[dir].right_sums);
    f->at[dir].right_sums = f->at[dir].right_sums || !p->checksum_bad;
    if (f->sum_bad)
        f->tcp.pass_over = true;
    else if (p->proto == IPPROTO_TCP4)
        track(t, f, p, dir);
    else if (f->pkts[TO_SERVER] && f->pkts[TO_CLIENT])
        f->state = FLOW_ESTABLISHED;
    if (tags_learn(f, p, dir))
        t->count[FLOW_COUNT_JOINED]++;
    sight_packet(f, p, dir);
    lru_renew(t, f);
}

struct flow *flow_table_touch(struct flow_table *t, const struct packet *p)
{
    uint32_t generation = 0;
    bool others = false;
    struct flow *spare = NULL;
    enum dir dir = TO_SERVER;
    struct flow *f = find(t, p, &dir, &spare, &others);

    if (f && timed_out(t, f, p->clock_ns)) {
        generation = f->generation + 1;
        end_by_time(t, f);
        f = NULL;
    } else if (f && tcp_track_reused(f, p) && !sight_awaited(f, p, dir)) {
        generation = f->generation + 1;
        t->count[FLOW_COUNT_REUSED]++;
        end_flow(t, f, FLOW_END_REUSED);
        f = NULL;
    }
    if (!f) {
        if (spare)
            end_flow(t, spare, FLOW_END_FORCED);
        f = create(t, p, generation);
        dir = f ? flow_dir(f, p) : TO_SERVER;
        if (f && others) {
            f->view |= VIEW_BIT(VIEW_TENANTS);
            t->count[FLOW_COUNT_TENANTS]++;
        }
    }
    if (f)
        update(t, f, p, dir);
    return f;
}

static bool is_quoted(const struct flow *f, const struct packet *p)
{
    return f->hash == p->flow_hash && f->proto == p->quoted.proto &&
           ((addr_eq(&f->client, &p->quoted.src) && addr_eq(&f->server, &p->quoted.dst) &&
             f->client_port == p->quoted.sport && f->server_port == p->quoted.dport) ||
            (addr_eq(&f->client, &p->quoted.dst) && addr_eq(&f->server, &p->quoted.src) &&
             f->client_port == p->quoted.dport && f->server_port == p->quoted.sport));
}

struct flow *flow_table_quoted(struct flow_table *t, const struct packet *p)
{
    struct flow *f = t->bucket[p->flow_hash & t->mask];

    while (f && !is_quoted(f, p))
        f = f->bucket_next;
    if (!f || timed_out(t, f, p->clock_ns))
        return NULL;
    f->unreachable = (uint16_t)(f->unreachable + (f->unreachable != UINT16_MAX));
    if (p->as_suricata) { /* there it is a packet of that flow */
        count(f, p, addr_eq(&p->src, &f->client) ? TO_SERVER : TO_CLIENT);
        lru_renew(t, f);
    }
    stream_event_clear(f);
    return f;
}

uint32_t flow_table_fill(struct flow_table *t, const struct flow *f)
{
    struct shard *shard = &t->shard[f->shard];

    if (shard->held != shard->fill_of) {
        shard->fill_of = shard->held;
        shard->fill = (uint32_t)((uint64_t)shard->held * 100 / t->most);
    }
    return shard->fill;
}

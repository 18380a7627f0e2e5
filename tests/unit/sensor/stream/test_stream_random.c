/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP at random against a model of the receiving host: whatever a sender does, the sensor reads the
 * bytes that the host's application reads. TRAMGAC_ROUNDS=100000 for a long run.
 */
#include "sensor/decode/os_policy.h"
#include "sensor/flow/stream_event.h"
#include "sensor/flow/tcp_track.h"
#include "sensor/run/settings.h"
#include "sensor/stream/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
    BYTES = 160, /* of a conversation */
    STEPS = 40,
    ROUNDS = 300, /* of each policy and way */
    WINDOW = 64,
    SERVER_SEQ = 900,
    TTL = 60,
    LOST = 256, /* in `read`: a gap */
    OLD_ACK = 1 << 20,
};

/* The receiving host: what it keeps, by position in the stream. */
struct host {
    enum os_policy policy;
    uint8_t byte[2 * BYTES];
    bool known[2 * BYTES];
    struct os_span owner[2 * BYTES]; /* of each byte that waits: its segment */
    uint32_t next;                   /* everything before it was read */
    uint32_t fin;                    /* position; UINT32_MAX = none */
    uint32_t stamp;
    bool trims;            /* cuts what is behind its window; else takes what begins inside */
    uint32_t urgent;       /* position of the byte that is taken out of line; UINT32_MAX = none */
    bool aside[2 * BYTES]; /* it was */
    bool dead;             /* a reset was taken */
};

struct rig {
    struct conf *conf;
    struct stats stats;
    struct streams *streams;
    struct flow flow;
    struct host host;
    uint64_t seed, now_ns;
    uint32_t isn;             /* of the client */
    uint16_t read[4 * BYTES]; /* by the sensor */
    uint32_t n_read;
    bool ended;
    uint64_t first_seed;
    bool turned;          /* the server sends, its client is the host */
    bool urges;           /* with urgent pointers */
    bool seen[2 * BYTES]; /* came by the mirror */
    char log[STEPS * 100];
    size_t log_len;
};

struct segment {
    uint32_t from, len; /* position in the stream */
    uint8_t flags, ttl;
    int32_t ack; /* beside the right one */
    uint32_t stamp;
    uint16_t urgent;
    const uint8_t *bytes;
};

static uint32_t below(struct rig *rig, uint32_t n)
{
    rig->seed = rig->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(rig->seed >> 33) % n;
}

static enum dir sender(const struct rig *rig)
{
    return rig->turned ? TO_CLIENT : TO_SERVER;
}

static void begin(struct rig *rig, const char *as_it_comes, enum os_policy policy, uint64_t seed)
{
    struct strbuf report;
    char setting[64];

    *rig = (struct rig){.conf = settings_new(), .seed = seed, .first_seed = seed};
    strbuf_init(&report, 1024);
    snprintf(setting, sizeof(setting), "stream.inline=%s", as_it_comes);
    conf_set(rig->conf, setting, &report);
    conf_set(rig->conf, "stream.memcap=64M", &report);
    strbuf_fini(&report);
    rig->streams = streams_new(rig->conf, &rig->stats);
    rig->flow.client = (struct addr){4, {10, 0, 0, 1}};
    rig->flow.server = (struct addr){4, {10, 0, 0, 2}};
    rig->flow.client_port = 40000;
    rig->flow.server_port = 80;
    rig->flow.proto = IPPROTO_TCP4;
    rig->host.policy = policy;
    rig->host.fin = rig->host.urgent = UINT32_MAX;
    rig->host.stamp = 1000;
    rig->host.trims = policy != OS_LINUX && policy != OS_OLD_LINUX;
    rig->now_ns = UINT64_C(1000000000);
    rig->isn = below(rig, 3) ? below(rig, 1 << 30) : UINT32_MAX - below(rig, BYTES);
}

static void end(struct rig *rig)
{
    streams_drop(rig->streams, &rig->flow);
    streams_free(&rig->streams);
    stats_fini(&rig->stats);
    conf_free(&rig->conf);
}

/* ---- the sensor --------------------------------------------------------------------------- */

static void collect(struct rig *rig)
{
    struct chunk chunk;

    while (streams_next(rig->streams, &rig->flow, &chunk)) {
        if (chunk.dir != sender(rig))
            continue;
        for (uint32_t i = 0; i < chunk.gap && rig->n_read < 4 * BYTES; i++)
            rig->read[rig->n_read++] = LOST;
        for (uint32_t i = 0; i < chunk.data.len && rig->n_read < 4 * BYTES; i++)
            rig->read[rig->n_read++] = chunk.data.at[i];
        rig->ended = rig->ended || chunk.end;
    }
}

static void pass(struct rig *rig, enum dir dir, uint32_t seq, uint32_t ack, uint8_t flags,
                 uint8_t ttl, uint32_t stamp, struct slice payload, uint16_t urgent)
{
    bool there = dir == TO_SERVER;
    struct packet p = {.ts_ns = rig->now_ns += 10000,
                       .proto = IPPROTO_TCP4,
                       .ip_version = 4,
                       .src = there ? rig->flow.client : rig->flow.server,
                       .dst = there ? rig->flow.server : rig->flow.client,
                       .sport = there ? 40000 : 80,
                       .dport = there ? 80 : 40000,
                       .ttl = ttl,
                       .payload = payload};

    p.tcp.seq = seq;
    p.tcp.ack = ack;
    p.tcp.flags = flags;
    p.tcp.window = dir == sender(rig) ? 60000 : WINDOW;
    p.tcp.urgent = urgent;
    p.tcp.flags |= urgent ? TCP_URG : 0;
    p.tcp.has_ts = stamp != 0;
    p.tcp.ts_val = stamp;
    stream_event_clear(&rig->flow);
    tcp_track(&rig->flow, &p, dir);
    rig->flow.tcp.side[dir_other(sender(rig))].policy = (uint8_t)rig->host.policy;
    streams_push(rig->streams, &rig->flow, &p, flow_dir(&rig->flow, &p));
    collect(rig);
}

static void sensor_sees(struct rig *rig, const struct segment *s)
{
    for (uint32_t i = 0; i < s->len; i++)
        rig->seen[s->from + i] = true;
    pass(rig, sender(rig), rig->isn + 1 + s->from, (uint32_t)(SERVER_SEQ + s->ack), s->flags,
         s->ttl, s->stamp, (struct slice){s->bytes, s->len}, s->urgent);
}

/* The host's answer: how far it has read. */
static void host_answers(struct rig *rig)
{
    const struct host *h = &rig->host;
    uint32_t fin = h->next == h->fin;

    pass(rig, dir_other(sender(rig)), SERVER_SEQ, rig->isn + 1 + h->next + fin, TCP_ACK, TTL, 500,
         SLICE_NONE, 0);
}

static void handshake(struct rig *rig, struct slice with_syn, bool taken)
{
    enum dir there = sender(rig), back = dir_other(there);

    if (rig->turned) {
        pass(rig, back, SERVER_SEQ - 1, 0, TCP_SYN, TTL, 499, SLICE_NONE, 0);
        pass(rig, there, rig->isn, SERVER_SEQ, TCP_SYN | TCP_ACK, TTL, 1000, SLICE_NONE, 0);
        pass(rig, back, SERVER_SEQ, rig->isn + 1, TCP_ACK, TTL, 500, SLICE_NONE, 0);
        return;
    }
    pass(rig, there, rig->isn, 0, TCP_SYN, TTL, 1000, with_syn, 0);
    if (taken)
        rig->host.next = with_syn.len;
    pass(rig, back, SERVER_SEQ - 1, rig->isn + 1 + rig->host.next, TCP_SYN | TCP_ACK, TTL, 500,
         SLICE_NONE, 0);
    pass(rig, there, rig->isn + 1 + rig->host.next, SERVER_SEQ, TCP_ACK, TTL, 1000, SLICE_NONE, 0);
}

/* ---- the host ----------------------------------------------------------------------------- */

static bool one_pointer(const struct host *h)
{
    return h->policy == OS_LINUX || h->policy == OS_OLD_LINUX;
}

static bool host_refuses(const struct host *h, const struct segment *s)
{
    uint32_t right = h->next + WINDOW;

    if (h->dead || h->next == h->fin)
        return true;
    if (s->ttl != TTL || !(s->flags & TCP_ACK) || s->ack > 0 || s->ack <= -OLD_ACK)
        return true;
    if (s->stamp && (int32_t)(s->stamp - h->stamp) < (h->policy == OS_LINUX ? -1 : 0))
        return true;
    return s->from >= right + (one_pointer(h) && s->urgent); /* then only the pointer counts */
}

static void host_reads(struct host *h)
{
    while (h->next < 2 * BYTES && h->next != h->fin && h->known[h->next]) {
        h->aside[h->next] = h->aside[h->next] || h->next == h->urgent;
        h->next++;
    }
}

/* Linux remembers one place, whatever segment brings it: a later one that is further on takes the
 * place of one that was not reached. The others cut the byte out of the segment that says so. */
static void host_is_urged(struct host *h, const struct segment *s)
{
    uint32_t at = s->from + s->urgent - 1;

    if (!s->urgent || at < h->next || s->from + s->len < h->next || at >= 2 * BYTES)
        return;
    if (!one_pointer(h))
        h->aside[at] = h->aside[at] || s->urgent <= s->len;
    else if (h->urgent == UINT32_MAX || h->urgent < h->next || at > h->urgent)
        h->urgent = at;
}

static void host_gets(struct rig *rig, const struct segment *s)
{
    struct host *h = &rig->host;
    struct os_span span = {s->from, s->from + s->len};
    uint32_t right = h->next + WINDOW, end = s->from + s->len;
    bool cut = (h->trims && end > right) || s->from >= right;

    if (s->flags & TCP_RST) {
        h->dead = h->dead || (s->ttl == TTL && s->from == h->next);
        return;
    }
    if (host_refuses(h, s))
        return;
    if (s->stamp && s->from <= h->next)
        h->stamp = s->stamp;
    host_is_urged(h, s);
    for (uint32_t i = s->from; i < (cut ? right : end); i++) {
        if (i < h->next || (h->known[i] && !os_policy_tcp_newer(h->policy, span, h->owner[i])))
            continue;
        h->byte[i] = s->bytes[i - s->from];
        h->owner[i] = span;
        h->known[i] = true;
    }
    if (s->flags & TCP_FIN && !cut && end >= h->next && h->fin == UINT32_MAX)
        h->fin = end;
    host_reads(h);
}

/* ---- a conversation ----------------------------------------------------------------------- */

static void note(struct rig *rig, const struct segment *s)
{
    if (rig->log_len + 100 < sizeof(rig->log))
        rig->log_len += (size_t)snprintf(
            rig->log + rig->log_len, 100,
            "  [%u,%u) flags %x ttl %u ack %d stamp %u urg %u -> next %u\n", s->from,
            s->from + s->len, s->flags, s->ttl, s->ack, s->stamp, s->urgent, rig->host.next);
}

/* What the host has read is what the sensor read; where nothing came by, it says so. */
static void judge(struct rig *rig, const char *what)
{
    for (uint32_t i = 0, k = 0; i < rig->host.next; i++) {
        uint16_t want = rig->seen[i] ? rig->host.byte[i] : LOST;
        if (rig->host.aside[i])
            continue;
        if (k < rig->n_read ? rig->read[k] == want : want == LOST) { /* lost at the end: not told */
            k++;
            continue;
        }
        fputs(rig->log, stderr); /* too long for a message */
        fail_msg("%s, policy %u, seed %llu%s%s: byte %u of %u is %d, the host read %d", what,
                 rig->host.policy, (unsigned long long)rig->first_seed,
                 rig->host.trims ? ", trims" : "", rig->turned ? ", turned" : "", i, rig->host.next,
                 k < rig->n_read ? rig->read[k] : -1, want);
    }
}

static void finish(struct rig *rig, const char *what)
{
    streams_end(rig->streams, &rig->flow);
    collect(rig);
    judge(rig, what);
    end(rig);
}

/* A segment as an adversary makes it: somewhere about the window, with one oddity now and then. */
static struct segment any_segment(struct rig *rig, uint8_t bytes[2 * BYTES], uint32_t *clock)
{
    uint32_t back = rig->host.next < 12 ? rig->host.next : 12;
    struct segment s = {.from = rig->host.next - back + below(rig, 40),
                        .len = below(rig, 24),
                        .flags = TCP_ACK | TCP_PSH,
                        .ttl = TTL,
                        .bytes = bytes};

    if (below(rig, 3) == 0)
        s.from = rig->host.next;
    *clock += below(rig, 3);
    s.stamp = *clock;
    for (uint32_t i = 0; i < s.len; i++)
        bytes[i] = (uint8_t)below(rig, 256);
    switch (below(rig, 24)) {
    case 0: /* dies on the way */
        s.ttl = TTL - 10;
        break;
    case 1:
        s.stamp -= 100 + below(rig, 1000);
        break;
    case 2: /* of what was never sent */
        s.ack = 5000;
        break;
    case 3:
        s.ack = -OLD_ACK;
        break;
    case 4:
        s.flags = TCP_PSH;
        break;
    case 5: /* behind the window, in part or whole */
        s.from = rig->host.next + WINDOW - below(rig, 12);
        break;
    case 6: /* keep-alive */
        s.from = rig->host.next ? rig->host.next - 1 : 0;
        s.len = rig->host.next ? below(rig, 2) : 0;
        break;
    case 7:
        s.flags = TCP_RST | TCP_ACK;
        s.len = 0;
        s.from = rig->host.next + 1 + below(rig, 200);
        break;
    case 8: /* a stamp of the future on what is not next */
        s.from = rig->host.next + 4 + below(rig, 8);
        s.stamp += 50;
        break;
    case 9:
        s.flags |= below(rig, 4) ? 0 : TCP_FIN;
        break;
    default:
        break;
    }
    return s;
}

/* Into the segment or just behind it; where hosts differ over bytes out of order, only in order. */
static void urge(struct rig *rig, struct segment *s)
{
    const struct host *h = &rig->host;
    bool edge = s->from == h->next + WINDOW; /* Linux looks at the pointer of what it drops */
    bool plain = s->from == h->next && s->len && s->ttl == TTL && s->from + s->len <= h->next + 12;

    if (below(rig, 3) || (!one_pointer(h) && !plain) ||
        (edge && (s->len > 1 || s->flags & TCP_FIN)))
        return;
    s->urgent = (uint16_t)(1 + below(rig, s->len + (one_pointer(h) ? 8 : 0)));
}

static void adversary(const char *as_it_comes, enum os_policy policy, uint64_t seed, bool turned,
                      bool urges)
{
    static struct rig rig;
    uint8_t bytes[2 * BYTES];
    uint32_t clock = 1000;

    begin(&rig, as_it_comes, policy, seed);
    rig.turned = turned;
    rig.urges = urges;
    struct slice with_syn = {bytes, turned || below(&rig, 3) ? 0 : below(&rig, 12)};
    bool taken = below(&rig, 2);
    for (uint32_t i = 0; i < with_syn.len; i++)
        bytes[i] = rig.host.byte[i] = (uint8_t)below(&rig, 256);
    handshake(&rig, with_syn, taken);
    for (uint32_t i = 0; i < BYTES; i++)
        rig.seen[i] = true;
    for (uint32_t step = 0; step < STEPS && rig.host.next + WINDOW + 24 < BYTES; step++) {
        struct segment s = any_segment(&rig, bytes, &clock);
        if (rig.urges)
            urge(&rig, &s);
        host_gets(&rig, &s);
        note(&rig, &s);
        sensor_sees(&rig, &s);
        host_answers(&rig);
    }
    finish(&rig, as_it_comes);
}

static uint32_t rounds(void)
{
    const char *asked = getenv("TRAMGAC_ROUNDS");

    return asked ? (uint32_t)strtoul(asked, NULL, 10) : ROUNDS;
}

static void whatever_is_sent_the_sensor_reads_what_the_host_reads(void **state)
{
    static const enum os_policy policies[] = {OS_FIRST, OS_LAST,      OS_BSD,     OS_LINUX,
                                              OS_VISTA, OS_OLD_LINUX, OS_SOLARIS, OS_BSD_RIGHT};
    (void)state;
    for (uint32_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
        for (uint32_t round = 0; round < rounds(); round++)
            adversary(round % 2 ? "no" : "yes", policies[i], round * UINT64_C(7919) + i,
                      round / 2 % 2, false);
    }
}

static void urgent_bytes_are_left_out_where_the_host_leaves_them_out(void **state)
{
    static const enum os_policy policies[] = {OS_LINUX, OS_OLD_LINUX, OS_FIRST, OS_BSD, OS_VISTA};
    (void)state;
    for (uint32_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
        for (uint32_t round = 0; round < rounds(); round++)
            adversary(round % 2 ? "no" : "yes", policies[i], round * UINT64_C(6151) + i,
                      round / 2 % 2, true);
    }
}

/* ---- a mirror that loses packets ---------------------------------------------------------- */

static uint8_t honest(uint32_t at)
{
    return (uint8_t)(at * 167 + at / 13);
}

/* An honest sender over a network that loses and reorders, before a mirror that loses, too. */
static void lossy(const char *as_it_comes, enum os_policy policy, uint64_t seed)
{
    static struct rig rig;
    uint8_t bytes[2 * BYTES];

    begin(&rig, as_it_comes, policy, seed);
    handshake(&rig, SLICE_NONE, false);
    rig.host.trims = false;
    for (uint32_t step = 0; step < 2 * STEPS && rig.host.next + 30 < BYTES; step++) {
        struct segment s = {.len = 1 + below(&rig, 14), .flags = TCP_ACK, .ttl = TTL};
        s.from = rig.host.next + (below(&rig, 3) ? 0 : below(&rig, 14));
        s.bytes = bytes;
        s.stamp = 1001 + step;
        for (uint32_t i = 0; i < s.len; i++)
            bytes[i] = honest(s.from + i);
        if (below(&rig, 6) != 0)
            host_gets(&rig, &s);
        note(&rig, &s);
        if (below(&rig, 8) != 0)
            sensor_sees(&rig, &s);
        if (below(&rig, 4) != 0)
            host_answers(&rig);
    }
    host_answers(&rig);
    streams_end(rig.streams, &rig.flow);
    collect(&rig);
    for (uint32_t i = 0; i < rig.n_read; i++) {
        if (rig.read[i] != LOST && rig.read[i] != honest(i))
            fail_msg("%s, policy %u, seed %llu: byte %u is of another place\n%s", as_it_comes,
                     policy, (unsigned long long)seed, i, rig.log);
    }
    judge(&rig, as_it_comes);
    end(&rig);
}

static void what_a_lossy_mirror_shows_is_read_in_its_place(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 4 * rounds(); round++)
        lossy(round % 2 ? "no" : "yes", round % 3 ? OS_BSD : OS_LINUX, round * UINT64_C(104729));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_is_sent_the_sensor_reads_what_the_host_reads),
        cmocka_unit_test(urgent_bytes_are_left_out_where_the_host_leaves_them_out),
        cmocka_unit_test(what_a_lossy_mirror_shows_is_read_in_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events cross from the tail's thread in chunks of 64 KB through a ring; empty chunks are freed by
 * the uplink's thread. Counters cross back as atomics and are copied by uplink_tick().
 */
#include "sensor/output/uplink.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/jsonw.h"
#include "common/log.h"
#include "common/ring.h"
#include "sensor/output/packer.h"
#include "sensor/output/sender.h"
#include "sensor/output/spool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

enum {
    CHUNK_BYTES = 64 << 10,
    RING_SLOTS = 256,
    POLL_MS = 100,
    ANNOUNCE_S = 10,
    SAY_S = 5,
    SEND_BURST = 64,
};

struct chunk {
    uint32_t len;
    uint32_t room;
    uint8_t bytes[];
};

struct line_head {
    uint32_t len;
    uint8_t cls;
    uint8_t partition;
};

struct uplink {
    /* fixed */
    char sensor[WIRE_NAME_MAX + 1];
    char site[WIRE_NAME_MAX + 1];
    char *where;
    char *spool_dir;
    bool replay;
    bool one_partition;
    uint64_t patience_ns;
    struct transport transport;
    /* tail's thread */
    struct chunk *filling;
    uint64_t *counters;
    bool started;
    bool gave_up; /* a replay waited long enough: from here on it sheds */
    pthread_t thread;
    /* between the two */
    struct ring *ring;
    _Atomic uint64_t count[UPLINK_COUNTS]; /* of what is shed: by the queue only */
    _Atomic uint64_t spool_shed[WIRE_CLASSES];
    _Atomic uint64_t deadline_ns; /* 0: not closing */
    _Atomic uint64_t progress;    /* changes whenever something moves */
    /* uplink's thread */
    struct packer packer;
    struct spool *spool;
    struct sender sender;
    struct strbuf message;
    uint64_t housekeeping_ns;
    uint64_t announced_ns;
    uint64_t announced[WIRE_CLASSES];
    uint64_t said_ns;
    bool was_up;
    bool said_down;
};

static void add(struct uplink *u, uint32_t counter, uint64_t n)
{
    atomic_fetch_add_explicit(&u->count[counter], n, memory_order_relaxed);
}

static void set(struct uplink *u, uint32_t counter, uint64_t n)
{
    atomic_store_explicit(&u->count[counter], n, memory_order_relaxed);
}

static uint64_t get(const struct uplink *u, uint32_t counter)
{
    return atomic_load_explicit(&u->count[counter], memory_order_relaxed);
}

/* ---- opening ---- */

static char *join(const char *a, const char *b)
{
    char *path = NULL;

    if (*b == '/' || !a || !*a)
        path = strdup(b);
    else if (asprintf(&path, "%s/%s", a, b) < 0)
        path = NULL;
    CHECK(path);
    return path;
}

static enum err open_spool(struct uplink *u, const struct uplink_setup *setup)
{
    char *parent = join(setup->dir, conf_text(setup->conf, "spool.dir"));
    u->spool_dir = join(parent, setup->name);
    if (mkdir(parent, 0700) != 0 && errno != EEXIST)
        log_say(LOG_DEBUG, "%s: %s", parent, strerror(errno)); /* spool_open tells the operator */
    free(parent);

    struct spool_setup how = {.dir = u->spool_dir,
                              .cap_bytes = conf_size(setup->conf, "spool.size"),
                              .memory_bytes = conf_size(setup->conf, "spool.memory"),
                              .new_epoch = clock_now_ns() / CLOCK_MS};
    enum err err = spool_open(&how, &u->spool);
    if (err == ERR_CONFLICT)
        strbuf_fmt(setup->report, "%s is used by another sensor; give each its own spool.dir\n",
                   u->spool_dir);
    else if (err)
        strbuf_fmt(setup->report, "The spool %s cannot be used: %s; see spool.dir\n", u->spool_dir,
                   strerror(errno));
    return err;
}

static bool keep_names(struct uplink *u, const struct uplink_setup *setup)
{
    const char *sensor = conf_text(setup->conf, "sensor.name");
    const char *site = conf_text(setup->conf, "sensor.site");

    if (!wire_name_ok(sensor) || !wire_name_ok(site)) {
        strbuf_fmt(setup->report,
                   "sensor.name (%s) and sensor.site (%s) must be 1 to 64 of A-Z a-z 0-9 . _ -\n",
                   sensor, site);
        return false;
    }
    strcpy(u->sensor, sensor);
    strcpy(u->site, site);
    return true;
}

void uplink_abandon(struct uplink **uplink)
{
    struct uplink *u = *uplink;
    void *chunk = NULL;

    if (u->transport.free)
        u->transport.free(u->transport.self);
    while (u->ring && ring_pop(u->ring, &chunk))
        free(chunk);
    ring_free(&u->ring);
    free(u->filling);
    packer_fini(&u->packer);
    spool_close(&u->spool);
    strbuf_fini(&u->message);
    free(u->where);
    free(u->spool_dir);
    free(u);
    *uplink = NULL;
}

enum err uplink_new(const struct uplink_setup *setup, struct uplink **uplink)
{
    struct uplink *u = calloc(1, sizeof(*u));
    CHECK(u);
    u->where = strdup(setup->where);
    u->replay = setup->replay;
    u->one_partition = setup->one_partition;
    u->counters = setup->counters;
    u->patience_ns = conf_span_ns(setup->conf, "output.wait");
    u->ring = ring_new(RING_SLOTS);
    CHECK(u->where && u->ring);
    packer_init(&u->packer);
    enum err err = keep_names(u, setup) ? open_spool(u, setup) : ERR_INPUT;
    if (err) {
        uplink_abandon(&u);
        return err;
    }
    sender_init(&u->sender, spool_epoch(u->spool), spool_first(u->spool), spool_next(u->spool));
    *uplink = u;
    return ERR_OK;
}

const char *uplink_sensor(const struct uplink *u)
{
    return u->sensor;
}

const char *uplink_site(const struct uplink *u)
{
    return u->site;
}

uint64_t uplink_epoch(const struct uplink *u)
{
    return spool_epoch(u->spool);
}

void uplink_attach_take(struct uplink *u, const struct transport *transport)
{
    u->transport = *transport;
}

/* ---- uplink's thread: from the ring to the spool ---- */

static void shed(struct uplink *u, uint32_t cls, uint64_t events)
{
    add(u, UPLINK_SHED_ALERT + cls, events);
}

static void take_chunk(struct uplink *u, const struct chunk *chunk, uint64_t now_ns)
{
    for (uint32_t at = 0; at < chunk->len;) {
        struct line_head head;
        memcpy(&head, chunk->bytes + at, sizeof(head));
        at += (uint32_t)sizeof(head);
        struct slice line = {chunk->bytes + at, head.len};
        at += head.len;
        if (!packer_add(&u->packer, (enum event_class)head.cls, head.partition, line, now_ns))
            shed(u, head.cls, 1);
    }
}

static bool closing(const struct uplink *u)
{
    return atomic_load(&u->deadline_ns) != 0;
}

/* One batch becomes a message of the spool. False: it must wait. */
static bool spool_batch(struct uplink *u, struct packer_slot *slot, enum event_class cls,
                        uint32_t partition)
{
    struct wire_envelope envelope = {.epoch = spool_epoch(u->spool),
                                     .seq = spool_next(u->spool),
                                     .cls = cls,
                                     .n = slot->n,
                                     .lines = strbuf_view(&slot->lines)};
    memcpy(envelope.sensor, u->sensor, sizeof(envelope.sensor));
    memcpy(envelope.site, u->site, sizeof(envelope.site));
    strbuf_clear(&u->message);
    enum err err = wire_build(&envelope, &u->message);
    if (!err) {
        struct spool_record record = {.cls = cls,
                                      .partition = (uint8_t)partition,
                                      .n = slot->n,
                                      .message = strbuf_view(&u->message)};
        err = spool_append(u->spool, &record);
    }
    if (err == ERR_FULL && u->replay && !closing(u))
        return false;
    if (err)
        shed(u, cls, slot->n);
    else
        add(u, UPLINK_MESSAGES, 1);
    packer_clear(&u->packer, slot);
    return true;
}

static void spool_batches(struct uplink *u, uint64_t now_ns)
{
    bool all = closing(u) && ring_count(u->ring) == 0;
    enum event_class cls = CLASS_STATS;
    uint32_t partition = 0;
    struct packer_slot *slot;

    while ((slot = packer_due(&u->packer, now_ns, all, &cls, &partition)) &&
           spool_batch(u, slot, cls, partition))
        continue;
    sender_grew(&u->sender, spool_next(u->spool));
}

/* A replay reads on only as fast as the spool has room: nothing is shed that could wait. */
static bool may_take(const struct uplink *u)
{
    return !u->replay || closing(u) || spool_has_room(u->spool, 2 * WIRE_LINE_MAX) ||
           spool_first(u->spool) == spool_next(u->spool);
}

static bool take(struct uplink *u, uint64_t now_ns)
{
    void *item = NULL;
    uint32_t taken = 0;

    while (taken < 16 && may_take(u) && ring_pop(u->ring, &item)) {
        struct chunk *chunk = item;
        take_chunk(u, chunk, now_ns);
        free(chunk);
        spool_batches(u, now_ns);
        atomic_fetch_add(&u->progress, 1);
        taken++;
    }
    return taken > 0;
}

/* ---- uplink's thread: from the spool to the transport ---- */

static enum err send_hello(struct uplink *u)
{
    struct wire_control hello = {0};
    struct strbuf text;

    sender_hello(&u->sender, &hello);
    memcpy(hello.sensor, u->sensor, sizeof(hello.sensor));
    memcpy(hello.site, u->site, sizeof(hello.site));
    strbuf_init(&text, 0);
    wire_control_build(&hello, &text);
    enum err err = u->transport.send_control(u->transport.self, strbuf_view(&text));
    strbuf_fini(&text);
    return err;
}

static void send_bye(struct uplink *u)
{
    struct wire_control bye = {.type = WIRE_BYE, .epoch = spool_epoch(u->spool)};
    struct strbuf text;

    memcpy(bye.sensor, u->sensor, sizeof(bye.sensor));
    memcpy(bye.site, u->site, sizeof(bye.site));
    strbuf_init(&text, 0);
    wire_control_build(&bye, &text);
    u->transport.send_control(u->transport.self, strbuf_view(&text));
    strbuf_fini(&text);
}

static enum err send_record(struct uplink *u, uint64_t seq)
{
    struct spool_record record = {0};

    strbuf_clear(&u->message);
    if (spool_read(u->spool, seq, &record, &u->message))
        return ERR_OK; /* acknowledged meanwhile */
    if (record.shed) {
        struct wire_envelope empty = {
            .epoch = spool_epoch(u->spool), .seq = seq, .cls = record.cls, .shed = record.n};
        memcpy(empty.sensor, u->sensor, sizeof(empty.sensor));
        memcpy(empty.site, u->site, sizeof(empty.site));
        if (wire_build(&empty, &u->message))
            return ERR_OK;
    }
    return u->transport.send(u->transport.self, record.cls, record.partition,
                             strbuf_view(&u->message));
}

/* True when more could be sent at once. */
static bool send_some(struct uplink *u, uint64_t now_ns)
{
    for (uint32_t i = 0; i < SEND_BURST; i++) {
        uint64_t seq = 0;
        enum sender_step step = sender_next(&u->sender, now_ns, &seq);
        if (step == SENDER_WAIT)
            return false;
        enum err err = step == SENDER_HELLO ? send_hello(u) : send_record(u, seq);
        if (err)
            return false;
        sender_did(&u->sender, step, now_ns);
    }
    return true;
}

void uplink_up(void *uplink)
{
    struct uplink *u = uplink;

    add(u, UPLINK_RECONNECTS, 1);
    if (!u->was_up || u->said_down)
        log_say(LOG_NOTE, "connected to %s, %llu messages are waiting", u->where,
                (unsigned long long)(u->sender.next - u->sender.first));
    u->was_up = true;
    u->said_down = false;
    sender_up(&u->sender, clock_mono_ns());
}

void uplink_down(void *uplink, const char *why)
{
    struct uplink *u = uplink;

    if (!u->said_down)
        log_say(LOG_WARN, "no connection to %s (%s); events are kept in %s, it is tried again",
                u->where, why, u->spool_dir);
    u->said_down = true;
    sender_down(&u->sender);
}

void uplink_received(void *uplink, struct slice message)
{
    struct uplink *u = uplink;
    struct wire_control control;

    if (wire_control_parse(message, &control))
        return;
    uint64_t before = u->sender.first;
    if (sender_control(&u->sender, &control, clock_mono_ns())) {
        spool_ack(u->spool, u->sender.first - 1);
        add(u, UPLINK_ACKNOWLEDGED, u->sender.first - before);
        atomic_fetch_add(&u->progress, 1);
    }
}

/* ---- uplink's thread: once a second ---- */

static void announce(struct uplink *u, uint32_t cls, uint64_t events)
{
    struct strbuf line;
    struct jsonw w;

    strbuf_init(&line, 0);
    jsonw_init(&w, &line);
    jsonw_obj_open(&w, NULL);
    jsonw_time(&w, "timestamp", clock_now_ns());
    jsonw_str(&w, "event_type", "visibility");
    jsonw_str(&w, "sensor", u->sensor);
    jsonw_obj_open(&w, "visibility");
    jsonw_str(&w, "what", "events_shed");
    jsonw_str(&w, "affects", wire_class_name((enum event_class)cls));
    jsonw_u64(&w, "events", events);
    jsonw_obj_close(&w);
    jsonw_obj_close(&w);
    packer_add(&u->packer, CLASS_DEVICE, 0, strbuf_view(&line), clock_mono_ns());
    strbuf_fini(&line);
}

static uint64_t shed_of(const struct uplink *u, uint32_t cls)
{
    return get(u, UPLINK_SHED_ALERT + cls) + spool_counts(u->spool)->shed_events[cls];
}

static void announce_all(struct uplink *u, uint64_t now_ns)
{
    if (u->announced_ns && now_ns < u->announced_ns + ANNOUNCE_S * CLOCK_S && !closing(u))
        return;
    for (uint32_t c = 0; c < WIRE_CLASSES; c++) {
        uint64_t total = shed_of(u, c);
        if (total == u->announced[c])
            continue;
        announce(u, c, total - u->announced[c]);
        log_say(LOG_WARN, "%llu %s events for %s were shed: the spool or its disk is full",
                (unsigned long long)(total - u->announced[c]), wire_class_name((enum event_class)c),
                u->where);
        u->announced[c] = total;
        u->announced_ns = now_ns;
    }
}

static void housekeeping(struct uplink *u, uint64_t now_ns)
{
    if (now_ns < u->housekeeping_ns)
        return;
    u->housekeeping_ns = now_ns + CLOCK_S;
    spool_sync(u->spool);
    announce_all(u, now_ns);
    const struct spool_counts *counts = spool_counts(u->spool);
    set(u, UPLINK_WAITING, u->sender.next - u->sender.first);
    set(u, UPLINK_REPEATED, u->sender.repeated);
    set(u, UPLINK_SPOOL_BYTES, counts->disk_bytes);
    set(u, UPLINK_DISK_FAILURES, counts->disk_failures);
    for (uint32_t c = 0; c < WIRE_CLASSES; c++)
        atomic_store(&u->spool_shed[c], counts->shed_events[c]);
    if (!closing(u) || now_ns < u->said_ns + SAY_S * CLOCK_S)
        return;
    if (u->said_ns)
        log_say(LOG_NOTE, "waiting for %s to acknowledge %llu messages", u->where,
                (unsigned long long)(u->sender.next - u->sender.first));
    u->said_ns = now_ns;
}

static bool finished(const struct uplink *u, uint64_t now_ns)
{
    uint64_t deadline_ns = atomic_load(&u->deadline_ns);
    bool delivered =
        ring_count(u->ring) == 0 && u->packer.waiting == 0 && u->sender.first == u->sender.next;

    return deadline_ns && (delivered || now_ns >= deadline_ns);
}

/* What did not make it into the spool until now, at the end. */
static void empty_into_spool(struct uplink *u, uint64_t now_ns)
{
    void *item = NULL;

    while (ring_pop(u->ring, &item)) {
        take_chunk(u, item, now_ns);
        free(item);
        spool_batches(u, now_ns);
    }
    spool_batches(u, now_ns);
}

static void *run(void *arg)
{
    struct uplink *u = arg;
    uint64_t now_ns = clock_mono_ns();

    while (!finished(u, now_ns)) {
        bool more = take(u, now_ns);
        spool_batches(u, now_ns);
        more = send_some(u, now_ns) || more;
        housekeeping(u, now_ns);
        u->transport.poll(u->transport.self, more ? 0 : u->packer.waiting ? POLL_MS / 4 : POLL_MS);
        now_ns = clock_mono_ns();
    }
    empty_into_spool(u, now_ns);
    announce_all(u, now_ns);
    spool_batches(u, now_ns);
    send_bye(u);
    u->transport.poll(u->transport.self, 0);
    u->housekeeping_ns = 0;
    housekeeping(u, now_ns);
    return NULL;
}

/* ---- tail's thread ---- */

/* Signals belong to the program's main thread. */
static void start(struct uplink *u)
{
    sigset_t all;
    sigset_t before;

    if (u->started)
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    CHECK(pthread_create(&u->thread, NULL, run, u) == 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    u->started = true;
}

static void shed_chunk(struct uplink *u, struct chunk *chunk)
{
    for (uint32_t at = 0; at < chunk->len;) {
        struct line_head head;
        memcpy(&head, chunk->bytes + at, sizeof(head));
        at += (uint32_t)sizeof(head) + head.len;
        shed(u, head.cls, 1);
    }
    free(chunk);
}

/* A replay waits as long as something moves; a live sensor never. */
static bool push_waiting(struct uplink *u, struct chunk *chunk)
{
    uint64_t seen = atomic_load(&u->progress);
    uint64_t since_ns = clock_mono_ns();

    while (!ring_push(u->ring, chunk)) {
        if (!u->replay || u->gave_up)
            return false;
        u->transport.wake(u->transport.self);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        uint64_t now_ns = clock_mono_ns();
        if (atomic_load(&u->progress) != seen) {
            seen = atomic_load(&u->progress);
            since_ns = now_ns;
        } else if (now_ns - since_ns > u->patience_ns) {
            u->gave_up = true;
            log_say(LOG_WARN,
                    "%s takes nothing and the spool is full: from here on events are shed",
                    u->where);
        }
    }
    return true;
}

static void push_filling(struct uplink *u)
{
    if (!u->filling || u->filling->len == 0)
        return;
    if (!push_waiting(u, u->filling))
        shed_chunk(u, u->filling);
    u->filling = NULL;
    u->transport.wake(u->transport.self);
}

static struct chunk *chunk_new(uint32_t bytes)
{
    uint32_t room = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
    struct chunk *chunk = malloc(sizeof(*chunk) + room);

    if (chunk) {
        chunk->len = 0;
        chunk->room = room;
    }
    return chunk;
}

/* The fuller the queue, the more important an event must be. */
static bool admitted(const struct uplink *u, enum event_class cls)
{
    static const uint8_t percent[WIRE_CLASSES] = {
        [CLASS_ALERT] = 100, [CLASS_DEVICE] = 90, [CLASS_TX] = 75,
        [CLASS_FLOW] = 60,   [CLASS_STATS] = 50,
    };
    return (u->replay && !u->gave_up) || ring_count(u->ring) * 100 <= percent[cls] * RING_SLOTS;
}

void uplink_write(struct uplink *u, const struct output_line *line)
{
    struct line_head head = {
        .len = line->text.len + line->more.len,
        .cls = (uint8_t)line->cls,
        .partition = u->one_partition ? 0 : (uint8_t)wire_partition(&line->host),
    };
    uint32_t bytes = (uint32_t)sizeof(head) + head.len;

    start(u);
    add(u, UPLINK_EVENTS, 1);
    if (head.len > WIRE_LINE_MAX || !admitted(u, line->cls)) {
        shed(u, line->cls, 1);
        return;
    }
    if (u->filling && u->filling->room - u->filling->len < bytes)
        push_filling(u);
    if (!u->filling)
        u->filling = chunk_new(bytes);
    if (!u->filling) {
        shed(u, line->cls, 1);
        return;
    }
    uint8_t *at = u->filling->bytes + u->filling->len;
    memcpy(at, &head, sizeof(head));
    memcpy(at + sizeof(head), line->text.at, line->text.len);
    if (line->more.len)
        memcpy(at + sizeof(head) + line->text.len, line->more.at, line->more.len);
    u->filling->len += bytes;
}

static void copy_counters(struct uplink *u)
{
    for (uint32_t i = 0; i < UPLINK_COUNTS; i++)
        u->counters[i] = get(u, i);
    for (uint32_t c = 0; c < WIRE_CLASSES; c++)
        u->counters[UPLINK_SHED_ALERT + c] += atomic_load(&u->spool_shed[c]);
}

void uplink_tick(struct uplink *u)
{
    start(u);
    push_filling(u);
    copy_counters(u);
}

void uplink_close(struct uplink **uplink, uint64_t wait_ns)
{
    struct uplink *u = *uplink;

    if (!u)
        return;
    if (!u->started && spool_first(u->spool) != spool_next(u->spool))
        start(u); /* of an earlier run */
    if (u->started) {
        push_filling(u);
        uint64_t now_ns = clock_mono_ns();
        atomic_store(&u->deadline_ns, now_ns + (wait_ns ? wait_ns : 1));
        u->transport.wake(u->transport.self);
        pthread_join(u->thread, NULL);
        copy_counters(u);
    }
    uint64_t left = spool_next(u->spool) - spool_first(u->spool);
    if (left)
        log_say(LOG_WARN,
                "%llu messages are not acknowledged by %s; they stay in %s for the next start",
                (unsigned long long)left, u->where, u->spool_dir);
    uplink_abandon(uplink);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/run/cluster.h"
#include "analyzer/run/keep.h"
#include "analyzer/run/leases.h"
#include "analyzer/store/db_envelopes.h"
#include "analyzer/store/db_leases.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/hash.h"
#include "common/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    TAKE_BYTES = 48 << 20,
    CARRIER_WAIT_MS = 100,
    IDLE_MS = 15, /* between two looks for envelopes */
    LOOK_EVERY_MS = 500,
    TRY_AGAIN_MS = 50,
    TRY_AGAIN_MAX_MS = 2000,
    HELD_MAX = 1024, /* greetings kept for the day when we keep */
    TIME_LEAST_S = 2
};

static const char keeper[] = "keeper", push[] = "push";
static const char *const wanted[] = {keeper, push, NULL};

const struct option cluster_options[] = {
    {"cluster.enabled", CONF_BOOL, "no",
     "Several analyzers work with this store; it must be PostgreSQL, and all of them must say so."},
    {"cluster.name", CONF_TEXT, "",
     "Name of this analyzer, which no other one has; empty: made of the host's name and --data."},
    {"cluster.time", CONF_SPAN, "10s",
     "An analyzer that shows no life for so long is dead; its work is taken over."},
    OPTION_END};

struct cluster {
    const struct conf *conf;
    struct store *lease_store, *carrier_store, *look_store;
    struct leases *leases;
    uint64_t time_ns;
    struct queue *queue, *greetings;
    struct pipeline *pipeline, *carrier;
    struct hub *hub;
    pthread_t lease_thread, carrier_thread;
    bool runs;
    atomic_bool stop;
    bool keeps;
    int64_t token;
    struct message *held; /* greetings for the next keeper */
    uint32_t n_held;
    bool busy; /* there were envelopes at the last look */
    uint64_t looked_ns;
    int64_t seen; /* envelopes that all ledgers had at the last look */
    atomic_llong waiting;
};

static void pause_ms(uint64_t ms)
{
    struct timespec wait = {(time_t)(ms / 1000), (long)(ms % 1000 * 1000000)};
    nanosleep(&wait, NULL);
}

/* ---- start */

static void name_of(const struct conf *conf, const char *data_dir, char out[LEASES_NAME_MAX])
{
    const char *given = conf_text(conf, "cluster.name");
    char host[64] = "";
    char *full = realpath(data_dir, NULL);
    uint64_t h = hash_bytes(slice_of_str(full ? full : data_dir), 0);

    (void)gethostname(host, sizeof(host) - 1);
    if (*given)
        snprintf(out, LEASES_NAME_MAX, "%s", given);
    else
        snprintf(out, LEASES_NAME_MAX, "%s-%04x", host, (unsigned)(h & 0xffff));
    free(full);
}

bool cluster_possible(const struct conf *conf, const struct store *store, struct strbuf *report)
{
    size_t before = report->len;

    if (strcmp(store_engine_name(store), "postgres") != 0)
        strbuf_str(report, "cluster.enabled: only a store of the engine postgres can be shared\n");
    if (*conf_text(conf, "ingest.unix.path"))
        strbuf_str(report, "ingest.unix.path: sensors of a cluster need a broker\n");
    if (conf_item(conf, "ingest.files", 0) && *conf_item(conf, "ingest.files", 0))
        strbuf_str(report, "ingest.files: files are read by an analyzer without cluster.enabled\n");
    return report->len == before;
}

enum err cluster_new(const struct conf *conf, const char *data_dir, const struct store *store,
                     struct cluster **cluster, struct strbuf *report)
{
    char name[LEASES_NAME_MAX], life[64];

    *cluster = NULL;
    if (!conf_bool(conf, "cluster.enabled"))
        return ERR_NOTFOUND;
    if (!cluster_possible(conf, store, report))
        return ERR_INPUT;
    struct cluster *c = calloc(1, sizeof(*c));
    CHECK(c);
    c->conf = conf;
    c->time_ns = conf_span_ns(conf, "cluster.time");
    if (c->time_ns < TIME_LEAST_S * CLOCK_S)
        c->time_ns = TIME_LEAST_S * CLOCK_S;
    c->greetings = ingest_queue_new();
    name_of(conf, data_dir, name);
    snprintf(life, sizeof(life), "%d.%llu", (int)getpid(), (unsigned long long)clock_now_ns());
    enum err err = store_again(store, &c->lease_store);
    if (!err)
        err = store_again(store, &c->carrier_store);
    if (!err)
        err = store_again(store, &c->look_store);
    if (!err) {
        c->leases = leases_new(c->lease_store, name, life, wanted, c->time_ns);
        err = leases_tick(c->leases, clock_now_ns(), clock_mono_ns());
    }
    if (err) {
        strbuf_fmt(report, "cluster: the store does not answer: %s\n", store_fault(store));
        cluster_free(&c);
    }
    *cluster = c;
    return err;
}

void cluster_free(struct cluster **cluster)
{
    struct cluster *c = *cluster;

    if (!c)
        return;
    ingest_free_all(&c->held);
    pipeline_free(&c->carrier);
    leases_free(&c->leases);
    ingest_queue_free(&c->greetings);
    store_close(&c->look_store);
    store_close(&c->carrier_store);
    store_close(&c->lease_store);
    free(c);
    *cluster = NULL;
}

/* ---- the threads beside the keeper */

static void *beat(void *arg)
{
    struct cluster *c = arg;
    uint64_t next_ns = 0;
    bool told = false;

    while (!atomic_load(&c->stop)) {
        pause_ms(TRY_AGAIN_MS);
        if (clock_mono_ns() < next_ns)
            continue;
        enum err err = leases_tick(c->leases, clock_now_ns(), clock_mono_ns());
        int64_t n;
        if (!err && db_envelopes_count(c->lease_store, &n) == ERR_OK)
            atomic_store(&c->waiting, n);
        if (err && err != ERR_DENIED && !told)
            log_say(LOG_WARN, "cluster: no sign of life can be written: %s",
                    store_fault(c->lease_store));
        told = err != ERR_OK;
        next_ns = clock_mono_ns() + c->time_ns / 8;
    }
    return NULL;
}

static void carry_all(struct cluster *c, struct message *list)
{
    uint64_t wait_ms = TRY_AGAIN_MS;

    while (pipeline_messages(c->carrier, &list) != ERR_OK) {
        if (atomic_load(&c->stop)) {
            ingest_free_all(&list); /* not acknowledged: it will be sent again */
            return;
        }
        pause_ms(wait_ms);
        wait_ms = wait_ms * 2 > TRY_AGAIN_MAX_MS ? TRY_AGAIN_MAX_MS : wait_ms * 2;
    }
}

static void *carry(void *arg)
{
    struct cluster *c = arg;

    for (;;) {
        struct message *list = ingest_take(c->queue, TAKE_BYTES, CARRIER_WAIT_MS * CLOCK_MS);
        if (list)
            carry_all(c, list);
        else if (ingest_closed(c->queue))
            return NULL;
    }
}

static enum err fence(void *ctx, struct store *store)
{
    struct cluster *c = ctx;
    return db_leases_fence(store, keeper, leases_name(c->leases), c->token);
}

enum err cluster_start(struct cluster *cluster, struct queue *queue, struct pipeline *pipeline,
                       struct hub *hub, struct strbuf *report)
{
    struct cluster *c = cluster;
    enum err err =
        pipeline_new_carrier(c->conf, c->carrier_store, queue, c->greetings, &c->carrier, report);

    if (!c->carrier)
        return err;
    strbuf_clear(report); /* the other half has said it */
    c->queue = queue;
    c->pipeline = pipeline;
    c->hub = hub;
    pipeline_make_keeper(pipeline, fence, c);
    pipeline_show_beside(pipeline, c->carrier);
    CHECK(pthread_create(&c->lease_thread, NULL, beat, c) == 0);
    CHECK(pthread_create(&c->carrier_thread, NULL, carry, c) == 0);
    c->runs = true;
    log_say(LOG_NOTE, "cluster: this analyzer is %s", leases_name(c->leases));
    return ERR_OK;
}

/* ---- keeping */

static void hold(struct cluster *c, struct message *list)
{
    ingest_append(&c->held, list);
    for (; list; list = list->next)
        c->n_held++;
    while (c->n_held > HELD_MAX) {
        struct message *m = c->held;
        c->held = m->next;
        c->n_held--;
        ingest_free(&m);
    }
}

/* Pages that were opened here must hear of what another keeper does. */
static void pass_news(struct cluster *c)
{
    struct ledger_row *rows = NULL;
    uint32_t n = 0;
    int64_t sum = 0;
    struct arena arena;

    arena_init(&arena, 4096, 0);
    if (db_sensors_ledgers(c->look_store, NULL, &arena, &rows, &n) == ERR_OK) {
        for (uint32_t i = 0; i < n; i++)
            sum += rows[i].received;
        if (c->seen && sum != c->seen)
            hub_publish(c->hub, "reload", SLICE_LIT("{}"));
        c->seen = sum ? sum : 1;
    }
    arena_fini(&arena);
}

static void turn(struct cluster *c, struct source *source)
{
    int64_t token = 0;
    uint64_t mono = clock_mono_ns();
    bool keeps = leases_held(c->leases, keeper, mono, &token);

    if (keeps && (!c->keeps || token != c->token)) {
        pipeline_take_over(c->pipeline, mono);
        (void)keep_greet(c->look_store, source);
    }
    c->keeps = keeps;
    c->token = token;
}

static void look(struct cluster *c, struct source *source)
{
    uint64_t mono = clock_mono_ns();

    if (mono < c->looked_ns + LOOK_EVERY_MS * CLOCK_MS)
        return;
    c->looked_ns = mono;
    if (!c->keeps)
        pass_news(c);
    else
        (void)pipeline_heard(c->pipeline, source);
}

struct message *cluster_take(struct cluster *cluster, struct source *source)
{
    struct cluster *c = cluster;
    struct message *envelopes = NULL;

    turn(c, source);
    hold(c, ingest_take(c->greetings, TAKE_BYTES, c->busy ? 0 : IDLE_MS * CLOCK_MS));
    look(c, source);
    c->busy = false;
    if (!c->keeps)
        return NULL;
    (void)pipeline_envelopes(c->pipeline, source, clock_now_ns(), &envelopes);
    c->busy = envelopes != NULL;
    struct message *all = c->held;
    ingest_append(&all, envelopes);
    c->held = NULL;
    c->n_held = 0;
    return all;
}

bool cluster_keeps(struct cluster *cluster)
{
    return cluster->keeps;
}

bool cluster_pushes(struct cluster *cluster)
{
    int64_t token;
    return leases_held(cluster->leases, push, clock_mono_ns(), &token);
}

void cluster_end(struct cluster *cluster)
{
    if (!cluster->runs)
        return;
    atomic_store(&cluster->stop, true);
    pthread_join(cluster->carrier_thread, NULL);
    pthread_join(cluster->lease_thread, NULL);
    leases_release(cluster->leases);
    cluster->runs = false;
}

void cluster_health(struct cluster *cluster, struct strbuf *json)
{
    strbuf_str(json, ",\"cluster\":{");
    leases_health(cluster->leases, clock_mono_ns(), json);
    strbuf_fmt(json, ",\"envelopes_waiting\":%lld}", atomic_load(&cluster->waiting));
}

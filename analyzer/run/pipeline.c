/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The path. See pipeline.h; the order of the stages stands in `transaction`.
 */
#include "analyzer/run/pipeline.h"
#include "analyzer/dedup/dedup.h"
#include "analyzer/dedup/exceptions.h"
#include "analyzer/enrich/enrich.h"
#include "analyzer/run/carry.h"
#include "analyzer/run/expiry.h"
#include "analyzer/run/keep.h"
#include "analyzer/run/matching.h"
#include "analyzer/run/origins.h"
#include "analyzer/run/reading.h"
#include "analyzer/run/sightings.h"
#include "analyzer/store/db_checkpoints.h"
#include "analyzer/store/db_days.h"
#include "analyzer/store/db_events.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/jsonw.h"
#include "common/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

const struct option pipeline_options[] = {
    {"pipeline.batch", CONF_INT, "8000",
     "Most events of one transaction; smaller ones are stored sooner, larger ones faster."},
    OPTION_END};

const struct counter pipeline_counters[] = {
    [PIPELINE_BATCHES] = {"pipeline.batches", "Transactions committed."},
    [PIPELINE_MESSAGES] = {"pipeline.messages", "Messages stored."},
    [PIPELINE_DUPLICATES] = {"pipeline.duplicates",
                             "Messages that came again and were dropped; nothing is lost."},
    [PIPELINE_KEPT] = {"pipeline.kept", "Events whose rows were stored."},
    [PIPELINE_STORE_FAILURES] = {"pipeline.store_failures",
                                 "Transactions the store refused; they are tried again. Look at "
                                 "the disk."},
    [PIPELINE_REFUSED] = {"pipeline.refused",
                          "Messages with too many holes before them; they will be sent again."},
    [PIPELINE_RACES] = {"pipeline.races",
                        "Transactions that another analyzer was faster with; tried again."},
    [PIPELINE_COUNTERS] = COUNTER_END};

enum role { ROLE_WHOLE, ROLE_CARRIER, ROLE_KEEPER };

/* What other threads may see, copied after each batch. */
struct snapshot {
    pthread_mutex_t lock;
    struct stats stats;
    uint64_t sensors, missing, duplicates;
    uint64_t commit_ns, commit_took_ns, store_bytes;
    char fault[256]; /* "" = the store works */
};

struct pipeline {
    struct store *store;
    struct queue *queue;
    struct hub *hub;
    struct stats stats;
    uint64_t *counters, *normalise, *dedup_counters, *exception_counters;
    struct stats before; /* of the stages before this batch: one that is tried again counts once */
    uint32_t batch_max;
    struct batch batch;
    struct enrich *enrich;
    struct dedup *dedup;
    struct exceptions *exceptions;
    struct event_ids ids;
    struct origins *origins;
    struct sightings *sightings;
    struct expiry *expiry;
    struct matching *matching;
    bool matching_lost;   /* its state must be read from the store again */
    uint64_t fed_ns;      /* monotonic: when events came last; 0 = none yet */
    uint64_t looked_ns;   /* monotonic: when time without events was looked at */
    int64_t files_failed; /* -1: not done */
    enum role role;
    struct carry *carry;     /* of a carrier */
    struct queue *greetings; /* of a carrier, borrowed */
    pipeline_fence *fence;   /* of a keeper */
    void *fence_ctx;
    struct pipeline *beside; /* whose counters are shown with ours */
    struct snapshot seen;
};

/* ---- start and end */

static uint32_t batch_max(const struct conf *conf)
{
    int64_t n = conf_int(conf, "pipeline.batch");
    return n < 1 ? 1 : n > BATCH_RECORDS_MAX ? BATCH_RECORDS_MAX : (uint32_t)n;
}

static enum err make(const struct conf *conf, struct store *store, struct queue *queue,
                     struct pipeline **pipeline, struct strbuf *report)
{
    struct event_ids ids = {0, 0};
    enum err err = db_days_claim(store, clock_now_ns(), &ids);

    if (err) {
        strbuf_fmt(report, "the store cannot be read: %s\n", store_fault(store));
        return err;
    }
    struct pipeline *p = calloc(1, sizeof(*p));
    CHECK(p && pthread_mutex_init(&p->seen.lock, NULL) == 0);
    p->store = store;
    p->queue = queue;
    ingest_read_by(queue, reading_make);
    p->files_failed = -1;
    p->counters = stats_add(&p->stats, pipeline_counters);
    p->normalise = stats_add(&p->stats, normalise_counters);
    p->dedup_counters = stats_add(&p->stats, dedup_counters);
    p->exception_counters = stats_add(&p->stats, exceptions_counters);
    p->batch_max = batch_max(conf);
    batch_init(&p->batch);
    p->ids = ids;
    p->dedup = dedup_new(conf, ids.next);
    p->exceptions = exceptions_new();
    p->origins = origins_new();
    p->sightings = sightings_new();
    p->expiry = expiry_new(conf);
    *pipeline = p;
    return enrich_new(conf, &p->enrich, report);
}

enum err pipeline_new(const struct conf *conf, struct store *store, struct queue *queue,
                      struct hub *hub, const struct attack *attack, struct rulebook *rulebook,
                      struct pipeline **pipeline, struct strbuf *report)
{
    enum err err = make(conf, store, queue, pipeline, report);
    struct pipeline *p = *pipeline;

    if (!p)
        return err;
    p->hub = hub;
    enum err rules = matching_new(conf, store, attack, &p->stats, rulebook, &p->matching, report);
    return err ? err : rules;
}

enum err pipeline_new_carrier(const struct conf *conf, struct store *store, struct queue *queue,
                              struct queue *greetings, struct pipeline **pipeline,
                              struct strbuf *report)
{
    enum err err = make(conf, store, queue, pipeline, report);

    if (*pipeline) {
        (*pipeline)->role = ROLE_CARRIER;
        (*pipeline)->carry = carry_new();
        (*pipeline)->greetings = greetings;
    }
    return err;
}

void pipeline_make_keeper(struct pipeline *pipeline, pipeline_fence *fence, void *ctx)
{
    pipeline->role = ROLE_KEEPER;
    pipeline->fence = fence;
    pipeline->fence_ctx = ctx;
}

void pipeline_free(struct pipeline **pipeline)
{
    struct pipeline *p = *pipeline;

    if (!p)
        return;
    matching_free(&p->matching);
    carry_free(&p->carry);
    enrich_free(&p->enrich);
    expiry_free(&p->expiry);
    sightings_free(&p->sightings);
    origins_free(&p->origins);
    exceptions_free(&p->exceptions);
    dedup_free(&p->dedup);
    batch_fini(&p->batch);
    stats_fini(&p->stats);
    stats_fini(&p->before);
    stats_fini(&p->seen.stats);
    pthread_mutex_destroy(&p->seen.lock);
    free(p);
    *pipeline = NULL;
}

/* ---- messages to records */

static void note_status(struct origin *origin, const struct record *r)
{
    if (origin && r->kind == RECORD_STATS)
        origins_status(origin, true, r->raw);
    else if (origin && r->kind == RECORD_VISIBILITY)
        origins_status(origin, false, r->raw);
}

/* Later stages change records, and may have to do it again: they get copies. */
static void take_lines(struct pipeline *p, struct message *m, struct origin *origin)
{
    reading_make(m);
    const struct reading *from = m->reading;
    uint32_t n = from->batch.n;

    for (uint32_t i = 0; i < n; i++) {
        struct record *r = batch_add(&p->batch);
        CHECK(r);
        *r = from->batch.records[i];
        note_status(origin, r);
        if (p->role == ROLE_KEEPER && !carry_recall(strbuf_view(&m->decided), i, n, r))
            r->sampled_out = true; /* written by another version: it has no row that we know */
    }
    for (uint32_t i = 0; i < NORMALISE_COUNTERS; i++)
        p->normalise[i] += from->counters[i];
    if (origin)
        origins_count(origin, from->batch.n, from->bad, from->newest_ns);
}

static enum err take_envelope(struct pipeline *p, struct message *m)
{
    enum ledger_verdict verdict;
    struct origin *origin;
    enum err err = origins_offer(p->origins, p->store, m, &verdict, &origin);

    if (err)
        return err;
    p->counters[PIPELINE_DUPLICATES] += verdict == LEDGER_DUPLICATE;
    p->counters[PIPELINE_REFUSED] += verdict == LEDGER_TOO_FAR;
    m->skipped = verdict == LEDGER_TOO_FAR;
    if (verdict != LEDGER_NEW)
        return ERR_OK;
    take_lines(p, m, origin);
    return ERR_OK;
}

/* A block is remembered by where it ends; the reader gives only what is new. */
static enum err take_block(struct pipeline *p, struct message *m)
{
    const struct file_block *b = &m->block;
    char text[64];

    take_lines(p, m, NULL);
    if (!*b->name)
        return ERR_OK;
    snprintf(text, sizeof(text), "%llu %llu", (unsigned long long)b->end,
             (unsigned long long)b->digest);
    return db_checkpoints_put(p->store, b->name, slice_of_str(text));
}

static enum err carry_envelope(struct pipeline *p, struct message *m)
{
    bool is_new = false;
    uint32_t first = p->batch.n;
    enum err err = carry_offer(p->carry, p->store, m, &is_new);

    if (err)
        return err;
    p->counters[PIPELINE_DUPLICATES] += !is_new;
    if (!is_new)
        return ERR_OK;
    take_lines(p, m, NULL);
    carry_took(p->carry, m, first, p->batch.n - first);
    return ERR_OK;
}

static enum err take_message(struct pipeline *p, struct message *m)
{
    if (p->role == ROLE_CARRIER)
        return m->kind == MESSAGE_ENVELOPE ? carry_envelope(p, m) : ERR_OK;
    switch (m->kind) {
    case MESSAGE_ENVELOPE:
        return take_envelope(p, m);
    case MESSAGE_BLOCK:
        return take_block(p, m);
    case MESSAGE_HELLO:
    case MESSAGE_BYE:
        return origins_greet(p->origins, p->store, m);
    case MESSAGE_END:
        break;
    }
    return ERR_OK;
}

/* Records of a message that was read; before that, what it may hold. */
static uint32_t lines_at_most(const struct message *m)
{
    return m->reading ? m->reading->batch.n : reading_lines_most(m);
}

enum { BATCH_MESSAGES_MAX = ORIGINS_MAX / 2 }; /* each may be of another sensor */

/* How many messages of the list fit into one batch; at least one. */
static uint32_t fitting(const struct pipeline *p, const struct message *list)
{
    uint32_t lines = 0, n = 0;

    for (const struct message *m = list; m && n < BATCH_MESSAGES_MAX; m = m->next) {
        lines += lines_at_most(m);
        if (n && lines > p->batch_max)
            break;
        n++;
    }
    return n;
}

/* ---- records to rows */

enum { EVENT_OVERHEAD = 300 }; /* columns beside the event itself */

static enum err find_groups(struct pipeline *p)
{
    uint32_t n;
    struct group_add *groups = dedup_groups(p->dedup, &n);
    return db_groups_find(p->store, groups, n);
}

static enum err save_events(struct pipeline *p)
{
    int64_t last = 0, n[DAYS_CLASSES] = {0}, bytes[DAYS_CLASSES] = {0};
    uint64_t day = clock_now_ns() / DAYS_NS;
    enum err err = db_events_put(p->store, p->batch.records, p->batch.n);

    for (uint32_t i = 0; !err && i < p->batch.n; i++) {
        const struct record *r = &p->batch.records[i];
        if (r->sampled_out)
            continue;
        last = r->event_id;
        n[db_days_class(r->kind)]++;
        bytes[db_days_class(r->kind)] += EVENT_OVERHEAD + (int64_t)r->raw.len;
    }
    for (uint32_t i = 0; !err && i < DAYS_CLASSES; i++)
        if (n[i])
            err = db_days_add(p->store, day, (enum days_class)i, n[i], bytes[i]);
    return err || last == 0 ? err : db_events_mark_last(p->store, last);
}

static enum err save_sums(struct pipeline *p)
{
    uint32_t n;
    const struct group_add *groups = dedup_groups(p->dedup, &n);
    enum err err = db_groups_add(p->store, groups, n);
    const struct spark_add *sparks = dedup_sparks(p->dedup, &n);
    if (!err)
        err = db_groups_sparks_add(p->store, sparks, n);
    const struct rollup *rollups = dedup_rollups(p->dedup, &n);
    return err ? err : db_rollups_add(p->store, rollups, n);
}

static enum err take_all(struct pipeline *p, struct message *list, uint32_t n)
{
    enum err err = ERR_OK;

    for (struct message *m = list; !err && n--; m = m->next)
        err = take_message(p, m);
    for (uint32_t i = 0; !err && i < p->batch.n; i++)
        enrich_record(p->enrich, &p->batch, &p->batch.records[i]);
    return err;
}

/* Exceptions and sampling; numbers for the rows. */
static enum err admit(struct pipeline *p)
{
    enum err err =
        exceptions_batch(p->exceptions, p->store, &p->batch, clock_now_ns(), p->exception_counters);
    if (!err)
        dedup_batch(p->dedup, &p->batch, p->dedup_counters);
    return err;
}

/* All that must be done once and in the order of the sensors. */
static enum err judge(struct pipeline *p)
{
    for (uint32_t i = 0; i < p->batch.n; i++)
        sightings_add(p->sightings, &p->batch, &p->batch.records[i]);
    enum err err = matching_batch(p->matching, p->store, &p->batch, clock_now_ns());
    if (!err && p->role == ROLE_WHOLE)
        err = find_groups(p);
    if (!err && p->role == ROLE_WHOLE)
        err = save_events(p);
    if (!err)
        err = save_sums(p);
    if (!err)
        err = matching_mark(p->matching);
    if (!err)
        err = sightings_save(p->sightings, p->store);
    if (!err)
        err = origins_save(p->origins, p->store);
    return err;
}

/* All stages of one batch, between begin and commit. */
static enum err transaction(struct pipeline *p, struct message *list, uint32_t n)
{
    enum err err = take_all(p, list, n);

    if (!err)
        err = admit(p);
    return err ? err : judge(p);
}

/* The same in a cluster: the first half... */
static enum err carry(struct pipeline *p, struct message *list, uint32_t n)
{
    carry_begin(p->carry);
    enum err err = take_all(p, list, n);
    if (!err)
        err = admit(p);
    if (!err)
        err = save_events(p);
    return err ? err : carry_save(p->carry, p->store, &p->batch);
}

/* ... and the second. */
static enum err keep(struct pipeline *p, struct message *list, uint32_t n)
{
    enum err err = take_all(p, list, n);

    if (err)
        return err;
    dedup_batch_decided(p->dedup, &p->batch, p->dedup_counters);
    err = judge(p);
    return err ? err : keep_done(p->store, list, n);
}

/* ---- after the commit */

static void publish_groups(struct pipeline *p)
{
    uint32_t n;
    const struct group_add *groups = dedup_groups(p->dedup, &n);
    int64_t alerts = 0;
    enum severity worst = SEVERITY_INFO;
    char json[128];

    for (uint32_t i = 0; i < n; i++) {
        alerts += groups[i].n;
        worst = groups[i].severity > worst ? groups[i].severity : worst;
    }
    if (n == 0)
        return;
    snprintf(json, sizeof(json), "{\"groups\":%u,\"alerts\":%lld,\"severity\":\"%s\"}", n,
             (long long)alerts, record_severity_name(worst));
    hub_publish(p->hub, "groups", slice_of_str(json));
}

static void publish_devices(struct pipeline *p)
{
    uint32_t n;
    const struct device_row *rows = sightings_rows(p->sightings, &n);
    struct strbuf json;
    struct jsonw w;

    strbuf_init(&json, 4096);
    for (uint32_t i = 0; i < n; i++) {
        if (!rows[i].n_deviations && !*rows[i].json)
            continue;
        strbuf_clear(&json);
        jsonw_init(&w, &json);
        jsonw_obj_open(&w, NULL);
        jsonw_str(&w, "id", rows[i].id);
        jsonw_obj_close(&w);
        hub_publish(p->hub, "device", strbuf_view(&json));
    }
    strbuf_fini(&json);
}

static void copy_stats(struct stats *to, const struct stats *from)
{
    for (uint32_t t = 0; t < from->n; t++) {
        uint64_t *values = stats_add(to, from->tables[t]);
        for (uint32_t i = 0; from->tables[t][i].name; i++)
            values[i] = from->values[t][i];
    }
}

static void look(struct pipeline *p, uint64_t began_ns)
{
    struct snapshot *s = &p->seen;

    pthread_mutex_lock(&s->lock);
    copy_stats(&s->stats, &p->stats);
    origins_totals(p->origins, &s->sensors, &s->missing, &s->duplicates);
    s->commit_ns = clock_now_ns();
    s->commit_took_ns = clock_mono_ns() - began_ns;
    s->store_bytes = store_bytes(p->store);
    s->fault[0] = '\0';
    pthread_mutex_unlock(&s->lock);
}

static void drop_done(struct pipeline *p, struct message **list, uint32_t n)
{
    while (n--) {
        struct message *m = *list;
        *list = m->next;
        if (m->kind == MESSAGE_END)
            p->files_failed = m->failed;
        if (p->role != ROLE_KEEPER && m->kind == MESSAGE_ENVELOPE && m->source && m->source->def &&
            m->source->def->stored)
            m->source->def->stored(m->source->self, m->peer);
        if (p->role == ROLE_CARRIER && m->kind != MESSAGE_ENVELOPE)
            (void)ingest_put(p->greetings, m);
        else
            ingest_free(&m);
    }
}

static void committed(struct pipeline *p, struct message **list, uint32_t n, uint64_t began_ns)
{
    p->counters[PIPELINE_BATCHES]++;
    p->counters[PIPELINE_MESSAGES] += n;
    for (uint32_t i = 0; i < p->batch.n; i++)
        p->counters[PIPELINE_KEPT] += p->role != ROLE_KEEPER && !p->batch.records[i].sampled_out;
    if (p->role == ROLE_CARRIER) {
        carry_answer(p->carry);
    } else {
        origins_answer(p->origins);
        publish_groups(p);
        publish_devices(p);
        matching_publish(p->matching, p->hub);
    }
    look(p, began_ns);
    if (p->batch.n)
        p->fed_ns = clock_mono_ns();
    drop_done(p, list, n);
}

static void refused(struct pipeline *p, enum err err)
{
    const char *fault = store_fault(p->store);
    struct snapshot *s = &p->seen;

    if (p->role != ROLE_WHOLE && (err == ERR_CONFLICT || err == ERR_AGAIN)) {
        p->counters[PIPELINE_RACES]++;
        return;
    }
    if (err == ERR_DENIED && p->role == ROLE_KEEPER)
        return; /* somebody else keeps now */
    p->counters[PIPELINE_STORE_FAILURES]++;
    if (s->fault[0] == '\0') /* only this thread writes it */
        log_say(LOG_FAULT, "the store refuses: %s; nothing is acknowledged until it works again",
                *fault ? fault : err_text(err));
    pthread_mutex_lock(&s->lock);
    snprintf(s->fault, sizeof(s->fault), "%s", *fault ? fault : err_text(err));
    copy_stats(&s->stats, &p->stats);
    pthread_mutex_unlock(&s->lock);
}

/* Everything as it was before the batch. */
static void go_back(struct pipeline *p)
{
    copy_stats(&p->stats, &p->before);
    dedup_undo(p->dedup);
    origins_undo(p->origins);
    sightings_undo(p->sightings);
    p->matching_lost = true; /* read back when the store answers again */
}

/* Numbers for the events of one batch. */
static enum err number(struct pipeline *p)
{
    p->ids.next = dedup_next_number(p->dedup);
    enum err err = db_days_claim(p->store, clock_now_ns(), &p->ids);
    dedup_number_from(p->dedup, p->ids.next);
    return err;
}

/* A transaction; of a keeper only as long as he is that. */
static enum err begin(struct pipeline *p)
{
    enum err err = store_begin(p->store);

    if (err || !p->fence)
        return err;
    err = p->fence(p->fence_ctx, p->store);
    if (err)
        store_rollback(p->store);
    return err;
}

static enum err (*const stages[])(struct pipeline *, struct message *, uint32_t) = {
    [ROLE_WHOLE] = transaction, [ROLE_CARRIER] = carry, [ROLE_KEEPER] = keep};

static enum err one_batch(struct pipeline *p, struct message **list)
{
    uint32_t n = fitting(p, *list);
    uint64_t began = clock_mono_ns();
    enum err err = p->role == ROLE_KEEPER ? ERR_OK : number(p);

    if (!err)
        err = begin(p);
    if (err) {
        refused(p, err);
        return err;
    }
    if (p->matching_lost && p->matching)
        p->matching_lost = matching_undo(p->matching, p->store) != ERR_OK;
    batch_clear(&p->batch);
    origins_begin(p->origins);
    sightings_begin(p->sightings);
    copy_stats(&p->before, &p->stats);
    err = p->matching_lost && p->matching ? ERR_IO : stages[p->role](p, *list, n);
    if (!err)
        err = store_commit(p->store);
    else
        store_rollback(p->store);
    if (!err) {
        committed(p, list, n, began);
        return ERR_OK;
    }
    go_back(p);
    refused(p, err);
    return err;
}

enum err pipeline_messages(struct pipeline *pipeline, struct message **messages)
{
    enum err err = ERR_OK;
    while (!err && *messages)
        err = one_batch(pipeline, messages);
    return err;
}

/* A transaction of deadlines alone. */
static enum err let_time_pass(struct pipeline *p, uint64_t quiet_ns, bool ended)
{
    enum err err = ERR_OK;

    if (p->matching_lost || !matching_due(p->matching, quiet_ns, ended))
        return ERR_OK;
    if ((err = begin(p)) == ERR_OK) {
        copy_stats(&p->before, &p->stats);
        err = matching_time(p->matching, p->store, quiet_ns, ended, clock_now_ns());
        if (!err)
            err = store_commit(p->store);
        else
            store_rollback(p->store);
        if (!err)
            matching_publish(p->matching, p->hub);
        else
            go_back(p);
    }
    if (err)
        refused(p, err);
    return err;
}

enum err pipeline_end(struct pipeline *pipeline)
{
    return let_time_pass(pipeline, 0, true);
}

void pipeline_take_over(struct pipeline *pipeline, uint64_t mono_ns)
{
    origins_clear(pipeline->origins);
    pipeline->matching_lost = true;
    pipeline->fed_ns = mono_ns;
}

enum err pipeline_envelopes(struct pipeline *keeper, struct source *source, uint64_t now_ns,
                            struct message **messages)
{
    return keep_next(keeper->store, now_ns, keeper->batch_max, source, messages);
}

enum err pipeline_heard(struct pipeline *keeper, struct source *source)
{
    return keep_heard(keeper->store, keeper->origins, source);
}

void pipeline_show_beside(struct pipeline *keeper, struct pipeline *carrier)
{
    keeper->beside = carrier;
}

void pipeline_reload(struct pipeline *p, struct strbuf *report)
{
    pthread_mutex_lock(&p->seen.lock); /* health names the rules */
    enum err err = matching_reload(p->matching, p->store, report);
    pthread_mutex_unlock(&p->seen.lock);
    p->matching_lost = p->matching_lost || err;
    hub_publish(p->hub, "rules", SLICE_LIT("{}"));
}

enum { LOOK_EVERY_S = 5 };

enum err pipeline_tick(struct pipeline *pipeline, uint64_t now_ns, uint64_t mono_ns)
{
    origins_tick(pipeline->origins, mono_ns);
    if (pipeline->fed_ns && mono_ns > pipeline->looked_ns + LOOK_EVERY_S * CLOCK_S) {
        pipeline->looked_ns = mono_ns;
        (void)let_time_pass(pipeline, mono_ns - pipeline->fed_ns, false);
    }
    return expiry_tick(pipeline->expiry, pipeline->store, now_ns, mono_ns);
}

void pipeline_tell(struct pipeline *pipeline, book_changed *changed, void *ctx)
{
    matching_tell(pipeline->matching, changed, ctx);
}

int64_t pipeline_files_done(const struct pipeline *pipeline)
{
    return pipeline->files_failed;
}

/* ---- health */

void pipeline_health(struct pipeline *pipeline, struct strbuf *json)
{
    struct snapshot *s = &pipeline->seen;
    struct stats sum = {0};
    struct jsonw w;
    uint64_t bytes;
    uint64_t waiting = ingest_waiting(pipeline->queue, &bytes);

    jsonw_init(&w, json);
    pthread_mutex_lock(&s->lock);
    jsonw_str(&w, "store_fault", s->fault);
    jsonw_u64(&w, "store_bytes", s->store_bytes);
    jsonw_u64(&w, "last_commit_ns", s->commit_ns);
    jsonw_num(&w, "last_commit_ms", (double)s->commit_took_ns / 1e6);
    jsonw_u64(&w, "queue_messages", waiting);
    jsonw_u64(&w, "queue_bytes", bytes);
    jsonw_u64(&w, "sensors", s->sensors);
    jsonw_u64(&w, "envelopes_missing", s->missing);
    jsonw_u64(&w, "envelopes_duplicate", s->duplicates);
    strbuf_char(json, ',');
    matching_health(pipeline->matching, json);
    jsonw_obj_open(&w, "counters");
    stats_sum(&sum, &s->stats);
    if (pipeline->beside) {
        pthread_mutex_lock(&pipeline->beside->seen.lock);
        stats_sum(&sum, &pipeline->beside->seen.stats);
        pthread_mutex_unlock(&pipeline->beside->seen.lock);
    }
    stats_json(&sum, &w);
    jsonw_obj_close(&w);
    pthread_mutex_unlock(&s->lock);
    stats_fini(&sum);
}

void pipeline_about(struct pipeline *pipeline, struct strbuf *json)
{
    pthread_mutex_lock(&pipeline->seen.lock); /* a reload exchanges the rules */
    matching_about(pipeline->matching, json);
    pthread_mutex_unlock(&pipeline->seen.lock);
    enrich_about(pipeline->enrich, json);
}

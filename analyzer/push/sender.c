/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/push/sender.h"
#include "analyzer/push/exercise.h"
#include "analyzer/record/incident_name.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/jsonw.h"
#include "common/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROWS_AT_ONCE = 50, SETTLE_TRIES = 5, LOOK_EVERY_MS = 500, KEY_MAX = 96 };

/* "INC-2026-000001/3" as a CloudEvent's own id says it; of other forms the id is the incident's and
 * not the revision's. */
static void key_of(const struct outbox_row *row, char key[KEY_MAX])
{
    struct json *v = NULL;

    snprintf(key, KEY_MAX, "%lld/%lld", (long long)row->incident_id, (long long)row->revision);
    if (json_parse(slice_of_str(row->payload), &v, NULL) == ERR_OK) {
        const char *id = json_str(json_get(v, "id"), "");
        if (*id && json_get(v, "specversion"))
            snprintf(key, KEY_MAX, "%.90s", id);
    }
    json_free(&v);
}

static bool is_over(const struct sender_pass *pass, const struct outbox_row *row,
                    const struct push_answer *answer)
{
    int64_t most = pass->connector->max_tries;
    return answer->outcome == PUSH_REFUSED || (most > 0 && row->tries + 1 >= most);
}

static enum err settle(const struct sender_pass *pass, const struct outbox_row *row,
                       const struct push_answer *answer, uint64_t now_ns)
{
    if (answer->outcome == PUSH_SENT)
        return db_outbox_sent(pass->store, row->id, now_ns, answer->text);
    if (is_over(pass, row, answer))
        return db_outbox_give_up(pass->store, row->id, now_ns, answer->text);
    uint64_t next_ns = retry_at(row->id, row->tries + 1, now_ns, answer->retry_after_ns);
    return db_outbox_failed(pass->store, row->id, next_ns, answer->text);
}

/* Counts, and tells the operator what will not be tried again. */
static void note(struct sender_pass *pass, const struct outbox_row *row,
                 const struct push_answer *answer)
{
    bool sent = answer->outcome == PUSH_SENT;
    bool over = !sent && is_over(pass, row, answer);

    pass->sent += sent;
    pass->refused += over;
    pass->failed += !sent && !over;
    snprintf(pass->last_fault, sizeof(pass->last_fault), "%s", sent ? "" : answer->text);
    if (over)
        log_say(LOG_WARN, "%s: incident %lld, revision %lld, is given up: %s",
                pass->connector->name, (long long)row->incident_id, (long long)row->revision,
                answer->text);
}

/* True when the row is settled. */
static bool try_row(struct sender_pass *pass, const struct outbox_row *row, uint64_t now_ns)
{
    struct push_answer answer = {.outcome = PUSH_LATER};
    char key[KEY_MAX];

    key_of(row, key);
    pass->connector->def->send(pass->link, pass->connector, key, row->kind,
                               slice_of_str(row->payload), now_ns, &answer);
    /* A refusal is an answer too: the receiver lives. */
    retry_note(&pass->circuit, answer.outcome != PUSH_LATER, now_ns);
    note(pass, row, &answer);
    enum err err = ERR_AGAIN;
    for (uint32_t i = 0; i < SETTLE_TRIES && err == ERR_AGAIN; i++)
        err = settle(pass, row, &answer, now_ns); /* the writer may hold the store for a while */
    return err == ERR_OK && (answer.outcome == PUSH_SENT || is_over(pass, row, &answer));
}

uint32_t sender_once(struct sender_pass *pass, uint64_t now_ns)
{
    struct arena arena;
    struct outbox_row *rows = NULL;
    uint32_t n = 0;
    uint32_t settled = 0;
    uint32_t allowed = retry_allowed(&pass->circuit, now_ns, ROWS_AT_ONCE);

    if (allowed == 0)
        return 0;
    arena_init(&arena, 65536, 0);
    enum err err =
        db_outbox_due(pass->store, pass->connector->name, now_ns, allowed, &arena, &rows, &n);
    for (uint32_t i = 0; i < n && !err; i++) {
        if (!retry_allowed(&pass->circuit, now_ns, 1))
            break;
        settled += try_row(pass, &rows[i], now_ns);
    }
    arena_fini(&arena);
    return settled;
}

/* ---- threads ---- */

struct one_sender {
    struct senders *all;
    struct sender_pass pass;
    struct sender_pass shown; /* copy for health, under the lock */
    uint64_t beat_ns;         /* time of the next heartbeat */
    pthread_t thread;
    bool runs;
};

struct senders {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    uint64_t woken; /* counts wishes, so that none is missed */
    atomic_bool stop;
    atomic_bool aside; /* somebody else sends */
    struct one_sender at[CONNECTORS_MAX];
    uint32_t n;
};

static void beat(struct one_sender *one, uint64_t now_ns)
{
    const struct connector *c = one->pass.connector;
    struct push_answer answer = {.outcome = PUSH_LATER};
    struct strbuf payload;

    if (!c->heartbeat_ns || now_ns < one->beat_ns || !c->def->render_heartbeat)
        return;
    one->beat_ns = now_ns + c->heartbeat_ns;
    strbuf_init(&payload, 0);
    c->def->render_heartbeat(c, now_ns, &payload);
    c->def->send(one->pass.link, c, "heartbeat", "heartbeat", strbuf_view(&payload), now_ns,
                 &answer);
    strbuf_fini(&payload);
}

/* False when it is time to end. */
static bool wait_for_work(struct one_sender *one, uint64_t *seen)
{
    struct senders *all = one->all;
    struct timespec until;

    pthread_mutex_lock(&all->lock);
    one->shown = one->pass;
    uint64_t at_ns = clock_now_ns() + LOOK_EVERY_MS * CLOCK_MS;
    until.tv_sec = (time_t)(at_ns / CLOCK_S);
    until.tv_nsec = (long)(at_ns % CLOCK_S);
    while (!all->stop && all->woken == *seen) {
        if (pthread_cond_timedwait(&all->wake, &all->lock, &until) != 0)
            break;
    }
    *seen = all->woken;
    bool go_on = !all->stop;
    pthread_mutex_unlock(&all->lock);
    return go_on;
}

static void *run(void *ctx)
{
    struct one_sender *one = ctx;
    uint64_t seen = 0;

    do {
        while (!one->all->aside && sender_once(&one->pass, clock_now_ns()) && !one->all->stop)
            ;
        if (!one->all->aside)
            beat(one, clock_now_ns());
    } while (wait_for_work(one, &seen));
    return NULL;
}

static enum err start_one(struct senders *all, const struct connector *c, const struct store *store,
                          struct strbuf *report)
{
    struct one_sender *one = &all->at[all->n];
    char fault[PUSH_TEXT_MAX] = "";

    one->all = all;
    one->pass.connector = c;
    enum err err = c->def->open(c, &one->pass.link, fault);
    if (err) {
        strbuf_fmt(report, "connector \"%s\": %s\n", c->name, fault);
        return err;
    }
    err = store_again(store, &one->pass.store);
    if (!err && pthread_create(&one->thread, NULL, run, one) == 0) {
        one->runs = true;
        all->n++;
        return ERR_OK;
    }
    strbuf_fmt(report, "connector \"%s\": no connection to the store, or no thread\n", c->name);
    store_close(&one->pass.store);
    c->def->close(&one->pass.link);
    return err ? err : ERR_NOMEM;
}

enum err sender_start(const struct connectors *connectors, const struct store *store, bool allowed,
                      struct senders **senders, struct strbuf *report)
{
    struct senders *all = calloc(1, sizeof(*all));
    enum err first = ERR_OK;

    CHECK(all);
    atomic_store(&all->aside, !allowed);
    pthread_mutex_init(&all->lock, NULL);
    pthread_cond_init(&all->wake, NULL);
    for (uint32_t i = 0; i < connectors_count(connectors); i++) {
        enum err err = start_one(all, connectors_at(connectors, i), store, report);
        first = first ? first : err;
    }
    *senders = all;
    return first;
}

void sender_wake(struct senders *senders)
{
    pthread_mutex_lock(&senders->lock);
    senders->woken++;
    pthread_cond_broadcast(&senders->wake);
    pthread_mutex_unlock(&senders->lock);
}

void sender_allow(struct senders *senders, bool allowed)
{
    atomic_store(&senders->aside, !allowed);
}

void sender_stop(struct senders **senders)
{
    struct senders *all = *senders;

    if (!all)
        return;
    pthread_mutex_lock(&all->lock);
    all->stop = true;
    pthread_cond_broadcast(&all->wake);
    pthread_mutex_unlock(&all->lock);
    for (uint32_t i = 0; i < all->n; i++) {
        struct one_sender *one = &all->at[i];
        pthread_join(one->thread, NULL);
        one->pass.connector->def->close(&one->pass.link);
        store_close(&one->pass.store);
    }
    pthread_cond_destroy(&all->wake);
    pthread_mutex_destroy(&all->lock);
    free(all);
    *senders = NULL;
}

enum err sender_test(const struct connectors *connectors, const char *name, uint64_t now_ns,
                     char answer[PUSH_TEXT_MAX])
{
    const struct connector *c = NULL;
    struct push_answer got = {.outcome = PUSH_LATER};
    struct strbuf payload;
    char key[EXERCISE_NAME_MAX];
    void *link = NULL;

    answer[0] = '\0';
    for (uint32_t i = 0; i < connectors_count(connectors) && !c; i++)
        if (strcmp(connectors_at(connectors, i)->name, name) == 0)
            c = connectors_at(connectors, i);
    if (!c)
        return ERR_NOTFOUND;
    if (c->def->open(c, &link, answer))
        return ERR_AGAIN;
    exercise_name(now_ns, key);
    strbuf_init(&payload, 0);
    exercise_render(c, now_ns, &payload);
    c->def->send(link, c, key, "exercise", strbuf_view(&payload), now_ns, &got);
    c->def->close(&link);
    strbuf_fini(&payload);
    snprintf(answer, PUSH_TEXT_MAX, "%s", got.text);
    return got.outcome == PUSH_SENT ? ERR_OK : ERR_AGAIN;
}

/* Without what may be secret in an address: user and password, and the query. */
static void write_place(const struct connector *c, char place[300])
{
    const char *host = strstr(c->url, "://"), *at = host ? strchr(host, '@') : NULL;
    const char *slash = host ? strchr(host + 3, '/') : NULL;

    if (!*c->url)
        snprintf(place, 300, "%.200s:%u", c->host, c->port);
    else if (at && (!slash || at < slash))
        snprintf(place, 300, "%.*s://%.250s", (int)(host - c->url), c->url, at + 1);
    else
        snprintf(place, 300, "%.280s", c->url);
    place[strcspn(place, "?#")] = '\0';
}

static void write_target(struct jsonw *w, const struct connector *c)
{
    char place[300];

    write_place(c, place);
    jsonw_str(w, "target", place);
    jsonw_str(w, "min_severity", record_severity_name(c->min_severity));
    jsonw_arr_open(w, "sites");
    for (uint32_t i = 0; i < c->n_sites; i++)
        jsonw_str(w, NULL, c->sites[i]);
    jsonw_arr_close(w);
    jsonw_bool(w, "mask_internal", c->mask_internal);
}

void sender_health(struct senders *senders, struct strbuf *json)
{
    struct jsonw w;

    jsonw_init(&w, json);
    jsonw_arr_open(&w, NULL);
    pthread_mutex_lock(&senders->lock);
    for (uint32_t i = 0; i < senders->n; i++) {
        const struct sender_pass *p = &senders->at[i].shown;
        const struct connector *c = senders->at[i].pass.connector;
        jsonw_obj_open(&w, NULL);
        jsonw_str(&w, "connector", c->name);
        jsonw_str(&w, "type", c->def->name);
        jsonw_u64(&w, "sent", p->sent);
        jsonw_u64(&w, "failed", p->failed);
        jsonw_u64(&w, "given_up", p->refused);
        jsonw_bool(&w, "resting", p->circuit.until_ns != 0);
        jsonw_u64(&w, "failures_in_a_row", p->circuit.failures);
        write_target(&w, c);
        jsonw_str(&w, "fault", p->last_fault);
        jsonw_obj_close(&w);
    }
    pthread_mutex_unlock(&senders->lock);
    jsonw_arr_close(&w);
}

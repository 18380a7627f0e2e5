/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See clickhouse.h. Columns only of kinds that 18.16 has: no DateTime64, no IPv6. Partitions are
 * days of event time: DROP PARTITION is how old ones go.
 */
#include "analyzer/push/clickhouse.h"
#include "analyzer/push/courier.h"
#include "analyzer/store/db_events.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/jsonw.h"
#include "common/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { URL_MAX = 512, DATABASE_MAX = 64, BATCH_MOST = 50000, FAULT_MAX = 300 };
enum { LOOK_EVERY_S = 1, AFTER_FAULT_S = 5, TIMEOUT_S = 60 };
static const char mark_name[] = "clickhouse.upto";

const struct option clickhouse_options[] = {
    {"clickhouse.url", CONF_TEXT, "",
     "Copy all events to the ClickHouse server at this address (http://host:8123). Empty: no "
     "copy."},
    {"clickhouse.database", CONF_TEXT, "tramgac",
     "Database of the copy; it and its table `event` are made when they are missing."},
    {"clickhouse.user", CONF_TEXT, "", "Name at the ClickHouse server; empty: its default."},
    {"clickhouse.password", CONF_TEXT, "", "Password of that name."},
    {"clickhouse.ca_file", CONF_TEXT, "",
     "Whom to trust at https; empty: the system's authorities."},
    {"clickhouse.batch", CONF_INT, "10000", "Most events of one insert."},
    OPTION_END};

struct clickhouse {
    struct store *store; /* own connection */
    struct courier *courier;
    const char *ca_file; /* the configuration's */
    char url[URL_MAX], database[DATABASE_MAX], user[160], password[160];
    uint32_t batch;
    bool made; /* the table is there */
    pthread_t thread;
    pthread_mutex_t lock; /* of the rest */
    pthread_cond_t wake;
    bool stop;
    uint64_t copied;
    int64_t upto;
    char fault[FAULT_MAX];
};

/* ---- one request ---- */

static bool ask(struct clickhouse *c, const char *query, struct slice body)
{
    struct courier_request request = {
        .body = body, .tls = {c->ca_file, "", ""}, .timeout_ns = TIMEOUT_S * CLOCK_S};
    struct courier_answer answer = {0};
    char url[URL_MAX * 2];
    uint32_t n = 0;

    snprintf(url, sizeof(url), "%s/?query=%s", c->url, query);
    request.url = url;
    request.headers[n++] = "Content-Type: text/plain";
    if (*c->user) {
        request.headers[n++] = c->user;
        request.headers[n++] = c->password;
    }
    courier_request(c->courier, &request, &answer);
    bool ok = answer.status == 200;
    if (!ok) {
        c->made = false;
        pthread_mutex_lock(&c->lock);
        bool again = *c->fault != '\0';
        snprintf(c->fault, sizeof(c->fault), "%d %.250s", answer.status, answer.text);
        pthread_mutex_unlock(&c->lock);
        if (!again)
            log_say(LOG_WARN, "ClickHouse does not take events, they wait: %d %.200s",
                    answer.status, answer.text);
    }
    return ok;
}

static bool make_table(struct clickhouse *c)
{
    struct strbuf text;

    strbuf_init(&text, 0);
    strbuf_fmt(&text, "CREATE DATABASE IF NOT EXISTS %s", c->database);
    bool ok = ask(c, "", strbuf_view(&text));
    strbuf_clear(&text);
    strbuf_fmt(&text,
               "CREATE TABLE IF NOT EXISTS %s.event (ts DateTime, ts_us UInt32, received DateTime,"
               " id Int64, kind UInt8, type String, sensor String, site String, src String,"
               " dst String, sport UInt16, dport UInt16, src_name String, dst_name String,"
               " proto String, app String, device String, severity Int8, grp Int64, flow UInt64,"
               " signature String, gid Int64, sid Int64, raw String)"
               " ENGINE = ReplacingMergeTree PARTITION BY toYYYYMMDD(ts) ORDER BY (sensor, ts, id)",
               c->database);
    ok = ok && ask(c, "", strbuf_view(&text));
    strbuf_fini(&text);
    c->made = ok;
    return ok;
}

/* ---- rows ---- */

static void write_row(const struct event_row *e, struct strbuf *out)
{
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_obj_open(&w, NULL);
    jsonw_u64(&w, "ts", e->ts_ns / CLOCK_S);
    jsonw_u64(&w, "ts_us", e->ts_ns % CLOCK_S / 1000);
    jsonw_u64(&w, "received", e->received_ns / CLOCK_S);
    jsonw_i64(&w, "id", e->id);
    jsonw_u64(&w, "kind", (uint64_t)e->kind);
    jsonw_str(&w, "type", e->event_type);
    jsonw_str(&w, "sensor", e->sensor);
    jsonw_str(&w, "site", e->site);
    jsonw_str(&w, "src", e->src_ip);
    jsonw_str(&w, "dst", e->dst_ip);
    jsonw_u64(&w, "sport", e->src_port);
    jsonw_u64(&w, "dport", e->dst_port);
    jsonw_str(&w, "src_name", e->src_name);
    jsonw_str(&w, "dst_name", e->dst_name);
    jsonw_str(&w, "proto", e->proto);
    jsonw_str(&w, "app", e->app_proto);
    jsonw_str(&w, "device", e->device);
    jsonw_i64(&w, "severity", e->severity);
    jsonw_i64(&w, "grp", e->group_id);
    jsonw_u64(&w, "flow", e->flow_id);
    jsonw_str(&w, "signature", e->signature);
    jsonw_i64(&w, "gid", e->gid);
    jsonw_i64(&w, "sid", e->sid);
    jsonw_str(&w, "raw", e->json);
    jsonw_obj_close(&w);
    strbuf_char(out, '\n');
}

static enum err read_mark(struct clickhouse *c, int64_t *upto)
{
    struct arena arena;
    const char *value = "";
    uint64_t given = 0;

    arena_init(&arena, 256, 0);
    enum err err = store_meta_get(c->store, mark_name, &arena, &value);
    slice_to_u64(slice_of_str(value), &given);
    arena_fini(&arena);
    *upto = (int64_t)given;
    return err == ERR_NOTFOUND ? ERR_OK : err;
}

static enum err note(struct clickhouse *c, int64_t upto, uint32_t n)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)upto);
    enum err err = store_meta_put(c->store, mark_name, text);
    pthread_mutex_lock(&c->lock);
    if (*c->fault)
        log_say(LOG_NOTE, "ClickHouse takes events again");
    c->fault[0] = '\0';
    c->copied += n;
    c->upto = upto;
    pthread_mutex_unlock(&c->lock);
    return err;
}

/* True: there may be more at once. */
static bool copy_some(struct clickhouse *c)
{
    struct event_row *rows = NULL;
    struct arena arena;
    struct strbuf body;
    char query[160];
    uint32_t n = 0;
    int64_t upto = 0;
    bool ok = false;

    if (read_mark(c, &upto))
        return false;
    arena_init(&arena, 1 << 20, 0);
    strbuf_init(&body, 0);
    if (db_events_after(c->store, upto, c->batch, &arena, &rows, &n) == ERR_OK && n &&
        (c->made || make_table(c))) {
        for (uint32_t i = 0; i < n; i++)
            write_row(&rows[i], &body);
        snprintf(query, sizeof(query), "INSERT%%20INTO%%20%s.event%%20FORMAT%%20JSONEachRow",
                 c->database);
        ok = ask(c, query, strbuf_view(&body)) && note(c, rows[n - 1].id, n) == ERR_OK;
    }
    strbuf_fini(&body);
    arena_fini(&arena);
    return ok && n == c->batch;
}

/* ---- thread ---- */

static bool rest(struct clickhouse *c)
{
    struct timespec until;

    pthread_mutex_lock(&c->lock);
    uint64_t at_ns = clock_now_ns() + (*c->fault ? AFTER_FAULT_S : LOOK_EVERY_S) * CLOCK_S;
    until.tv_sec = (time_t)(at_ns / CLOCK_S);
    until.tv_nsec = (long)(at_ns % CLOCK_S);
    while (!c->stop && pthread_cond_timedwait(&c->wake, &c->lock, &until) == 0)
        ;
    bool go_on = !c->stop;
    pthread_mutex_unlock(&c->lock);
    return go_on;
}

static bool is_stopped(struct clickhouse *c)
{
    pthread_mutex_lock(&c->lock);
    bool stop = c->stop;
    pthread_mutex_unlock(&c->lock);
    return stop;
}

static void *run(void *ctx)
{
    struct clickhouse *c = ctx;

    do {
        while (!is_stopped(c) && copy_some(c))
            ;
    } while (rest(c));
    return NULL;
}

/* The name goes into statements as it is. */
static bool is_name(const char *text)
{
    return *text && strlen(text) < DATABASE_MAX &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(text);
}

static enum err check(const struct conf *conf, struct strbuf *report)
{
    const char *url = conf_text(conf, "clickhouse.url");
    bool http = strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;

    if (!http || strlen(url) >= URL_MAX || strpbrk(url, "?# "))
        strbuf_str(report, "clickhouse.url is not an address like http://host:8123\n");
    else if (!is_name(conf_text(conf, "clickhouse.database")))
        strbuf_str(report, "clickhouse.database is not a name of a-z, 0-9 and _\n");
    else if (conf_bool(conf, "cluster.enabled"))
        strbuf_str(report, "clickhouse.url: with several analyzers events have no order by number "
                           "to copy them in; use one analyzer\n");
    else
        return ERR_OK;
    return ERR_INPUT;
}

enum err clickhouse_start(const struct conf *conf, const struct store *store,
                          struct clickhouse **copy, struct strbuf *report)
{
    const char *url = conf_text(conf, "clickhouse.url"), *user = conf_text(conf, "clickhouse.user");
    int64_t batch = conf_int(conf, "clickhouse.batch");

    *copy = NULL;
    if (!*url)
        return ERR_OK;
    if (check(conf, report))
        return ERR_INPUT;
    struct clickhouse *c = calloc(1, sizeof(*c));
    CHECK(c);
    snprintf(c->url, sizeof(c->url), "%.*s", (int)(strlen(url) - (url[strlen(url) - 1] == '/')),
             url);
    snprintf(c->database, sizeof(c->database), "%s", conf_text(conf, "clickhouse.database"));
    if (*user) {
        snprintf(c->user, sizeof(c->user), "X-ClickHouse-User: %.120s", user);
        snprintf(c->password, sizeof(c->password), "X-ClickHouse-Key: %.120s",
                 conf_text(conf, "clickhouse.password"));
    }
    c->ca_file = conf_text(conf, "clickhouse.ca_file");
    c->batch = batch < 1 ? 1 : batch > BATCH_MOST ? BATCH_MOST : (uint32_t)batch;
    c->courier = courier_new();
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->wake, NULL);
    enum err err = store_again(store, &c->store);
    if (!err && pthread_create(&c->thread, NULL, run, c) != 0)
        err = ERR_NOMEM;
    if (!err) {
        *copy = c;
        return ERR_OK;
    }
    strbuf_str(report, "ClickHouse: no connection to the store, or no thread\n");
    store_close(&c->store);
    courier_free(&c->courier);
    free(c);
    return err;
}

void clickhouse_stop(struct clickhouse **copy)
{
    struct clickhouse *c = *copy;

    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_cond_broadcast(&c->wake);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    store_close(&c->store);
    courier_free(&c->courier);
    pthread_cond_destroy(&c->wake);
    pthread_mutex_destroy(&c->lock);
    free(c);
    *copy = NULL;
}

void clickhouse_health(struct clickhouse *copy, struct strbuf *json)
{
    struct jsonw w;

    if (!copy) {
        strbuf_str(json, "null");
        return;
    }
    jsonw_init(&w, json);
    pthread_mutex_lock(&copy->lock);
    jsonw_obj_open(&w, NULL);
    jsonw_u64(&w, "copied", copy->copied);
    jsonw_i64(&w, "upto", copy->upto);
    jsonw_str(&w, "fault", copy->fault);
    jsonw_obj_close(&w);
    pthread_mutex_unlock(&copy->lock);
}

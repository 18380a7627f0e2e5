/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/run/serve.h"
#include "analyzer/api/http.h"
#include "analyzer/enrich/attack.h"
#include "analyzer/push/clickhouse.h"
#include "analyzer/push/sender.h"
#include "analyzer/run/accounts.h"
#include "analyzer/run/cluster.h"
#include "analyzer/run/pipeline.h"
#include "analyzer/store/db_checkpoints.h"
#include "analyzer/store/db_outbox.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/jsonw.h"
#include "common/log.h"
#include "common/sdnotify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    SOURCES_MAX = 16,
    TAKE_BYTES = 48 << 20,
    WAIT_MS = 100,
    PUSH_WAIT_S = 30,
    RELOAD_WAIT_S = 30
};
enum { BACK_OFF_FIRST_MS = 100, BACK_OFF_MAX_MS = 5000 };

struct serving {
    const struct serve_plan *plan;
    struct store *store;
    struct store *memory; /* connection of the file reader's questions */
    struct queue *queue;
    struct hub *hub;
    struct rulebook *rulebook;
    struct pipeline *pipeline;
    struct cluster *cluster; /* NULL: we are alone */
    struct attack *attack;
    struct source sources[SOURCES_MAX];
    uint32_t n_sources;
    struct http *http;
    struct connectors *connectors;
    struct senders *senders;
    struct clickhouse *clickhouse;
    struct services services;
    struct strbuf report;
    uint64_t started_ns;
    uint64_t tick_ns, back_off_ns;
    bool stopping;
    int lock;    /* file; -1 = none */
    bool told;   /* the outbox got rows in this batch */
    bool reread; /* the rules, by SIGHUP */
    bool over;   /* all files were read, and what waited for their end is decided */
    sigset_t signals;
};

static bool say_report(struct strbuf *report)
{
    bool any = report->len > 0;
    struct slice rest = strbuf_view(report);

    while (rest.len) {
        int64_t end = slice_find_byte(rest, '\n');
        uint32_t len = end < 0 ? rest.len : (uint32_t)end;
        if (len)
            log_say(LOG_WARN, "%.*s", (int)len, (const char *)rest.at);
        rest = slice_from(rest, len + 1);
    }
    strbuf_clear(report);
    return any;
}

/* ---- start */

static bool known_file(void *ctx, const char *name, uint64_t *offset, uint64_t *digest)
{
    struct serving *s = ctx;
    struct arena arena;
    struct slice bytes;

    arena_init(&arena, 256, 0);
    enum err err = db_checkpoints_get(s->memory, name, &arena, &bytes);
    int64_t blank = err ? -1 : slice_find_byte(bytes, ' ');
    bool ok = blank > 0 && slice_to_u64(slice_head(bytes, (uint32_t)blank), offset) &&
              slice_to_u64(slice_from(bytes, (uint32_t)blank + 1), digest);
    arena_fini(&arena);
    return ok;
}

static bool make_dir(const char *path)
{
    if (mkdir(path, 0750) == 0 || errno == EEXIST)
        return true;
    log_say(LOG_FAULT, "cannot make the directory %s: %s", path, strerror(errno));
    return false;
}

/* Two writers would give the same numbers to different events. The lock goes with the process. */
static bool lock_data(struct serving *s)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/lock", s->plan->data_dir);
    s->lock = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0640);
    if (s->lock < 0) {
        log_say(LOG_FAULT, "cannot make %s: %s", path, strerror(errno));
        return false;
    }
    if (s->plan->check || flock(s->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    log_say(LOG_FAULT, "another tramgac-analyzer works with %s", s->plan->data_dir);
    return false;
}

static bool open_store(struct serving *s)
{
    char fault[256] = "";
    const struct serve_plan *plan = s->plan;

    if (!make_dir(plan->data_dir) || !lock_data(s))
        return false;
    if (store_open(plan->conf, plan->data_dir, &s->store, fault, sizeof(fault))) {
        log_say(LOG_FAULT, "%s", fault);
        return false;
    }
    return store_again(s->store, &s->memory) == ERR_OK;
}

static bool start_sources(struct serving *s)
{
    struct ingest_memory memory = {known_file, s};
    bool ok = true;

    ingest_remember(s->queue, &memory);
    for (uint32_t i = 0; in_rows[i]; i++) {
        CHECK(s->n_sources < SOURCES_MAX);
        struct source *source = &s->sources[s->n_sources];
        *source = (struct source){in_rows[i], NULL};
        enum err err = in_rows[i]->start(s->plan->conf, s->queue, source, &s->report);
        s->n_sources += err == ERR_OK;
        ok &= err == ERR_OK || err == ERR_NOTFOUND;
    }
    say_report(&s->report);
    return ok;
}

static void health(void *run, struct strbuf *json)
{
    struct serving *s = run;
    struct jsonw w;

    jsonw_init(&w, json);
    jsonw_obj_open(&w, NULL);
    jsonw_str(&w, "version", TRAMGAC_VERSION);
    jsonw_u64(&w, "uptime_s", (clock_mono_ns() - s->started_ns) / CLOCK_S);
    jsonw_str(&w, "store_engine", store_engine_name(s->store));
    strbuf_char(json, ',');
    pipeline_health(s->pipeline, json);
    w.comma = true;
    jsonw_obj_open(&w, "sources");
    for (uint32_t i = 0; i < s->n_sources; i++) {
        jsonw_obj_open(&w, s->sources[i].def->name);
        s->sources[i].def->health(s->sources[i].self, json);
        jsonw_obj_close(&w);
    }
    jsonw_obj_close(&w);
    strbuf_str(json, ",\"push\":");
    sender_health(s->senders, json);
    strbuf_str(json, ",\"clickhouse\":");
    clickhouse_health(s->clickhouse, json);
    if (s->cluster)
        cluster_health(s->cluster, json);
    jsonw_obj_close(&w);
}

/* Files of the data directory itself; what is deeper (evidence, spools) has counts of its own. */
static uint64_t data_bytes(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *entry;
    uint64_t sum = 0;

    while (d && (entry = readdir(d))) {
        struct stat st;
        if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
            sum += (uint64_t)st.st_size;
    }
    if (d)
        closedir(d);
    return sum;
}

static void about(void *run, struct strbuf *json)
{
    struct serving *s = run;
    struct statvfs disk;
    struct jsonw w;

    jsonw_init(&w, json);
    jsonw_str(&w, "version", TRAMGAC_VERSION);
    jsonw_u64(&w, "uptime_s", (clock_mono_ns() - s->started_ns) / CLOCK_S);
    jsonw_obj_open(&w, "store");
    jsonw_str(&w, "engine", store_engine_name(s->store));
    jsonw_u64(&w, "data_bytes", data_bytes(s->plan->data_dir));
    if (statvfs(s->plan->data_dir, &disk) == 0) {
        jsonw_u64(&w, "disk_bytes", (uint64_t)disk.f_blocks * disk.f_frsize);
        jsonw_u64(&w, "disk_free", (uint64_t)disk.f_bavail * disk.f_frsize);
    }
    jsonw_obj_close(&w);
    strbuf_char(json, ',');
    pipeline_about(s->pipeline, json);
    strbuf_str(json, ",\"connectors\":");
    sender_health(s->senders, json);
}

static enum err connector_test(void *run, const char *name, struct strbuf *answer)
{
    struct serving *s = run;
    char text[PUSH_TEXT_MAX];
    enum err err = sender_test(s->connectors, name, clock_now_ns(), text);

    strbuf_str(answer, text);
    return err;
}

/* In the transaction of a batch: what operations centres are told of an incident. */
static enum err tell(void *ctx, struct store *store, const struct incident *incident,
                     const char *kind)
{
    struct serving *s = ctx;

    s->told = s->told || kind;
    return kind ? connectors_queue(s->connectors, store, incident, kind, clock_now_ns()) : ERR_OK;
}

/* In the transaction of a person's change. */
static enum err tell_change(void *run, struct store *store, const struct incident *incident)
{
    struct serving *s = run;
    return connectors_queue_change(s->connectors, store, incident, clock_now_ns());
}

/* A connector that does not work is said, and holds up nothing else. */
static bool read_connectors(struct serving *s)
{
    enum err err = connectors_new(s->plan->conf, &s->connectors, &s->report);

    pipeline_tell(s->pipeline, tell, s);
    return err == ERR_OK;
}

static bool reload_rules(void *run, struct strbuf *json)
{
    struct serving *s = run;
    return rulebook_reload(s->rulebook, RELOAD_WAIT_S * CLOCK_S, json);
}

static void list_rules(void *run, struct strbuf *json)
{
    struct serving *s = run;
    rulebook_list(s->rulebook, json);
}

static bool start_http(struct serving *s)
{
    char fault[HTTP_FAULT_MAX] = "";

    if (!s->plan->listen)
        return true;
    s->services = (struct services){.conf = s->plan->conf,
                                    .store = s->store,
                                    .hub = s->hub,
                                    .attack = s->attack,
                                    .listen = s->plan->listen,
                                    .dashboard_dir = conf_text(s->plan->conf, "api.dashboard"),
                                    .data_dir = s->plan->data_dir,
                                    .health = health,
                                    .incident_changed = tell_change,
                                    .reload_rules = reload_rules,
                                    .list_rules = list_rules,
                                    .about = about,
                                    .connector_test = connector_test,
                                    .run = s};
    if (http_start(&s->services, &s->http, fault) == ERR_OK)
        return true;
    log_say(LOG_FAULT, "%s", fault);
    return false;
}

/* ---- the loop */

/* Waits for a signal; true when it says to stop. */
static bool asked_to_stop(struct serving *s, const struct timespec *wait)
{
    int signal = sigtimedwait(&s->signals, NULL, wait);

    s->reread = s->reread || signal == SIGHUP;
    return signal > 0 && signal != SIGHUP;
}

static void reload(struct serving *s)
{
    char line[200];

    if (!s->reread && !rulebook_wanted(s->rulebook))
        return;
    s->reread = false;
    sdnotify_reloading(clock_mono_ns());
    pipeline_reload(s->pipeline, &s->report);
    say_report(&s->report);
    rulebook_line(s->rulebook, line, sizeof(line));
    log_say(LOG_NOTE, "%s", line);
    sdnotify_ready();
}

static void tick(struct serving *s)
{
    uint64_t mono = clock_mono_ns();

    if (mono < s->tick_ns)
        return;
    s->tick_ns = mono + CLOCK_S / 4;
    if (!s->cluster || cluster_keeps(s->cluster))
        (void)pipeline_tick(s->pipeline, clock_now_ns(), mono);
    if (s->cluster)
        sender_allow(s->senders, cluster_pushes(s->cluster));
    sdnotify_alive();
}

/* The store works again after a while, or never; the sources wait meanwhile. True: stop. */
static bool back_off(struct serving *s)
{
    struct timespec wait;

    s->back_off_ns = s->back_off_ns ? 2 * s->back_off_ns : BACK_OFF_FIRST_MS * CLOCK_MS;
    if (s->back_off_ns > BACK_OFF_MAX_MS * CLOCK_MS)
        s->back_off_ns = BACK_OFF_MAX_MS * CLOCK_MS;
    wait.tv_sec = (time_t)(s->back_off_ns / CLOCK_S);
    wait.tv_nsec = (long)(s->back_off_ns % CLOCK_S);
    sdnotify_alive();
    return asked_to_stop(s, &wait);
}

/* Stores what was taken off the queue; false: asked to stop while the store refused. */
static bool store_messages(struct serving *s, struct message *list)
{
    enum err err;

    while ((err = pipeline_messages(s->pipeline, &list)) != ERR_OK) {
        if (err != ERR_DENIED && !s->stopping && !back_off(s))
            continue;
        ingest_free_all(&list);   /* not acknowledged: it will be sent, or read, again */
        return err == ERR_DENIED; /* somebody else keeps now, and does it */
    }
    if (s->back_off_ns)
        log_say(LOG_NOTE, "the store works again");
    s->back_off_ns = 0;
    if (s->told)
        sender_wake(s->senders);
    s->told = false;
    return true;
}

static bool pushed(struct serving *s, uint64_t since_ns)
{
    int64_t waiting = 0;
    uint64_t bytes;

    if (ingest_waiting(s->queue, &bytes) > 0)
        return false;
    if (db_outbox_waiting(s->store, NULL, &waiting) != ERR_OK || waiting == 0)
        return true;
    if (clock_mono_ns() - since_ns < PUSH_WAIT_S * CLOCK_S)
        return false;
    log_say(LOG_WARN, "%lld messages to operations centres are not sent yet; they stay queued",
            (long long)waiting);
    return true;
}

static void work(struct serving *s)
{
    static const struct timespec now = {0, 0};
    uint64_t done_ns = 0, bytes = 0;

    while (!asked_to_stop(s, &now)) {
        reload(s);
        struct message *list = ingest_take(s->queue, TAKE_BYTES, WAIT_MS * CLOCK_MS);
        if (!store_messages(s, list))
            return;
        tick(s);
        if (!s->plan->once || pipeline_files_done(s->pipeline) < 0)
            continue;
        if (!s->over && ingest_waiting(s->queue, &bytes) == 0)
            s->over = pipeline_end(s->pipeline) == ERR_OK;
        done_ns = done_ns ? done_ns : clock_mono_ns();
        if (pushed(s, done_ns))
            return;
    }
}

/* Sensors hear us through the broker, whichever it is. */
static void work_in_cluster(struct serving *s)
{
    static const struct timespec now = {0, 0};
    struct source *source = s->n_sources ? &s->sources[0] : NULL;

    while (!asked_to_stop(s, &now)) {
        reload(s);
        if (!store_messages(s, cluster_take(s->cluster, source)))
            return;
        tick(s);
    }
}

/* What was read already is stored; nothing new comes in. */
static void drain(struct serving *s)
{
    struct message *list;

    s->stopping = true;
    ingest_close(s->queue);
    if (s->cluster) {
        cluster_end(s->cluster);
        return;
    }
    while ((list = ingest_take(s->queue, TAKE_BYTES, 0)))
        if (!store_messages(s, list))
            return;
}

static void close_all(struct serving *s)
{
    http_stop(&s->http);
    sender_stop(&s->senders);
    clickhouse_stop(&s->clickhouse);
    for (uint32_t i = 0; i < s->n_sources; i++)
        s->sources[i].def->stop(s->sources[i].self);
    if (s->cluster)
        cluster_end(s->cluster);
    cluster_free(&s->cluster);
    pipeline_free(&s->pipeline);
    connectors_free(&s->connectors);
    attack_free(&s->attack);
    ingest_queue_free(&s->queue);
    hub_free(&s->hub);
    rulebook_free(&s->rulebook);
    store_close(&s->memory);
    store_close(&s->store);
    if (s->lock >= 0)
        close(s->lock);
    strbuf_fini(&s->report);
}

/* False: it was asked for, and cannot be. */
static bool join_cluster(struct serving *s)
{
    enum err err = cluster_new(s->plan->conf, s->plan->data_dir, s->store, &s->cluster, &s->report);

    if (err == ERR_NOTFOUND)
        return true;
    if (!err)
        err = cluster_start(s->cluster, s->queue, s->pipeline, s->hub, &s->report);
    say_report(&s->report);
    return err == ERR_OK;
}

static int run(struct serving *s)
{
    bool alone = !conf_bool(s->plan->conf, "cluster.enabled");

    (void)sender_start(s->connectors, s->store, alone, &s->senders, &s->report);
    (void)clickhouse_start(s->plan->conf, s->store, &s->clickhouse, &s->report);
    say_report(&s->report);
    if (!join_cluster(s) || !start_sources(s) || !start_http(s)) {
        ingest_close(s->queue);
        return 2;
    }
    if (s->plan->listen)
        log_say(LOG_NOTE, "listening on %s", s->plan->listen);
    sdnotify_ready();
    if (s->cluster)
        work_in_cluster(s);
    else
        work(s);
    sdnotify_stopping();
    drain(s);
    return pipeline_files_done(s->pipeline) > 0 ? 2 : 0;
}

static void load_attack(struct serving *s)
{
    const char *path = conf_text(s->plan->conf, "enrich.attack");

    if (*path)
        (void)attack_load(path, &s->attack, &s->report);
    strbuf_clear(&s->report); /* the enricher reads the same file and says it */
}

int serve_run(const struct serve_plan *plan)
{
    struct serving s = {.plan = plan, .started_ns = clock_mono_ns(), .lock = -1};
    int status = 2;

    sigemptyset(&s.signals);
    sigaddset(&s.signals, SIGTERM);
    sigaddset(&s.signals, SIGINT);
    sigaddset(&s.signals, SIGHUP);
    strbuf_init(&s.report, 1 << 20);
    if (open_store(&s)) {
        s.queue = ingest_queue_new();
        s.hub = hub_new();
        s.rulebook = rulebook_new();
        load_attack(&s);
        enum err err = pipeline_new(plan->conf, s.store, s.queue, s.hub, s.attack, s.rulebook,
                                    &s.pipeline, &s.report);
        if (s.pipeline && !read_connectors(&s) && !err)
            err = ERR_INPUT;
        if (plan->check && conf_bool(plan->conf, "cluster.enabled"))
            (void)cluster_possible(plan->conf, s.store, &s.report);
        bool findings = say_report(&s.report);
        if (s.pipeline && plan->check)
            status = findings || err ? 1 : 0;
        else if (s.pipeline && accounts_first(s.store))
            status = run(&s);
    }
    close_all(&s);
    return status;
}

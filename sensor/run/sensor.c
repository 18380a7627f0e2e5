/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/sensor.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/pages.h"
#include "common/sdnotify.h"
#include "sensor/run/confine.h"
#include "sensor/run/control.h"
#include "sensor/run/metrics.h"
#include "sensor/run/progress.h"
#include "sensor/run/reload.h"
#include "sensor/run/summary.h"
#include "sensor/run/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { END_ROUNDS = 32, END_FRAMES = 8192 }; /* rounds at the end; frames of one at least */

struct sensor {
    const struct sensor_plan *plan;
    struct settings_shares shares;
    struct pages_heap heap;
    const struct ruleset *ruleset; /* in force; owned by `reload` */
    struct reload *reload;         /* NULL: no rules */
    struct front *front;
    struct tail *tail;
    struct worker *worker[WORKERS_MAX];
    struct rounds rounds;
    bool rounds_ready;
    struct board *board; /* NULL: a replay that nobody asks */
    struct doors *doors;
    int signals;
    uint64_t alive_ns;
    uint64_t end_before, end_ns; /* all input is read: how far the flows have ended, and when */
    struct stats end_stats;      /* the front's counters then */
    struct progress progress;
};

/* One line each, as the parts wrote them. */
static void say_report(enum log_level level, const struct strbuf *report)
{
    struct slice rest = strbuf_view(report);

    while (rest.len) {
        int64_t end = slice_find_byte(rest, '\n');
        uint32_t len = end < 0 ? rest.len : (uint32_t)end;
        if (len)
            log_say(level, "%.*s", (int)len, (const char *)rest.at);
        rest = slice_from(rest, len + 1);
    }
}

/* ---- putting together --------------------------------------------------------------------- */

/* Nobody reads that a rule sleeps unless it is said: once, with the first example. */
static void say_quarantined(const struct ruleset *ruleset)
{
    uint32_t n = 0;
    const struct quarantined *q = ruleset_quarantined(ruleset, &n);

    if (n)
        log_say(LOG_WARN, "%u of %u rules are put aside, first %s:%u: %s; -T lists all of them", n,
                n + ruleset_rules(ruleset), q[0].file, q[0].line, q[0].reason);
}

static enum err load_rules(struct sensor *s)
{
    struct strbuf report;

    if (!s->plan->rules || !s->plan->rules[0])
        return ERR_OK;
    strbuf_init(&report, 1 << 20);
    struct ruleset *ruleset = NULL;
    enum err err = ruleset_load(s->plan->conf, s->plan->rules, &ruleset, &report);
    say_report(err ? LOG_FAULT : LOG_WARN, &report);
    strbuf_fini(&report);
    if (err)
        return err;
    s->ruleset = ruleset;
    s->reload = reload_new(s->plan->conf, s->plan->rules, ruleset);
    if (!s->reload)
        return ERR_NOMEM;
    say_quarantined(ruleset);
    if (ruleset_rules(s->ruleset) == 0)
        log_say(LOG_WARN, "rules: none in force; is %s the directory of the .rules files?",
                s->plan->rules[0]);
    return err;
}

static enum err open_tail(struct sensor *s)
{
    struct strbuf report;
    struct tail_plan plan = {
        .conf = s->plan->conf,
        .ruleset = s->ruleset,
        .ifaces = s->plan->ifaces,
        .sensor = conf_text(s->plan->conf, "sensor.name"),
        .dir = s->plan->dir,
        .replay = s->plan->replay != NULL,
        .workers = s->shares.workers,
        .board = s->board,
        .reload = s->reload,
        .explain = s->plan->explain,
    };

    strbuf_init(&report, 1 << 20);
    enum err err = tail_new(&plan, &s->tail, &report);
    say_report(err ? LOG_FAULT : LOG_WARN, &report);
    strbuf_fini(&report);
    return err;
}

static enum err open_workers(struct sensor *s)
{
    struct worker_plan plan = {
        .conf = s->plan->conf,
        .ruleset = s->ruleset,
        .sensor = conf_text(s->plan->conf, "sensor.name"),
        .ifaces = s->plan->ifaces,
        .flow_bytes = s->shares.flow_bytes,
        .workers = s->shares.workers,
        .explain = s->plan->explain,
    };

    const char *const *replay = s->plan->replay;
    if (replay && replay[0] && !replay[1])
        plan.file_name = replay[0];
    while (plan.ifaces && plan.ifaces[plan.n_ifaces])
        plan.n_ifaces++;
    for (uint32_t i = 0; i < s->shares.workers; i++) {
        s->worker[i] = worker_new(&plan);
        if (!s->worker[i])
            return ERR_NOMEM;
    }
    return ERR_OK;
}

/* Where sessions have shares of the machine (sched(7), autogroup) nice only counts within one: a
 * service, which is a session, goes before others as such. */
static void session_before_others(int wanted)
{
    int fd = getsid(0) == getpid() ? open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC) : -1;

    if (fd < 0)
        return;
    dprintf(fd, "%d", wanted);
    close(fd);
}

/* A ring bridges what its size allows, an alert waits for its turn: before other programs, where
 * that is allowed. Threads that are started later inherit it. */
static void go_before_others(const struct conf *conf)
{
    int wanted = -(int)conf_int(conf, "capture.priority");

    errno = 0;
    if (wanted >= 0)
        return;
    if (getpriority(PRIO_PROCESS, 0) > wanted && errno == 0)
        (void)setpriority(PRIO_PROCESS, 0, wanted);
    session_before_others(wanted);
}

static enum err open_front(struct sensor *s)
{
    struct capture_fault fault = {""};
    struct front_plan plan = {
        .conf = s->plan->conf,
        .replay = s->plan->replay,
        .ifaces = s->plan->ifaces,
        .speed = s->plan->speed,
        .workers = s->shares.workers,
    };
    enum err err = front_new(&plan, &s->front, &fault);

    if (err)
        log_say(LOG_FAULT, "%s", fault.text[0] ? fault.text : err_text(err));
    else if (plan.ifaces && plan.ifaces[0])
        go_before_others(s->plan->conf);
    return err;
}

static enum err make_dir(const char *dir)
{
    if (mkdir(dir, 0750) == 0 || errno == EEXIST)
        return ERR_OK;
    log_say(LOG_FAULT, "directory %s cannot be made: %s", dir, strerror(errno));
    return ERR_IO;
}

static enum err derive(struct sensor *s)
{
    struct strbuf report;

    strbuf_init(&report, 1 << 16);
    enum err err = settings_derive(s->plan->conf, &s->shares, &report);
    say_report(LOG_FAULT, &report);
    strbuf_fini(&report);
    return err;
}

/* A path of the configuration: relative ones lie in the directory of the run. */
static void place(const struct sensor *s, const char *name, char *path, size_t room)
{
    if (*name == '/')
        snprintf(path, room, "%s", name);
    else
        snprintf(path, room, "%s/%s", s->plan->dir, name);
}

/* Who cannot be asked still works: only the resident service is nothing without its socket. */
static enum err open_doors(struct sensor *s)
{
    const char *control = conf_text(s->plan->conf, "control.socket");
    const char *metrics = conf_text(s->plan->conf, "metrics.listen");
    enum err err = ERR_OK;
    struct strbuf fault;
    char path[4096];

    s->board = board_new(conf_text(s->plan->conf, "sensor.name"), s->plan->dir, s->plan->serve,
                         clock_mono_ns());
    s->doors = doors_new();
    if (!s->board || !s->doors)
        return ERR_NOMEM;
    board_set_reload(s->board, s->reload);
    strbuf_init(&fault, 1024);
    if (*control) {
        place(s, control, path, sizeof(path));
        err = doors_add_unix(s->doors, path, control_line, s->board, &fault);
    }
    if (err)
        log_say(s->plan->serve ? LOG_FAULT : LOG_WARN, "%s", fault.at);
    strbuf_clear(&fault);
    if (*metrics && doors_add_tcp(s->doors, metrics, metrics_line, s->board, &fault) != ERR_OK)
        log_say(LOG_WARN, "%s", fault.at);
    strbuf_fini(&fault);
    return s->plan->serve ? err : ERR_OK;
}

/* SIGINT and SIGTERM end the input; the rest is worked off. SIGHUP: the files were rotated, the
 * rules may be others; SIGUSR2: the rules only, as Suricata takes it. */
static int open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* True when the input shall end. */
static bool take_signals(const struct sensor *s, bool *reopen)
{
    struct signalfd_siginfo info;
    bool stop = s->board && board_stopping(s->board);

    while (s->signals >= 0 && read(s->signals, &info, sizeof(info)) == sizeof(info)) {
        bool rules = info.ssi_signo == SIGHUP || info.ssi_signo == SIGUSR2;
        stop = stop || !rules;
        if (rules && s->reload)
            reload_ask(s->reload);
        *reopen = *reopen || info.ssi_signo == SIGHUP;
    }
    return stop;
}

/* The service manager hears of us at most once a second. */
static void tell_alive(struct sensor *s)
{
    uint64_t now = clock_mono_ns();

    if (now - s->alive_ns < CLOCK_S)
        return;
    s->alive_ns = now;
    sdnotify_alive();
}

/* What reads, works and writes: of a whole run, or of one capture of the resident service. */
static enum err open_path(struct sensor *s)
{
    enum err err = open_workers(s);

    if (!err)
        err = open_tail(s);
    if (!err) {
        err = rounds_init(&s->rounds, s->shares.workers);
        s->rounds_ready = true;
    }
    return err;
}

static void close_path(struct sensor *s)
{
    if (s->rounds_ready)
        rounds_fini(&s->rounds);
    s->rounds_ready = false;
    for (uint32_t i = 0; i < WORKERS_MAX; i++)
        worker_free(&s->worker[i]);
    front_free(&s->front);
    tail_free(&s->tail);
}

static size_t ready_bytes(const struct conf *conf)
{
    enum { SHARE = 8 };
    size_t share = conf_size(conf, "memory") / SHARE, ready = conf_size(conf, "memory.ready");

    return ready < share ? ready : share;
}

static enum err sensor_open(struct sensor *s)
{
    bool live = s->plan->ifaces && s->plan->ifaces[0];
    bool asked = live || s->plan->serve;
    enum err err = derive(s);

    s->signals = -1;
    pages_heap_begin(&s->heap);
    if (!err)
        err = make_dir(s->plan->dir);
    if (!err && !s->plan->serve)
        err = open_front(s);
    if (!err)
        err = load_rules(s);
    if (!err && asked)
        err = open_doors(s);
    if (!err && !s->plan->serve)
        err = open_path(s);
    pages_heap_settle(&s->heap, ready_bytes(s->plan->conf));
    if (!err)
        s->signals = open_signals();
    if (!err)
        err = confine(s->plan->conf, s->plan->dir, live, asked);
    if (!err && asked)
        err = doors_start(s->doors);
    return err;
}

static void sensor_close(struct sensor *s)
{
    doors_free(&s->doors);
    close_path(s);
    stats_fini(&s->end_stats);
    board_free(&s->board);
    reload_free(&s->reload);
    if (s->signals >= 0)
        close(s->signals);
}

/* ---- running ------------------------------------------------------------------------------ */

/* The rules from this round on. */
static void take_rules(struct sensor *s, struct round *round)
{
    const struct strbuf *told;

    if (!s->reload)
        return;
    s->ruleset = round->ruleset = reload_current(s->reload, front_state(s->front).packets, &told);
    if (told)
        strbuf_slice(&round->rules_told, strbuf_view(told));
}

/* All input is read: flows end, those that began first in the first round. */
static bool end_round(struct sensor *s, struct round *round)
{
    uint64_t frames = front_state(s->front).packets;
    uint64_t step = frames / END_ROUNDS > END_FRAMES ? frames / END_ROUNDS : END_FRAMES;

    s->end_before += step;
    round->last = s->end_before > frames;
    round->end_before = s->end_before;
    round->last_ns = s->end_ns;
    round->ruleset = s->ruleset;
    if (!round->last)
        return true;
    round->want_stats = true;
    stats_fini(&round->stats);
    stats_sum(&round->stats, &s->end_stats);
    stats_fini(&s->end_stats);
    s->end_before = 0; /* a service reads the next capture */
    return false;
}

/* Nothing more to read: what the last round with packets knows goes to the last of all. */
static void begin_end(struct sensor *s, struct round *round)
{
    s->end_before = 1;
    s->end_ns = round->last_ns;
    stats_sum(&s->end_stats, &round->stats);
    round->want_stats = round->tell_stats = false;
}

/* One round of input; false after the last. */
static bool read_round(struct sensor *s, struct round *round)
{
    if (s->end_before)
        return end_round(s, round);
    take_rules(s, round);
    pages_heap_look(&s->heap);
    bool more = front_fill(s->front, round, take_signals(s, &round->reopen));

    if (!s->plan->replay)
        tell_alive(s);
    if (!more)
        begin_end(s, round);
    progress_show(&s->progress, front_state(s->front));
    return true;
}

static void do_job(struct sensor *s, struct round_job *job)
{
    switch (job->task) {
    case ROUND_START:
        break;
    case ROUND_READ:
        job->more = read_round(s, job->round);
        break;
    case ROUND_WORK:
        worker_round(s->worker[job->worker], job->round, &job->round->part[job->worker]);
        break;
    case ROUND_TELL:
        tail_round(s->tail, job->round);
        break;
    }
}

struct path_thread {
    struct sensor *sensor;
    uint32_t index;
};

static void *run_thread(void *context)
{
    const struct path_thread *me = context;
    struct round_job job = {0};

    while (rounds_next(&me->sensor->rounds, me->index, &job))
        do_job(me->sensor, &job);
    return NULL;
}

static void must_start(pthread_t *thread, void *(*run)(void *), void *context)
{
    if (pthread_create(thread, NULL, run, context) == 0)
        return;
    log_say(LOG_FAULT, "a thread cannot be started: %s", strerror(errno));
    exit(2);
}

/* One thread for each worker; this one is the first. */
static void run_path(struct sensor *s)
{
    pthread_t thread[WORKERS_MAX];
    struct path_thread me[WORKERS_MAX];

    for (uint32_t i = 0; i < s->shares.workers; i++) {
        me[i] = (struct path_thread){s, i};
        if (i)
            must_start(&thread[i], run_thread, &me[i]);
    }
    run_thread(&me[0]);
    for (uint32_t i = 1; i < s->shares.workers; i++)
        pthread_join(thread[i], NULL);
}

static void take_top(const struct sensor *s, struct sensor_result *result)
{
    struct tail_rule_count top[5];
    uint32_t n = tail_top_rules(s->tail, top, 5);

    result->n_top = n;
    for (uint32_t i = 0; i < n; i++) {
        result->top[i].sid = top[i].rule->sid;
        result->top[i].alerts = top[i].alerts;
        strncpy(result->top[i].msg, top[i].rule->msg, sizeof(result->top[i].msg) - 1);
    }
}

int sensor_run(const struct sensor_plan *plan, struct sensor_result *result)
{
    struct sensor *s = calloc(1, sizeof(*s));
    int status = 2;

    memset(result, 0, sizeof(*result));
    if (!s)
        return status;
    s->plan = plan;
    uint64_t start = clock_mono_ns();
    if (sensor_open(s) == ERR_OK) {
        progress_start(&s->progress, plan->quiet || !plan->replay);
        sdnotify_ready();
        run_path(s);
        sdnotify_stopping();
        result->front = front_state(s->front);
        result->tail = tail_state(s->tail);
        if (s->ruleset) {
            result->rules = ruleset_rules(s->ruleset);
            ruleset_quarantined(s->ruleset, &result->quarantined);
        }
        take_top(s, result);
        if (plan->ended)
            plan->ended(plan->context, s->ruleset);
        status = result->front.failed ? 2 : 0;
    }
    sensor_close(s);
    result->run_ns = clock_mono_ns() - start;
    progress_end(&s->progress);
    free(s);
    return status;
}

/* ---- the resident service ----------------------------------------------------------------- */

/* One capture, as a run of its own would take it: only the rules are there already. */
static void run_job(struct sensor *s, struct job *job)
{
    const char *const replay[] = {job->file, NULL};
    const struct sensor_plan *service = s->plan;
    struct sensor_plan plan = *service;
    uint64_t start = clock_mono_ns();

    if (!job->dir[0])
        snprintf(job->dir, sizeof(job->dir), "%s/job-%llu", service->dir,
                 (unsigned long long)job->id);
    plan.replay = replay;
    plan.dir = job->dir;
    plan.quiet = true;
    s->plan = &plan;
    enum err err = make_dir(job->dir);
    if (!err)
        err = open_front(s);
    if (!err)
        err = open_path(s);
    if (!err) {
        run_path(s);
        job->packets = front_state(s->front).packets;
        job->events = tail_state(s->tail).events;
        job->alerts = tail_state(s->tail).alerts;
    }
    job->state = err || front_state(s->front).failed ? JOB_FAILED : JOB_DONE;
    if (job->state == JOB_FAILED)
        snprintf(job->why, sizeof(job->why), "%s",
                 err ? "its directory or memory could not be had; see the log"
                     : front_fault(s->front));
    close_path(s);
    if (s->reload)
        reload_settled(s->reload, s->ruleset);
    s->plan = service;
    job->run_ns = clock_mono_ns() - start;
    log_say(LOG_NOTE, "%s: %s, %llu packets, %llu alerts", job->file,
            job->state == JOB_DONE ? "done" : "failed", (unsigned long long)job->packets,
            (unsigned long long)job->alerts);
}

static void wait_for_jobs(struct sensor *s)
{
    struct pollfd at[] = {{.fd = s->signals, .events = POLLIN},
                          {.fd = board_fd(s->board), .events = POLLIN}};
    bool unused = false;

    poll(at, 2, s->reload ? 100 : 1000);
    if (take_signals(s, &unused))
        board_stop(s->board);
    if (s->reload) { /* between two captures nobody holds rules */
        const struct strbuf *told;
        s->ruleset = reload_current(s->reload, 0, &told);
        reload_settled(s->reload, s->ruleset);
    }
    tell_alive(s);
}

int sensor_serve(const struct sensor_plan *plan)
{
    struct sensor *s = calloc(1, sizeof(*s));
    int status = 2;

    if (!s)
        return status;
    s->plan = plan;
    if (sensor_open(s) == ERR_OK) {
        struct job *job = calloc(1, sizeof(*job));
        progress_start(&s->progress, true);
        sdnotify_ready();
        log_say(LOG_NOTE, "ready: %u rules; captures are taken at %s",
                s->ruleset ? ruleset_rules(s->ruleset) : 0,
                conf_text(plan->conf, "control.socket"));
        while (job && !board_stopping(s->board)) {
            if (board_take_job(s->board, job)) {
                run_job(s, job);
                board_end_job(s->board, job);
            } else {
                wait_for_jobs(s);
            }
        }
        sdnotify_stopping();
        free(job);
        status = 0;
    }
    sensor_close(s);
    free(s);
    return status;
}

int sensor_check(const struct sensor_plan *plan)
{
    struct sensor *s = calloc(1, sizeof(*s));
    uint32_t quarantined = 0;
    const struct quarantined *bad = NULL;

    if (!s)
        return 2;
    s->plan = plan;
    s->signals = -1;
    bool failed = derive(s) != ERR_OK;
    failed = make_dir(plan->dir) != ERR_OK || failed;
    failed = load_rules(s) != ERR_OK || failed;
    if (s->ruleset)
        bad = ruleset_quarantined(s->ruleset, &quarantined);
    for (uint32_t i = 0; i < quarantined; i++)
        log_say(LOG_FAULT, "%s:%u:%u: sid %u: %s", bad[i].file, bad[i].line, bad[i].column,
                bad[i].sid, bad[i].reason);
    struct strbuf report;
    struct devices *devices = NULL;
    strbuf_init(&report, 1 << 20);
    struct stats stats = {0};
    failed = devices_new(plan->conf, &stats, &devices, &report) != ERR_OK || failed;
    failed = failed || report.len > 0 || quarantined > 0;
    say_report(LOG_FAULT, &report);
    log_say(LOG_NOTE, "%u rules are good, %u are not", s->ruleset ? ruleset_rules(s->ruleset) : 0,
            quarantined);
    devices_free(&devices);
    stats_fini(&stats);
    strbuf_fini(&report);
    sensor_close(s);
    free(s);
    return failed ? 1 : 0;
}

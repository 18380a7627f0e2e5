/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/reload.h"
#include "common/clock.h"
#include "common/jsonw.h"
#include "common/log.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

const struct option reload_options[] = {
    {"detect.reload-at", CONF_INT, "0",
     "Replay: load the rules again when so many frames were read; 0 = never"},
    OPTION_END,
};

enum { NICE = 10, FEW = 10, REPORT_MAX = 64 * 1024 };

/** LOADED: waits for the packet tier. HANDED: waits for the host tier. */
enum stage { IDLE, ASKED, LOADED, HANDED };

struct reload {
    const struct conf *conf;
    const char *const *paths;
    uint64_t at_frame; /* 0 = none */
    pthread_t thread;
    bool started;
    struct strbuf handed; /* the packet tier's */
    pthread_mutex_t held; /* before `lock`: a set somebody holds is not freed */
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t change;
    enum stage stage;
    bool again, ending;
    struct ruleset *now, *next;
    uint64_t tried;       /* reloads that came to an end */
    bool refused, untold; /* of the last one */
    struct strbuf told;   /* what it says of itself */
};

struct reload *reload_new(const struct conf *conf, const char *const *paths,
                          struct ruleset *ruleset)
{
    struct reload *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    r->conf = conf;
    r->paths = paths;
    r->now = ruleset;
    r->at_frame = (uint64_t)conf_int(conf, "detect.reload-at");
    strbuf_init(&r->told, REPORT_MAX);
    strbuf_init(&r->handed, REPORT_MAX);
    pthread_mutex_init(&r->held, NULL);
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&r->change, &attr);
    pthread_condattr_destroy(&attr);
    return r;
}

/* ---- loading ------------------------------------------------------------------------------ */

/* Why the running set has to stay; NULL: it need not. */
static const char *fault_of(const struct ruleset *now, const struct ruleset *next,
                            const struct ruleset_change *change)
{
    if (ruleset_rules(next) == 0 && ruleset_rules(now) > 0)
        return "no rule would be in force";
    if (change->broken && change->removed >= FEW &&
        (uint64_t)change->removed * 10 > ruleset_rules(now))
        return "files are damaged: lines cannot be read and over a tenth of the rules would go";
    return NULL;
}

static void say_result(const char *fault, const struct ruleset_change *c, uint32_t rules)
{
    if (fault)
        log_say(LOG_FAULT, "rules were not loaded again, the running ones stay: %s", fault);
    else
        log_say(LOG_NOTE,
                "rules are loaded again: %u in force; %u added, %u removed, %u modified, %u put "
                "aside",
                rules, c->added, c->removed, c->modified, c->broken);
}

static struct slice first_line(struct slice all)
{
    int64_t end = slice_find_byte(all, '\n');

    return end < 0 ? all : slice_head(all, (uint32_t)end);
}

static void write_worst(struct jsonw *w, const struct ruleset *next)
{
    uint32_t n = 0;
    const struct quarantined *bad = ruleset_quarantined(next, &n);

    if (!n)
        return;
    jsonw_obj_open(w, "first_fault");
    jsonw_str(w, "file", bad[0].file);
    jsonw_u64(w, "line", bad[0].line);
    jsonw_str(w, "reason", bad[0].reason);
    jsonw_obj_close(w);
}

/* Loads; what is to be told goes to `told`. NULL: refused. */
static struct ruleset *load(const struct reload *r, const struct ruleset *now, struct strbuf *told)
{
    struct ruleset *next = NULL;
    struct ruleset_change change = {0};
    const char *fault = NULL;
    struct strbuf report;
    struct jsonw w;

    strbuf_init(&report, REPORT_MAX);
    jsonw_init(&w, told);
    jsonw_obj_open(&w, NULL);
    if (ruleset_reload(r->conf, r->paths, now, &next, &report) != ERR_OK) {
        strbuf_char(&report, '\0');
        fault = report.len > 1 ? report.at : "files cannot be read, or there is no memory";
    } else {
        change = ruleset_changes(now, next, NULL);
        fault = fault_of(now, next, &change);
    }
    jsonw_str(&w, "state", fault ? "refused" : "in_force");
    jsonw_u64(&w, "generation", ruleset_generation(fault ? now : next));
    jsonw_u64(&w, "rules", ruleset_rules(fault ? now : next));
    if (fault)
        jsonw_text(&w, "why", first_line(slice_of_str(fault)));
    if (next) {
        (void)ruleset_changes(now, next, &w);
        write_worst(&w, next);
    }
    jsonw_obj_close(&w);
    say_result(fault, &change, next ? ruleset_rules(next) : 0);
    strbuf_fini(&report);
    if (fault)
        ruleset_free(&next);
    return next;
}

/* Under the lock: the result of a load waits for the packet tier. */
static void publish(struct reload *r, struct ruleset *next, struct strbuf *told)
{
    strbuf_clear(&r->told);
    strbuf_slice(&r->told, strbuf_view(told));
    r->untold = true;
    r->refused = next == NULL;
    r->next = next;
    r->stage = next ? LOADED : IDLE;
    r->tried += next == NULL;
    pthread_cond_broadcast(&r->change);
}

static void load_one(struct reload *r)
{
    struct strbuf told;

    strbuf_init(&told, REPORT_MAX);
    struct ruleset *next = load(r, r->now, &told); /* nobody else changes `now` meanwhile */
    pthread_mutex_lock(&r->lock);
    publish(r, next, &told);
    pthread_mutex_unlock(&r->lock);
    strbuf_fini(&told);
}

/* Under the lock, which is given back meanwhile: the set that nobody holds any more goes. */
static void drop_old(struct reload *r)
{
    struct ruleset *old = r->next;

    r->next = NULL;
    pthread_mutex_unlock(&r->lock);
    pthread_mutex_lock(&r->held);
    ruleset_free(&old);
    pthread_mutex_unlock(&r->held);
    malloc_trim(0);
    pthread_mutex_lock(&r->lock);
}

static void *run(void *context)
{
    struct reload *r = context;

    (void)setpriority(PRIO_PROCESS, 0, NICE); /* of this thread */
    pthread_mutex_lock(&r->lock);
    while (!r->ending) {
        if (r->stage == ASKED) {
            pthread_mutex_unlock(&r->lock);
            load_one(r);
            pthread_mutex_lock(&r->lock);
        } else if (r->stage == IDLE && r->next) {
            drop_old(r);
        } else if (r->stage == IDLE && r->again) {
            r->again = false;
            r->stage = ASKED;
        } else {
            pthread_cond_wait(&r->change, &r->lock);
        }
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

void reload_free(struct reload **reload)
{
    struct reload *r = *reload;

    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->ending = true;
    pthread_cond_broadcast(&r->change);
    pthread_mutex_unlock(&r->lock);
    if (r->started)
        pthread_join(r->thread, NULL);
    ruleset_free(&r->next);
    ruleset_free(&r->now);
    strbuf_fini(&r->told);
    strbuf_fini(&r->handed);
    pthread_mutex_destroy(&r->held);
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->change);
    free(r);
    *reload = NULL;
}

/* ---- asking ------------------------------------------------------------------------------- */

/* Under the lock. */
static void ask(struct reload *r)
{
    if (!r->started)
        r->started = pthread_create(&r->thread, NULL, run, r) == 0;
    if (r->stage == IDLE && !r->next)
        r->stage = ASKED;
    else
        r->again = true;
    pthread_cond_broadcast(&r->change);
}

void reload_ask(struct reload *r)
{
    pthread_mutex_lock(&r->lock);
    ask(r);
    pthread_mutex_unlock(&r->lock);
}

enum err reload_ask_and_wait(struct reload *r, uint64_t wait_ns, struct strbuf *members)
{
    uint64_t end_ns = clock_mono_ns() + wait_ns;
    struct timespec until = {(time_t)(end_ns / CLOCK_S), (long)(end_ns % CLOCK_S)};
    int timed_out = 0;

    pthread_mutex_lock(&r->lock);
    uint64_t goal = r->tried + (r->stage == IDLE ? 1 : 2);
    ask(r);
    while (r->tried < goal && !timed_out)
        timed_out = pthread_cond_timedwait(&r->change, &r->lock, &until);
    enum err err = timed_out ? ERR_AGAIN : r->refused ? ERR_INPUT : ERR_OK;
    if (r->told.len > 2) /* without its braces */
        strbuf_bytes(members, r->told.at + 1, r->told.len - 2);
    pthread_mutex_unlock(&r->lock);
    return err;
}

const struct ruleset *reload_hold(struct reload *r)
{
    pthread_mutex_lock(&r->held);
    pthread_mutex_lock(&r->lock);
    const struct ruleset *now = r->now;
    pthread_mutex_unlock(&r->lock);
    return now;
}

void reload_let_go(struct reload *r)
{
    pthread_mutex_unlock(&r->held);
}

/* ---- handing on --------------------------------------------------------------------------- */

const struct ruleset *reload_current(struct reload *r, uint64_t frames, const struct strbuf **told)
{
    *told = NULL;
    if (r->at_frame && frames >= r->at_frame) { /* here and now, for the sake of one answer */
        r->at_frame = 0;
        load_one(r);
        pthread_mutex_lock(&r->lock);
        if (!r->started)
            r->started = pthread_create(&r->thread, NULL, run, r) == 0;
        pthread_mutex_unlock(&r->lock);
    }
    pthread_mutex_lock(&r->lock);
    if (r->stage == LOADED) {
        struct ruleset *old = r->now;
        r->now = r->next;
        r->next = old;
        r->stage = HANDED;
    }
    if (r->untold) {
        r->untold = false;
        strbuf_clear(&r->handed);
        if (r->told.len > 2)
            strbuf_bytes(&r->handed, r->told.at + 1, r->told.len - 2);
        *told = &r->handed;
    }
    const struct ruleset *now = r->now;
    pthread_mutex_unlock(&r->lock);
    return now;
}

void reload_settled(struct reload *r, const struct ruleset *ruleset)
{
    pthread_mutex_lock(&r->lock);
    if (r->stage == HANDED && r->now == ruleset) {
        r->stage = IDLE;
        r->tried++;
        pthread_cond_broadcast(&r->change);
    }
    pthread_mutex_unlock(&r->lock);
}

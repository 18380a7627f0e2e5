/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The path with a real store: exactly once whatever is repeated, lost, refused or killed.
 */
#include "analyzer/run/pipeline.h"
#include "analyzer/run/settings.h"
#include "analyzer/store/db_events.h"
#include "analyzer/store/db_groups.h"
#include "analyzer/store/db_sensors.h"
#include "analyzer/store/sql.h"
#include "common/clock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* What the sensor would hear. Shared with a child process. */
struct ear {
    uint64_t acknowledged;
    uint64_t resend_from, resend_to;
    uint32_t acks;
};

static void hear(void *self, uint64_t peer, const struct wire_control *control)
{
    struct ear *ear = self;
    (void)peer;
    if (control->type == WIRE_ACK) {
        ear->acks++;
        ear->acknowledged = control->seq;
    } else if (control->type == WIRE_RESEND) {
        ear->resend_from = control->from;
        ear->resend_to = control->to;
    }
}

static const struct ingest_def deaf = {.name = "unix", .tell = hear};

struct fixture {
    char dir[64];
    struct conf *conf;
    struct store *store;
    struct queue *queue;
    struct hub *hub;
    struct rulebook *rulebook;
    struct pipeline *pipeline;
    struct ear *ear;
    struct source source;
    struct strbuf report;
};

static struct fixture fixture;

static void open_all(struct fixture *f)
{
    char fault[256] = "";
    if (store_open_at("sqlite", f->dir, &f->store, fault, sizeof(fault)))
        fail_msg("%s", fault);
    f->queue = ingest_queue_new();
    f->hub = hub_new();
    f->rulebook = rulebook_new();
    if (pipeline_new(f->conf, f->store, f->queue, f->hub, NULL, f->rulebook, &f->pipeline,
                     &f->report))
        fail_msg("%s", f->report.at);
}

static void close_all(struct fixture *f)
{
    pipeline_free(&f->pipeline);
    hub_free(&f->hub);
    rulebook_free(&f->rulebook);
    ingest_queue_free(&f->queue);
    store_close(&f->store);
}

static int start(void **state)
{
    struct fixture *f = &fixture;
    memset(f, 0, sizeof(*f));
    strcpy(f->dir, "/tmp/tramgac-pipe-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->conf = settings_new();
    strbuf_init(&f->report, 65536);
    conf_set(f->conf, "correlate.rules=", &f->report);
    conf_set(f->conf, "pipeline.batch=100", &f->report);
    f->ear = mmap(NULL, sizeof(*f->ear), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(f->ear != MAP_FAILED);
    f->source = (struct source){&deaf, f->ear};
    open_all(f);
    *state = f;
    return 0;
}

static int finish(void **state)
{
    struct fixture *f = *state;
    char command[96];
    close_all(f);
    conf_free(&f->conf);
    strbuf_fini(&f->report);
    munmap(f->ear, sizeof(*f->ear));
    snprintf(command, sizeof(command), "rm -rf %s", f->dir);
    return system(command);
}

/* Envelope `seq` of 10 alerts, each of the pair that the number chooses. */
static struct message *envelope(struct fixture *f, uint64_t seq)
{
    struct message *m = ingest_message(MESSAGE_ENVELOPE);
    strcpy(m->envelope.sensor, "s1");
    strcpy(m->envelope.site, "ct");
    m->envelope.epoch = 7;
    m->envelope.seq = seq;
    m->envelope.n = 10;
    for (uint64_t i = 0; i < 10; i++)
        strbuf_fmt(&m->bytes,
                   "{\"timestamp\":\"2026-11-20T10:00:%02u.000000+0000\",\"event_type\":\"alert\","
                   "\"src_ip\":\"10.0.0.%u\",\"dest_ip\":\"10.0.1.1\",\"flow_id\":%u,"
                   "\"alert\":{\"gid\":1,\"signature_id\":5,\"signature\":\"x\",\"severity\":3}}\n",
                   (unsigned)(seq % 60), (unsigned)(seq % 7 + 1), (unsigned)(seq * 10 + i));
    m->envelope.lines = strbuf_view(&m->bytes);
    m->source = &f->source;
    return m;
}

static enum err give(struct fixture *f, struct message *list)
{
    enum err err = pipeline_messages(f->pipeline, &list);
    while (list) {
        struct message *m = list;
        list = m->next;
        ingest_free(&m);
    }
    return err;
}

static int64_t number(struct fixture *f, const char *sql)
{
    struct sql *q = sql_start(f->store, sql);
    int64_t n = sql_row(q) ? sql_col_int(q, 0) : -1;
    assert_int_equal(sql_end(q), ERR_OK);
    return n;
}

/* Every envelope 1..n counted once, in groups, sparklines and rollups alike. */
static void assert_counted(struct fixture *f, int64_t envelopes)
{
    int64_t alerts = envelopes * 10;
    assert_int_equal(number(f, "SELECT sum(n) FROM grp"), alerts);
    assert_int_equal(
        number(f, "SELECT (SELECT coalesce(sum(n),0) FROM spark)+sum(hour_n) FROM grp"), alerts);
    assert_int_equal(number(f, "SELECT sum(n) FROM rollup"), alerts);
    assert_int_equal(number(f, "SELECT sum(events) FROM ledger"), alerts);
    assert_int_equal(number(f, "SELECT sum(received) FROM ledger"), envelopes);
    assert_int_equal(number(f, "SELECT count(*) FROM event"),
                     number(f, "SELECT sum(n_kept) FROM grp"));
    /* no row twice */
    assert_int_equal(number(f, "SELECT count(*) FROM event"),
                     number(f, "SELECT count(*) FROM (SELECT DISTINCT epoch,seq,line FROM event)"));
}

static void an_envelope_that_comes_again_is_dropped_and_acknowledged(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(give(f, envelope(f, 1)), ERR_OK);
    assert_int_equal(f->ear->acknowledged, 1);
    assert_int_equal(give(f, envelope(f, 1)), ERR_OK);
    assert_int_equal(f->ear->acks, 2);
    struct message *twice = envelope(f, 2); /* twice in one batch */
    twice->next = envelope(f, 2);
    assert_int_equal(give(f, twice), ERR_OK);
    assert_int_equal(f->ear->acknowledged, 2);
    assert_counted(f, 2);
    assert_int_equal(number(f, "SELECT duplicate FROM ledger"), 2);
}

static void a_hole_is_asked_for_and_filled(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(give(f, envelope(f, 1)), ERR_OK);
    assert_int_equal(give(f, envelope(f, 4)), ERR_OK);
    assert_int_equal(f->ear->acknowledged, 1);
    uint64_t now = clock_now_ns();
    pipeline_tick(f->pipeline, now, 1000 * CLOCK_S);
    assert_int_equal(f->ear->resend_to, 0); /* it may still be under way */
    pipeline_tick(f->pipeline, now, 1001 * CLOCK_S);
    assert_int_equal(f->ear->resend_from, 2);
    assert_int_equal(f->ear->resend_to, 3);
    assert_int_equal(give(f, envelope(f, 3)), ERR_OK);
    assert_int_equal(give(f, envelope(f, 2)), ERR_OK);
    assert_int_equal(f->ear->acknowledged, 4);
    assert_counted(f, 4);
    assert_int_equal(number(f, "SELECT resent FROM ledger"), 2);
}

static struct message *hello(struct fixture *f, uint64_t from, uint64_t to)
{
    struct message *m = ingest_message(MESSAGE_HELLO);
    m->control.type = WIRE_HELLO;
    strcpy(m->control.sensor, "s1");
    strcpy(m->control.site, "ct");
    m->control.epoch = 7;
    m->control.from = from;
    m->control.to = to;
    m->source = &f->source;
    return m;
}

static void what_a_sensor_lost_is_given_up_and_told(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(give(f, envelope(f, 1)), ERR_OK);
    assert_int_equal(give(f, hello(f, 5, 6)), ERR_OK);
    assert_int_equal(f->ear->acknowledged, 4);
    assert_int_equal(number(f, "SELECT given_up FROM ledger"), 3);
    assert_int_equal(number(f, "SELECT highest FROM ledger"), 6);
    assert_int_equal(number(f, "SELECT online FROM sensor"), 1);
}

static void the_past_of_a_sensor_met_for_the_first_time_is_not_missed(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(give(f, hello(f, 1001, 1000)), ERR_OK);
    assert_int_equal(number(f, "SELECT given_up FROM ledger"), 0);
    assert_int_equal(give(f, envelope(f, 1001)), ERR_OK);
    assert_int_equal(f->ear->acknowledged, 1001);
}

static void after_a_restart_the_ledger_goes_on(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(give(f, envelope(f, 1)), ERR_OK);
    assert_int_equal(give(f, envelope(f, 3)), ERR_OK);
    close_all(f);
    open_all(f);
    assert_int_equal(give(f, envelope(f, 1)), ERR_OK);
    assert_int_equal(give(f, envelope(f, 3)), ERR_OK);
    assert_int_equal(give(f, envelope(f, 2)), ERR_OK);
    assert_int_equal(f->ear->acknowledged, 3);
    assert_counted(f, 3);
    assert_int_equal(number(f, "SELECT max(id) FROM event"),
                     number(f, "SELECT count(*) FROM event"));
}

static void a_store_that_refuses_loses_nothing_and_acknowledges_nothing(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(give(f, envelope(f, 1)), ERR_OK);
    /* "database or disk is full": no page more */
    struct sql *q = sql_start(f->store, "PRAGMA max_page_count=1");
    sql_row(q);
    sql_end(q);
    struct message *list = envelope(f, 2);
    struct message **tail = &list->next;
    for (uint64_t seq = 3; seq < 300; seq++) {
        *tail = envelope(f, seq);
        tail = &(*tail)->next;
    }
    assert_int_not_equal(pipeline_messages(f->pipeline, &list), ERR_OK);
    assert_non_null(list);
    uint64_t acknowledged = f->ear->acknowledged;
    assert_int_equal(number(f, "SELECT max(upto) FROM ledger"), acknowledged);
    assert_counted(f, (int64_t)acknowledged);
    struct strbuf health;
    strbuf_init(&health, 0);
    pipeline_health(f->pipeline, &health);
    assert_non_null(strstr(health.at, "full"));
    strbuf_fini(&health);
    q = sql_start(f->store, "PRAGMA max_page_count=1000000");
    sql_row(q);
    sql_end(q);
    assert_int_equal(pipeline_messages(f->pipeline, &list), ERR_OK);
    assert_null(list);
    assert_int_equal(f->ear->acknowledged, 299);
    assert_counted(f, 299);
}

/* A sensor in the child's place: sends from what was acknowledged, a little out of order. When it
 * must be killed it waits for that at its end, should it come so far. */
static void feed_until_killed(struct fixture *f, uint64_t last, bool must_be_killed)
{
    open_all(f);
    uint64_t next = f->ear->acknowledged + 1;
    while (next <= last) {
        uint64_t end = next + 20 <= last + 1 ? next + 20 : last + 1;
        for (uint64_t seq = end; seq-- > next;) /* backwards: ranges beyond upto */
            if (give(f, envelope(f, seq)) != ERR_OK)
                _exit(3);
        if (f->ear->acknowledged + 1 != end)
            _exit(4);
        next = end;
    }
    while (must_be_killed)
        pause();
    close_all(f);
    _exit(0);
}

static void kill_minus_nine_at_any_moment_loses_and_doubles_nothing(void **state)
{
    struct fixture *f = *state;
    enum { ENVELOPES = 800, KILLS = 15 };
    int kills = 0, status = -1;
    srand(3);
    close_all(f);
    while (status != 0) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            feed_until_killed(f, ENVELOPES, kills == 0);
        if (kills < KILLS) {
            nanosleep(&(struct timespec){0, 5000000 + rand() % 150000000}, NULL);
            kills += kill(child, SIGKILL) == 0;
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
            fail_msg("the child ended with %d", WEXITSTATUS(status));
    }
    open_all(f);
    assert_int_equal(f->ear->acknowledged, ENVELOPES);
    assert_counted(f, ENVELOPES);
    assert_int_equal(number(f, "SELECT upto FROM ledger"), ENVELOPES);
}

static void lines_that_are_no_events_do_not_stop_the_others(void **state)
{
    struct fixture *f = *state;
    struct message *m = envelope(f, 1);
    strbuf_str(&m->bytes, "rubbish\n\xff\xfe\n{\"event_type\":7}\n");
    m->envelope.n = 13;
    m->envelope.lines = strbuf_view(&m->bytes);
    assert_int_equal(give(f, m), ERR_OK);
    assert_int_equal(number(f, "SELECT events FROM ledger"), 10);
    assert_int_equal(number(f, "SELECT bad FROM ledger"), 3);
    assert_int_equal(f->ear->acknowledged, 1);
}

static void more_epochs_than_are_remembered_do_not_stop_the_rest(void **state)
{
    struct fixture *f = *state;
    struct message *list = NULL, **tail = &list;
    for (uint64_t epoch = 1; epoch <= 5000; epoch++) {
        *tail = envelope(f, 1);
        (*tail)->envelope.epoch = epoch;
        (*tail)->envelope.n = 0;
        (*tail)->envelope.lines = SLICE_NONE;
        strbuf_clear(&(*tail)->bytes);
        tail = &(*tail)->next;
    }
    assert_int_equal(give(f, list), ERR_OK);
    assert_int_equal(number(f, "SELECT count(*) FROM ledger"), 5000);
    struct message *again = envelope(f, 1); /* forgotten, but the store knows */
    again->envelope.epoch = 1;
    assert_int_equal(give(f, again), ERR_OK);
    assert_int_equal(number(f, "SELECT duplicate FROM ledger WHERE epoch=1"), 1);
    assert_int_equal(number(f, "SELECT count(*) FROM event"), 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_envelope_that_comes_again_is_dropped_and_acknowledged),
        T(a_hole_is_asked_for_and_filled),
        T(what_a_sensor_lost_is_given_up_and_told),
        T(the_past_of_a_sensor_met_for_the_first_time_is_not_missed),
        T(after_a_restart_the_ledger_goes_on),
        T(a_store_that_refuses_loses_nothing_and_acknowledges_nothing),
        T(more_epochs_than_are_remembered_do_not_stop_the_rest),
        T(lines_that_are_no_events_do_not_stop_the_others),
        T(kill_minus_nine_at_any_moment_loses_and_doubles_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

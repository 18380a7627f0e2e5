/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Unix output against an analyzer played by the test's own thread: it stores each envelope
 * once, acknowledges, and misbehaves as told.
 */
#include "common/clock.h"
#include "common/log.h"
#include "sensor/output/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { SEQ_MAX = 100000 };
#define PATIENCE (900 * CLOCK_S) /* a hang ends; what works comes at once */

struct analyzer {
    char path[108];
    int listener;
    _Atomic bool stop;
    pthread_t thread;
    uint32_t hang_up_after; /* envelopes of a connection; 0: never */
    bool silent;            /* acknowledges nothing */
    uint32_t forget_each;   /* drops each n-th envelope and asks for it again; 0: none */
    bool seen[SEQ_MAX];
    uint64_t prefix;
    uint64_t epoch;
    uint64_t events;
    uint64_t shed;
    uint32_t envelopes;
    uint32_t connections;
    uint32_t byes;
};

static void tell(int fd, const struct wire_control *control)
{
    struct strbuf text = {0};
    struct strbuf framed = {0};
    wire_control_build(control, &text);
    wire_frame(strbuf_view(&text), &framed);
    ssize_t n = send(fd, framed.at, framed.len, MSG_NOSIGNAL);
    (void)n;
    strbuf_fini(&text);
    strbuf_fini(&framed);
}

static bool on_message(struct analyzer *a, int fd, struct slice message, uint32_t *of_connection)
{
    struct wire_envelope e;
    struct strbuf room = {0};

    if (wire_is_control(message)) {
        struct wire_control control;
        wire_control_parse(message, &control);
        a->byes += control.type == WIRE_BYE;
        return true;
    }
    assert_int_equal(wire_parse(message, &room, &e), ERR_OK);
    assert_true(e.seq < SEQ_MAX);
    a->envelopes++;
    ++*of_connection;
    a->epoch = e.epoch;
    bool forget = a->forget_each && a->envelopes % a->forget_each == 0;
    if (!a->seen[e.seq] && !forget) {
        a->seen[e.seq] = true;
        a->events += e.n;
        a->shed += e.shed;
        while (a->seen[a->prefix + 1])
            a->prefix++;
    }
    strbuf_fini(&room);
    if (!a->silent && a->prefix)
        tell(fd, &(struct wire_control){.type = WIRE_ACK, .epoch = a->epoch, .seq = a->prefix});
    if (e.seq > a->prefix + 1)
        tell(fd,
             &(struct wire_control){
                 .type = WIRE_RESEND, .epoch = a->epoch, .from = a->prefix + 1, .to = e.seq - 1});
    return !a->hang_up_after || *of_connection < a->hang_up_after;
}

/* Waits for something to read; false when told to stop and all that was sent before is read. */
static bool waits(struct analyzer *a, int fd)
{
    for (;;) {
        bool last = atomic_load(&a->stop);
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, last ? 0 : 20) > 0)
            return true;
        if (last)
            return false;
    }
}

static void serve(struct analyzer *a, int fd)
{
    struct wire_framer framer;
    uint32_t of_connection = 0;
    bool go_on = true;

    wire_framer_init(&framer);
    while (go_on && waits(a, fd)) {
        uint8_t bytes[4096];
        struct slice message;
        ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
        if (n <= 0)
            break;
        wire_framer_feed(&framer, (struct slice){bytes, (uint32_t)n});
        while (go_on && wire_framer_next(&framer, &message) == ERR_OK)
            go_on = on_message(a, fd, message, &of_connection);
    }
    wire_framer_fini(&framer);
    close(fd);
}

static void *analyze(void *arg)
{
    struct analyzer *a = arg;
    while (waits(a, a->listener)) {
        int fd = accept(a->listener, NULL, NULL);
        a->connections++;
        if (fd >= 0)
            serve(a, fd);
    }
    return NULL;
}

static void analyzer_start(struct analyzer *a)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    strcpy(name.sun_path, a->path);
    unlink(a->path);
    a->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(a->listener, (struct sockaddr *)&name, sizeof(name)), 0);
    assert_int_equal(listen(a->listener, 4), 0);
    atomic_store(&a->stop, false);
    pthread_create(&a->thread, NULL, analyze, a);
}

static void analyzer_stop(struct analyzer *a)
{
    atomic_store(&a->stop, true);
    pthread_join(a->thread, NULL);
    close(a->listener);
}

static const struct option own_options[] = {
    {"sensor.name", CONF_TEXT, "s1", "Name."},
    {"sensor.site", CONF_TEXT, "ct", "Site."},
    {"output.wait", CONF_SPAN, "900s", "Patience."},
    OPTION_END,
};

struct fixture {
    char dir[64];
    struct conf *conf;
    struct stats stats;
    struct strbuf report;
    struct output *output;
    const struct output_def *def;
    struct analyzer *analyzer;
};

static int setup(void **state)
{
    char set[256];
    struct fixture *f = calloc(1, sizeof(*f));
    log_open("test", LOG_FAULT);
    strcpy(f->dir, "/tmp/tramgac-uplink-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->conf = conf_new();
    conf_add(f->conf, own_options);
    for (uint32_t i = 0; out_rows[i]; i++) {
        conf_add(f->conf, out_rows[i]->options);
        if (strcmp(out_rows[i]->name, "unix") == 0)
            f->def = out_rows[i];
    }
    f->analyzer = calloc(1, sizeof(*f->analyzer));
    snprintf(f->analyzer->path, sizeof(f->analyzer->path), "%s/socket", f->dir);
    snprintf(set, sizeof(set), "output.unix.path=%s", f->analyzer->path);
    conf_set(f->conf, set, &f->report);
    *state = f;
    return 0;
}

static void remove_tree(const char *path)
{
    char inner[512];
    DIR *d = opendir(path);
    struct dirent *e;
    while (d && (e = readdir(d))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(inner, sizeof(inner), "%s/%s", path, e->d_name);
        if (unlink(inner) != 0)
            remove_tree(inner);
    }
    if (d)
        closedir(d);
    rmdir(path);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    conf_free(&f->conf);
    stats_fini(&f->stats);
    strbuf_fini(&f->report);
    remove_tree(f->dir);
    free(f->analyzer);
    free(f);
    return 0;
}

static void open_it(struct fixture *f)
{
    assert_true(f->def->wanted(f->conf));
    if (f->def->open(f->conf, f->dir, true, &f->stats, &f->output, &f->report))
        fail_msg("%s", f->report.at);
}

static void write_lines(struct fixture *f, int n)
{
    char text[256];
    for (int i = 0; i < n; i++) {
        int len = snprintf(text, sizeof(text),
                           "{\"event_type\":\"flow\",\"n\":%d,\"x\":\"%0100d\"}", i, i);
        f->def->write(f->output,
                      &(struct output_line){.text = {(uint8_t *)text, (uint32_t)len},
                                            .cls = (enum event_class)(i % WIRE_CLASSES),
                                            .host = {.family = 4, .b = {10, 0, 0, (uint8_t)i}}});
    }
}

static uint64_t counter(const struct fixture *f, const char *name)
{
    for (uint32_t t = 0; t < f->stats.n; t++) {
        for (uint32_t i = 0; f->stats.tables[t][i].name; i++) {
            if (strcmp(f->stats.tables[t][i].name, name) == 0)
                return f->stats.values[t][i];
        }
    }
    fail_msg("no counter %s", name);
    return 0;
}

static void a_replay_ends_when_everything_is_acknowledged(void **state)
{
    struct fixture *f = *state;
    analyzer_start(f->analyzer);
    open_it(f);
    write_lines(f, 5000);
    f->def->close(&f->output, PATIENCE);
    analyzer_stop(f->analyzer);
    assert_int_equal(f->analyzer->events, 5000);
    assert_int_equal(f->analyzer->byes, 1);
    assert_int_equal(counter(f, "output.unix.events"), 5000);
    assert_int_equal(counter(f, "output.unix.waiting"), 0);
    assert_int_equal(counter(f, "output.unix.messages"), counter(f, "output.unix.acknowledged"));
}

static void lost_connections_lose_no_event(void **state)
{
    struct fixture *f = *state;
    f->analyzer->hang_up_after = 7;
    analyzer_start(f->analyzer);
    open_it(f);
    write_lines(f, 20000);
    f->def->close(&f->output, PATIENCE);
    analyzer_stop(f->analyzer);
    assert_int_equal(f->analyzer->events, 20000);
    assert_true(f->analyzer->connections > 2);
}

static void what_the_analyzer_missed_is_sent_again(void **state)
{
    struct fixture *f = *state;
    f->analyzer->forget_each = 5;
    analyzer_start(f->analyzer);
    open_it(f);
    write_lines(f, 20000);
    write_lines(f, 20); /* whatever was forgotten last is asked for by what comes after */
    f->def->close(&f->output, 3 * CLOCK_S);
    open_it(f); /* a silence would do it too, after half a minute */
    f->def->close(&f->output, PATIENCE);
    analyzer_stop(f->analyzer);
    assert_int_equal(f->analyzer->events, 20020);
}

static void without_an_analyzer_events_stay_for_the_next_start(void **state)
{
    struct fixture *f = *state;
    open_it(f);
    write_lines(f, 3000);
    f->def->close(&f->output, CLOCK_S / 5);
    assert_true(counter(f, "output.unix.waiting") > 0);
    analyzer_start(f->analyzer);
    open_it(f);
    write_lines(f, 100);
    f->def->close(&f->output, PATIENCE);
    analyzer_stop(f->analyzer);
    assert_int_equal(f->analyzer->events, 3100);
}

static void a_full_spool_sheds_and_says_so(void **state)
{
    struct fixture *f = *state;
    conf_set(f->conf, "spool.size=100k", &f->report);
    conf_set(f->conf, "output.wait=0s", &f->report);
    open_it(f);
    write_lines(f, 400000);
    f->def->tick(f->output, 0);
    f->def->close(&f->output, CLOCK_S / 5);
    assert_true(counter(f, "output.unix.shed.stats") > 0);
    analyzer_start(f->analyzer);
    open_it(f);
    f->def->close(&f->output, PATIENCE);
    analyzer_stop(f->analyzer);
    assert_true(f->analyzer->events > 0 && f->analyzer->events < 400000);
    assert_int_equal(counter(f, "output.unix.waiting"), 0);
}

static void a_name_that_breaks_topics_is_refused(void **state)
{
    struct fixture *f = *state;
    conf_set(f->conf, "sensor.name=a/b", &f->report);
    assert_int_equal(f->def->open(f->conf, f->dir, true, &f->stats, &f->output, &f->report),
                     ERR_INPUT);
    assert_non_null(strstr(f->report.at, "sensor.name (a/b)"));
    assert_null(f->output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_replay_ends_when_everything_is_acknowledged, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(lost_connections_lose_no_event, setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_analyzer_missed_is_sent_again, setup, teardown),
        cmocka_unit_test_setup_teardown(without_an_analyzer_events_stay_for_the_next_start, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_full_spool_sheds_and_says_so, setup, teardown),
        cmocka_unit_test_setup_teardown(a_name_that_breaks_topics_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

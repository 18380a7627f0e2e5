/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ways in with real sockets and files: what comes out of the queue.
 */
#include "analyzer/ingest/ingest.h"
#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE (900 * CLOCK_S) /* a hang ends; what works comes at once */

struct fixture {
    char dir[64];
    char path[96];
    struct conf *conf;
    struct queue *queue;
    struct message *rest; /* taken, not looked at yet */
    struct source source;
    struct strbuf report;
    bool known;
    uint64_t offset, digest;
};

static struct fixture fixture;

static bool remember(void *ctx, const char *name, uint64_t *offset, uint64_t *digest)
{
    struct fixture *f = ctx;
    size_t len = strlen(name);
    if (!f->known || strcmp(name + len - 2, "/0") != 0)
        return false;
    *offset = f->offset;
    *digest = f->digest;
    return true;
}

static int start(void **state)
{
    struct fixture *f = &fixture;
    memset(f, 0, sizeof(*f));
    strcpy(f->dir, "/tmp/tramgac-in-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof(f->path), "%s/x", f->dir);
    f->conf = conf_new();
    for (uint32_t i = 0; in_rows[i]; i++)
        conf_add(f->conf, in_rows[i]->options);
    strbuf_init(&f->report, 65536);
    f->queue = ingest_queue_new();
    struct ingest_memory memory = {remember, f};
    ingest_remember(f->queue, &memory);
    *state = f;
    return 0;
}

static struct message *next(struct fixture *f)
{
    if (!f->rest) /* a greeting weighs nothing: what follows it may come with it */
        f->rest = ingest_take(f->queue, 1, PATIENCE);
    struct message *m = f->rest;
    assert_non_null(m);
    f->rest = m->next;
    m->next = NULL;
    return m;
}

static int finish(void **state)
{
    struct fixture *f = *state;
    char command[96];
    ingest_close(f->queue);
    if (f->source.self)
        f->source.def->stop(f->source.self);
    while (f->rest) {
        struct message *m = next(f);
        ingest_free(&m);
    }
    ingest_queue_free(&f->queue);
    conf_free(&f->conf);
    strbuf_fini(&f->report);
    snprintf(command, sizeof(command), "rm -rf %s", f->dir);
    return system(command);
}

static void begin(struct fixture *f, const char *name, const char *key)
{
    char text[256];
    snprintf(text, sizeof(text), "%s=%s", key, f->path);
    assert_int_equal(conf_set(f->conf, text, &f->report), ERR_OK);
    for (uint32_t i = 0; in_rows[i]; i++) {
        if (strcmp(in_rows[i]->name, name) != 0)
            continue;
        f->source = (struct source){in_rows[i], NULL};
        if (in_rows[i]->start(f->conf, f->queue, &f->source, &f->report))
            fail_msg("%s", f->report.at);
    }
}

static void put_file(struct fixture *f, const char *text, const char *mode)
{
    FILE *file = fopen(f->path, mode);
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* A block whose text is `text`; what it says about its place is remembered as the store would. */
static void expect_block(struct fixture *f, const char *text)
{
    struct message *m = next(f);
    assert_int_equal(m->kind, MESSAGE_BLOCK);
    assert_string_equal(m->bytes.at, text);
    f->known = true;
    f->offset = m->block.end;
    f->digest = m->block.digest;
    ingest_free(&m);
}

static void expect_end(struct fixture *f)
{
    struct message *m = next(f);
    assert_int_equal(m->kind, MESSAGE_END);
    assert_int_equal(m->failed, 0);
    ingest_free(&m);
}

static void a_file_that_was_taken_gives_only_what_is_new(void **state)
{
    struct fixture *f = *state;
    put_file(f, "{\"a\":1}\n{\"a\":2}\n", "w");
    begin(f, "file", "ingest.files");
    expect_block(f, "{\"a\":1}\n{\"a\":2}\n");
    expect_end(f);
    f->source.def->stop(f->source.self);
    put_file(f, "{\"a\":3}\n", "a");
    begin(f, "file", "ingest.files");
    expect_block(f, "{\"a\":3}\n");
    expect_end(f);
    f->source.def->stop(f->source.self);
    begin(f, "file", "ingest.files"); /* nothing new */
    expect_end(f);
}

static void another_file_with_the_same_first_line_is_read_whole(void **state)
{
    struct fixture *f = *state;
    put_file(f, "{\"a\":1}\n{\"a\":2}\n", "w");
    begin(f, "file", "ingest.files");
    expect_block(f, "{\"a\":1}\n{\"a\":2}\n");
    expect_end(f);
    f->source.def->stop(f->source.self);
    put_file(f, "{\"a\":1}\n{\"b\":2}\n", "w");
    begin(f, "file", "ingest.files");
    expect_block(f, "{\"a\":1}\n{\"b\":2}\n");
    expect_end(f);
}

static void a_followed_file_is_read_on_over_growth_and_rotation(void **state)
{
    struct fixture *f = *state;
    char old[128];
    put_file(f, "{\"a\":1}\n", "w");
    assert_int_equal(conf_set(f->conf, "ingest.follow=yes", &f->report), ERR_OK);
    begin(f, "file", "ingest.files");
    expect_block(f, "{\"a\":1}\n");
    put_file(f, "{\"a\":2}\n", "a");
    expect_block(f, "{\"a\":2}\n");
    snprintf(old, sizeof(old), "%s.1", f->path);
    assert_int_equal(rename(f->path, old), 0);
    put_file(f, "{\"b\":1}\n", "w");
    expect_block(f, "{\"b\":1}\n");
}

static int connect_to(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    strncpy(addr.sun_path, path, sizeof(addr.sun_path) - 1);
    assert_int_equal(connect(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
    return fd;
}

static void send_frame(int fd, struct slice message)
{
    struct strbuf out;
    strbuf_init(&out, 0);
    wire_frame(message, &out);
    assert_int_equal(write(fd, out.at, out.len), (ssize_t)out.len);
    strbuf_fini(&out);
}

static void send_hello(int fd)
{
    struct wire_control hello = {WIRE_HELLO, "", "s1", "ct", 7, 0, 1, 1};
    struct strbuf text;
    strbuf_init(&text, 0);
    wire_control_build(&hello, &text);
    send_frame(fd, strbuf_view(&text));
    strbuf_fini(&text);
}

static void a_sensor_is_heard_and_answered_over_the_socket(void **state)
{
    struct fixture *f = *state;
    struct wire_envelope e = {.sensor = "s1",
                              .site = "ct",
                              .epoch = 7,
                              .seq = 1,
                              .n = 1,
                              .lines = SLICE_LIT("{\"event_type\":\"dns\"}\n")};
    struct strbuf text;
    uint8_t answer[512];
    begin(f, "unix", "ingest.unix.path");
    int fd = connect_to(f->path);
    send_hello(fd);
    strbuf_init(&text, 0);
    assert_int_equal(wire_build(&e, &text), ERR_OK);
    send_frame(fd, strbuf_view(&text));
    strbuf_fini(&text);
    struct message *m = next(f);
    assert_int_equal(m->kind, MESSAGE_HELLO);
    ingest_free(&m);
    m = next(f);
    assert_int_equal(m->kind, MESSAGE_ENVELOPE);
    assert_int_equal(m->envelope.n, 1);
    assert_string_equal(m->bytes.at, "{\"event_type\":\"dns\"}\n");
    struct wire_control ack = {.type = WIRE_ACK, .epoch = 7, .seq = 1};
    f->source.def->tell(f->source.self, m->peer, &ack);
    ingest_free(&m);
    ssize_t got = read(fd, answer, sizeof(answer));
    assert_true(got > 4);
    struct wire_control back;
    assert_int_equal(wire_control_parse((struct slice){answer + 4, (uint32_t)got - 4}, &back),
                     ERR_OK);
    assert_int_equal(back.type, WIRE_ACK);
    assert_int_equal(back.seq, 1);
    close(fd); /* that was its goodbye */
    m = next(f);
    assert_int_equal(m->kind, MESSAGE_BYE);
    assert_string_equal(m->control.sensor, "s1");
    ingest_free(&m);
}

static void rubbish_on_the_socket_ends_only_its_own_connection(void **state)
{
    struct fixture *f = *state;
    uint8_t byte;
    begin(f, "unix", "ingest.unix.path");
    int good = connect_to(f->path), bad = connect_to(f->path), huge = connect_to(f->path);
    send_frame(bad, SLICE_LIT("neither envelope nor control"));
    assert_int_equal(read(bad, &byte, 1), 0); /* closed */
    assert_int_equal(write(huge, "\xff\xff\xff\xff", 4), 4);
    assert_int_equal(read(huge, &byte, 1), 0);
    send_hello(good);
    struct message *m = next(f);
    assert_int_equal(m->kind, MESSAGE_HELLO);
    ingest_free(&m);
    close(good);
    close(bad);
    close(huge);
}

static void a_closed_queue_takes_nothing_and_blocks_nobody(void **state)
{
    struct fixture *f = *state;
    assert_true(ingest_put(f->queue, ingest_message(MESSAGE_END)));
    ingest_close(f->queue);
    assert_false(ingest_put(f->queue, ingest_message(MESSAGE_END)));
    struct message *m = ingest_take(f->queue, 100, 0); /* what was in it still comes out */
    assert_non_null(m);
    ingest_free(&m);
    assert_null(ingest_take(f->queue, 100, 0));
}

#define T(test) cmocka_unit_test_setup_teardown(test, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_file_that_was_taken_gives_only_what_is_new),
        T(another_file_with_the_same_first_line_is_read_whole),
        T(a_followed_file_is_read_on_over_growth_and_rotation),
        T(a_sensor_is_heard_and_answered_over_the_socket),
        T(rubbish_on_the_socket_ends_only_its_own_connection),
        T(a_closed_queue_takes_nothing_and_blocks_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/output/spool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char dir[64];
    struct spool_setup setup;
    struct spool *spool;
    struct strbuf message;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    strcpy(f->dir, "/tmp/tramgac-spool-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->setup = (struct spool_setup){.dir = f->dir,
                                    .cap_bytes = 1 << 20,
                                    .memory_bytes = 4096,
                                    .segment_bytes = 4096,
                                    .new_epoch = 42};
    *state = f;
    return 0;
}

static void each_file(const char *dir, const char *ending, void (*what)(const char *path))
{
    char path[512];
    DIR *d = opendir(dir);
    struct dirent *e;
    while (d && (e = readdir(d))) {
        size_t n = strlen(e->d_name);
        size_t m = strlen(ending);
        if (e->d_name[0] == '.' || n < m || strcmp(e->d_name + n - m, ending) != 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        what(path);
    }
    closedir(d);
}

static void remove_file(const char *path)
{
    unlink(path);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    spool_close(&f->spool);
    strbuf_fini(&f->message);
    each_file(f->dir, "", remove_file);
    rmdir(f->dir);
    free(f);
    return 0;
}

static void open_it(struct fixture *f)
{
    assert_int_equal(spool_open(&f->setup, &f->spool), ERR_OK);
}

static void text_of(uint64_t seq, enum event_class cls, char out[64])
{
    snprintf(out, 64, "message %llu of class %d", (unsigned long long)seq, (int)cls);
}

static void put(struct fixture *f, enum event_class cls, uint32_t n)
{
    char text[64];
    text_of(spool_next(f->spool), cls, text);
    struct spool_record record = {
        .cls = cls, .partition = 9, .n = n, .message = slice_of_str(text)};
    assert_int_equal(spool_append(f->spool, &record), ERR_OK);
}

static bool is_shed(struct fixture *f, uint64_t seq)
{
    struct spool_record record;
    char text[64];
    strbuf_clear(&f->message);
    assert_int_equal(spool_read(f->spool, seq, &record, &f->message), ERR_OK);
    text_of(seq, record.cls, text);
    if (!record.shed)
        assert_true(slice_eq(strbuf_view(&f->message), slice_of_str(text)));
    else
        assert_int_equal(f->message.len, 0);
    return record.shed;
}

static void records_come_back_until_acknowledged(void **state)
{
    struct fixture *f = *state;
    struct spool_record record;
    open_it(f);
    assert_int_equal(spool_epoch(f->spool), 42);
    for (int i = 0; i < 1000; i++)
        put(f, (enum event_class)(i % WIRE_CLASSES), 3);
    for (uint64_t seq = 1; seq <= 1000; seq++)
        assert_false(is_shed(f, seq));
    spool_ack(f->spool, 600);
    assert_int_equal(spool_first(f->spool), 601);
    assert_int_equal(spool_read(f->spool, 600, &record, &f->message), ERR_NOTFOUND);
    assert_int_equal(spool_read(f->spool, 1001, &record, &f->message), ERR_NOTFOUND);
    assert_false(is_shed(f, 601));
    uint64_t before = spool_counts(f->spool)->disk_bytes;
    spool_ack(f->spool, 5000);
    assert_int_equal(spool_first(f->spool), 1001);
    assert_true(before > 0);
    assert_int_equal(spool_counts(f->spool)->disk_bytes, 0);
}

static void a_restart_goes_on_where_it_was(void **state)
{
    struct fixture *f = *state;
    open_it(f);
    for (int i = 0; i < 300; i++)
        put(f, CLASS_TX, 1);
    spool_ack(f->spool, 100);
    spool_close(&f->spool);
    f->setup.new_epoch = 43;
    open_it(f);
    assert_int_equal(spool_epoch(f->spool), 42);
    assert_int_equal(spool_first(f->spool), 101);
    assert_int_equal(spool_next(f->spool), 301);
    for (uint64_t seq = 101; seq <= 300; seq++)
        assert_false(is_shed(f, seq));
    spool_ack(f->spool, 300);
    spool_close(&f->spool);
    open_it(f);
    assert_int_equal(spool_next(f->spool), 301);
}

static void two_processes_cannot_share_it(void **state)
{
    struct fixture *f = *state;
    struct spool *second = NULL;
    open_it(f);
    assert_int_equal(spool_open(&f->setup, &second), ERR_CONFLICT);
    assert_null(second);
}

/* Copies the only segment's bytes of a spool with a few records, then cuts it at each length. */
static void a_torn_end_is_cut_wherever_it_tears(void **state)
{
    struct fixture *f = *state;
    char segment[128];
    char copy[4096];
    open_it(f);
    for (int i = 0; i < 5; i++)
        put(f, CLASS_ALERT, 1);
    snprintf(segment, sizeof(segment), "%s/alert-%08u.seg", f->dir, 1U);
    int fd = open(segment, O_RDONLY);
    ssize_t len = read(fd, copy, sizeof(copy));
    close(fd);
    assert_true(len > 0);
    uint64_t each = (uint64_t)len / 5;
    for (ssize_t cut = 0; cut <= len; cut++) {
        spool_close(&f->spool);
        fd = open(segment, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        assert_int_equal(write(fd, copy, (size_t)cut), cut);
        close(fd);
        open_it(f);
        for (uint64_t seq = 1; seq <= 5; seq++)
            assert_int_equal(is_shed(f, seq), seq > (uint64_t)cut / each);
        assert_int_equal(spool_next(f->spool), 6);
    }
}

static void a_flipped_bit_ends_its_segment_and_no_more(void **state)
{
    struct fixture *f = *state;
    char segment[128];
    char copy[4096];
    open_it(f);
    for (int i = 0; i < 5; i++)
        put(f, CLASS_ALERT, 1);
    put(f, CLASS_FLOW, 1);
    snprintf(segment, sizeof(segment), "%s/alert-%08u.seg", f->dir, 1U);
    int fd = open(segment, O_RDONLY);
    ssize_t len = read(fd, copy, sizeof(copy));
    close(fd);
    uint64_t each = (uint64_t)len / 5;
    for (ssize_t bit = 0; bit < len * 8; bit += 3) {
        spool_close(&f->spool);
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
        fd = open(segment, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        assert_int_equal(write(fd, copy, (size_t)len), len);
        close(fd);
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
        open_it(f);
        for (uint64_t seq = 1; seq <= 5; seq++)
            assert_int_equal(is_shed(f, seq), seq > (uint64_t)bit / 8 / each);
        assert_false(is_shed(f, 6));
    }
}

static void a_killed_process_loses_nothing_and_reuses_no_number(void **state)
{
    struct fixture *f = *state;
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    uint64_t floor = 1;
    for (int round = 0; round < 5; round++) {
        pid_t pid = fork();
        if (pid == 0) {
            open_it(f);
            for (;;) {
                put(f, CLASS_TX, 1);
                uint64_t seq = spool_next(f->spool) - 1;
                if (write(pipes[1], &seq, sizeof(seq)) < 0)
                    _exit(1);
                if (seq % 50 == 0)
                    spool_ack(f->spool, seq - 20);
            }
        }
        uint64_t last = 0;
        for (int i = 0; i < 700 + 13 * round; i++)
            assert_int_equal(read(pipes[0], &last, sizeof(last)), sizeof(last));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        fcntl(pipes[0], F_SETFL, O_NONBLOCK);
        uint64_t seq = 0;
        while (read(pipes[0], &seq, sizeof(seq)) == sizeof(seq))
            last = seq;
        fcntl(pipes[0], F_SETFL, 0);
        assert_true(last >= floor + 699);
        open_it(f);
        assert_true(spool_next(f->spool) > last);
        assert_true(spool_first(f->spool) <= last);
        for (seq = last - 19; seq <= last; seq++)
            assert_false(is_shed(f, seq));
        floor = spool_next(f->spool);
        spool_close(&f->spool);
    }
    close(pipes[0]);
    close(pipes[1]);
}

static void without_its_state_the_segments_still_tell(void **state)
{
    struct fixture *f = *state;
    char path[128];
    open_it(f);
    for (int i = 0; i < 10; i++)
        put(f, CLASS_ALERT, 1);
    spool_close(&f->spool);
    snprintf(path, sizeof(path), "%s/state", f->dir);
    unlink(path);
    f->setup.new_epoch = 43;
    open_it(f);
    assert_int_equal(spool_epoch(f->spool), 42);
    assert_int_equal(spool_next(f->spool), 11);
    assert_false(is_shed(f, 10));
}

static void an_empty_directory_begins_a_new_epoch(void **state)
{
    struct fixture *f = *state;
    open_it(f);
    put(f, CLASS_ALERT, 1);
    spool_close(&f->spool);
    each_file(f->dir, "", remove_file);
    f->setup.new_epoch = 43;
    open_it(f);
    assert_int_equal(spool_epoch(f->spool), 43);
    assert_int_equal(spool_next(f->spool), 1);
}

static void the_lowest_class_is_shed_first(void **state)
{
    struct fixture *f = *state;
    f->setup.cap_bytes = 64 << 10;
    open_it(f);
    for (int i = 0; i < 300; i++)
        put(f, CLASS_STATS, 2);
    for (int i = 0; i < 300; i++)
        put(f, CLASS_FLOW, 2);
    for (int i = 0; i < 600; i++)
        put(f, CLASS_ALERT, 1);
    const struct spool_counts *counts = spool_counts(f->spool);
    assert_true(counts->shed_events[CLASS_STATS] > 0);
    assert_int_equal(counts->shed_events[CLASS_FLOW], 0);
    assert_true(counts->disk_bytes <= 64 << 10);
    for (int i = 0; i < 2000; i++)
        put(f, CLASS_ALERT, 1);
    assert_int_equal(counts->shed_events[CLASS_STATS], 600);
    assert_int_equal(counts->shed_events[CLASS_FLOW], 600);
    assert_true(counts->shed_events[CLASS_ALERT] > 0);
    uint64_t alerts = counts->shed_events[CLASS_ALERT];
    for (int i = 0; i < 1000; i++) /* everything else that is kept is more important */
        put(f, CLASS_STATS, 5);
    assert_int_equal(counts->shed_events[CLASS_ALERT], alerts);
    assert_true(counts->shed_events[CLASS_STATS] > 600 + 4000);
    assert_true(is_shed(f, 1));
    assert_false(is_shed(f, spool_next(f->spool) - 1001));
}

static void too_many_unacknowledged_numbers_are_refused(void **state)
{
    struct fixture *f = *state;
    f->setup.cap_records = 100;
    open_it(f);
    for (int i = 0; i < 100; i++)
        put(f, CLASS_TX, 1);
    struct spool_record record = {.cls = CLASS_ALERT, .n = 1, .message = SLICE_LIT("x")};
    assert_int_equal(spool_append(f->spool, &record), ERR_FULL);
    spool_ack(f->spool, 1);
    assert_int_equal(spool_append(f->spool, &record), ERR_OK);
}

/* A limit on file size stands in for a full disk. */
static void a_full_disk_is_bridged_by_memory(void **state)
{
    struct fixture *f = *state;
    struct rlimit old;
    f->setup.segment_bytes = 1 << 20;
    open_it(f);
    for (int i = 0; i < 10; i++)
        put(f, CLASS_TX, 1);
    getrlimit(RLIMIT_FSIZE, &old);
    struct rlimit small = {.rlim_cur = 800, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    for (int i = 0; i < 20; i++)
        put(f, CLASS_FLOW, 1);
    for (int i = 0; i < 500; i++)
        put(f, CLASS_ALERT, 1);
    const struct spool_counts *counts = spool_counts(f->spool);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_true(counts->disk_down);
    assert_true(counts->memory_bytes > 0 && counts->memory_bytes <= 4096);
    assert_true(counts->shed_events[CLASS_FLOW] > 0);
    for (uint64_t seq = 1; seq <= 10; seq++)
        assert_false(is_shed(f, seq));
    assert_false(is_shed(f, spool_next(f->spool) - 1));
    spool_sync(f->spool);
    put(f, CLASS_ALERT, 1);
    assert_false(counts->disk_down);
    spool_ack(f->spool, spool_next(f->spool) - 1);
    assert_int_equal(counts->memory_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_come_back_until_acknowledged, setup, teardown),
        cmocka_unit_test_setup_teardown(a_restart_goes_on_where_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(two_processes_cannot_share_it, setup, teardown),
        cmocka_unit_test_setup_teardown(a_torn_end_is_cut_wherever_it_tears, setup, teardown),
        cmocka_unit_test_setup_teardown(a_flipped_bit_ends_its_segment_and_no_more, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_killed_process_loses_nothing_and_reuses_no_number, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(without_its_state_the_segments_still_tell, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_directory_begins_a_new_epoch, setup, teardown),
        cmocka_unit_test_setup_teardown(the_lowest_class_is_shed_first, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_unacknowledged_numbers_are_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_is_bridged_by_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

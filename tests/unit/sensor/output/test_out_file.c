/* SPDX-License-Identifier: Apache-2.0 */
/* A limit on file size stands in for a full disk: writing fails in the middle of a block. */
#include "common/log.h"
#include "sensor/output/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

extern const struct output_def out_file;

struct fixture {
    char dir[64];
    char path[96];
    struct conf *conf;
    struct stats stats;
    struct strbuf report;
    struct output *output;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    log_open("test", LOG_FAULT);
    close(STDERR_FILENO); /* failing on purpose is told there */
    open("/dev/null", O_WRONLY);
    strcpy(f->dir, "/tmp/tramgac-file-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof(f->path), "%s/eve.json", f->dir);
    f->conf = conf_new();
    conf_add(f->conf, out_file.options);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    conf_free(&f->conf);
    stats_fini(&f->stats);
    strbuf_fini(&f->report);
    unlink(f->path);
    rmdir(f->dir);
    free(f);
    return 0;
}

static void open_it(struct fixture *f, bool replay)
{
    assert_int_equal(out_file.open(f->conf, f->dir, replay, &f->stats, &f->output, &f->report),
                     ERR_OK);
}

static void write_lines(struct fixture *f, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        out_file.write(f->output,
                       &(struct output_line){.text = SLICE_LIT("{\"event_type\":\"stats\"}")});
}

/* Lines of the file; fails on one that is not whole. */
static uint32_t lines_of(const char *path)
{
    char line[256];
    uint32_t n = 0;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file)) {
        assert_string_equal(line, "{\"event_type\":\"stats\"}\n");
        n++;
    }
    if (file)
        fclose(file);
    return n;
}

static void a_replay_begins_anew_and_a_live_sensor_appends(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        open_it(f, true);
        write_lines(f, 3);
        out_file.close(&f->output, 0);
        assert_int_equal(lines_of(f->path), 3);
    }
    open_it(f, false);
    write_lines(f, 2);
    out_file.tick(f->output, 1);
    assert_int_equal(lines_of(f->path), 5);
    out_file.close(&f->output, 0);
}

static void a_full_disk_holds_back_and_resumes_without_torn_lines(void **state)
{
    struct fixture *f = *state;
    struct rlimit old;
    open_it(f, false);
    getrlimit(RLIMIT_FSIZE, &old);
    struct rlimit small = {.rlim_cur = 1000, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    write_lines(f, 1000);
    out_file.tick(f->output, 1);
    struct stat st;
    stat(f->path, &st);
    assert_int_equal(st.st_size, 1000);
    setrlimit(RLIMIT_FSIZE, &old);
    write_lines(f, 10);
    out_file.tick(f->output, UINT64_MAX / 2);
    assert_int_equal(lines_of(f->path), 1010);
    out_file.close(&f->output, 0);
}

static void what_cannot_be_held_is_counted(void **state)
{
    struct fixture *f = *state;
    struct rlimit old;
    open_it(f, false);
    getrlimit(RLIMIT_FSIZE, &old);
    struct rlimit small = {.rlim_cur = 100, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    write_lines(f, 400000);
    setrlimit(RLIMIT_FSIZE, &old);
    uint64_t lost = f->stats.values[0][2];
    assert_string_equal(f->stats.tables[0][2].name, "output.file.lost");
    assert_true(lost > 100000);
    out_file.close(&f->output, 0);
    assert_int_equal(lines_of(f->path), 400000 - lost);
}

static void a_rotated_file_is_left_alone(void **state)
{
    struct fixture *f = *state;
    char old[128];
    snprintf(old, sizeof(old), "%s.1", f->path);
    open_it(f, false);
    write_lines(f, 2);
    rename(f->path, old);
    out_file.reopen(f->output);
    write_lines(f, 3);
    out_file.close(&f->output, 0);
    assert_int_equal(lines_of(old), 2);
    assert_int_equal(lines_of(f->path), 3);
    unlink(old);
}

static void a_directory_that_is_not_there_is_a_fault(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        out_file.open(f->conf, "/nonexistent", true, &f->stats, &f->output, &f->report), ERR_IO);
    assert_non_null(strstr(f->report.at, "/nonexistent/eve.json cannot be written"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_replay_begins_anew_and_a_live_sensor_appends, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_holds_back_and_resumes_without_torn_lines,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_held_is_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_rotated_file_is_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_directory_that_is_not_there_is_a_fault, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

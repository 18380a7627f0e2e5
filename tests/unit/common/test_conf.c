/* SPDX-License-Identifier: Apache-2.0 */
#include "common/clock.h"
#include "common/conf.h"
#include "common/json.h"
#include "common/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static const struct option rows[] = {
    {"stream.depth", CONF_SIZE, "1M", "Bytes kept."},
    {"stream.midstream", CONF_BOOL, "yes", "Pick up flows in the middle."},
    {"flow.timeout.tcp", CONF_SPAN, "5m", "Idle time."},
    {"workers", CONF_INT, "0", "Threads."},
    {"name", CONF_TEXT, "", "Name of the sensor."},
    {"rules", CONF_LIST, "a.rules, b.rules", "Rule files."},
    {"vars", CONF_TREE, NULL, "Variables of rules."},
    OPTION_END,
};

struct fixture {
    struct conf *conf;
    struct strbuf report;
    char path[64];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->conf = conf_new();
    conf_add(f->conf, rows);
    strcpy(f->path, "/tmp/tramgac-conf-XXXXXX.yaml");
    close(mkstemps(f->path, 5));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    unlink(f->path);
    strbuf_fini(&f->report);
    conf_free(&f->conf);
    free(f);
    return 0;
}

static enum err load(struct fixture *f, const char *text)
{
    FILE *file = fopen(f->path, "w");
    fputs(text, file);
    fclose(file);
    return conf_load(f->conf, f->path, &f->report);
}

static void defaults_stand_without_a_file(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(conf_size(f->conf, "stream.depth"), 1 << 20);
    assert_true(conf_bool(f->conf, "stream.midstream"));
    assert_int_equal(conf_span_ns(f->conf, "flow.timeout.tcp"), 300 * CLOCK_S);
    assert_string_equal(conf_item(f->conf, "rules", 1), "b.rules");
    assert_null(conf_item(f->conf, "rules", 2));
    assert_null(conf_tree(f->conf, "vars"));
}

static void a_file_overrides_and_keeps_the_written_text(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(load(f, "stream: {depth: 64kb, midstream: off}\nflow.timeout.tcp: 90\n"
                             "name: 2.10\nrules: [c.rules, 7]\nvars: {HOME: [1, 2]}\n"),
                     ERR_OK);
    assert_int_equal(f->report.len, 0);
    assert_int_equal(conf_size(f->conf, "stream.depth"), 65536);
    assert_false(conf_bool(f->conf, "stream.midstream"));
    assert_int_equal(conf_span_ns(f->conf, "flow.timeout.tcp"), 90 * CLOCK_S);
    assert_string_equal(conf_text(f->conf, "name"), "2.10");
    assert_string_equal(conf_item(f->conf, "rules", 1), "7");
    assert_int_equal(json_count(conf_tree(f->conf, "vars.HOME")), 2);
}

static void every_fault_is_reported_with_its_line(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(load(f, "stream:\n  dept: 1\n  midstream: perhaps\nworkers: [1]\n"),
                     ERR_INPUT);
    assert_non_null(strstr(f->report.at, ".yaml:2: unknown key stream.dept is ignored; did you "
                                         "mean stream.depth?"));
    assert_non_null(strstr(f->report.at, ".yaml:3: stream.midstream takes yes or no"));
    assert_non_null(strstr(f->report.at, ".yaml:4: workers takes a whole number"));
    assert_true(conf_bool(f->conf, "stream.midstream"));
}

static void assignments_override_last(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(conf_set(f->conf, "workers=4", &f->report), ERR_OK);
    assert_int_equal(conf_set(f->conf, "rules=x,y", &f->report), ERR_OK);
    assert_int_equal(conf_set(f->conf, "rules=", &f->report), ERR_OK);
    assert_int_equal(f->report.len, 0);
    assert_int_equal(conf_int(f->conf, "workers"), 4);
    assert_null(conf_item(f->conf, "rules", 0));
    assert_int_equal(conf_set(f->conf, "workers=four", &f->report), ERR_INPUT);
    assert_int_equal(conf_set(f->conf, "worker=4", &f->report), ERR_NOTFOUND);
    assert_int_equal(conf_set(f->conf, "workers", &f->report), ERR_INPUT);
}

static void below_a_section_of_its_own_any_name_is_set(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(conf_set(f->conf, "vars.groups.HOME=[10.0.0.0/8,!10.1.1.1]", &f->report),
                     ERR_OK);
    assert_int_equal(load(f, "vars:\n  groups:\n    HOME: any\n    LAN: any\n"), ERR_OK);
    assert_int_equal(conf_set(f->conf, "vars.groups.HOME=[10.0.0.0/8,!10.1.1.1]", &f->report),
                     ERR_OK);
    assert_string_equal(json_str(conf_tree(f->conf, "vars.groups.HOME"), ""),
                        "[10.0.0.0/8,!10.1.1.1]");
    assert_string_equal(json_str(conf_tree(f->conf, "vars.groups.LAN"), ""), "any");
    assert_int_equal(f->report.len, 0);
}

static void a_broken_file_is_named(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(load(f, "a: [\n"), ERR_INPUT);
    assert_non_null(strstr(f->report.at, ".yaml:2:1: "));
    assert_int_equal(conf_load(f->conf, "/nonexistent.yaml", &f->report), ERR_NOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(defaults_stand_without_a_file, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_overrides_and_keeps_the_written_text, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(every_fault_is_reported_with_its_line, setup, teardown),
        cmocka_unit_test_setup_teardown(assignments_override_last, setup, teardown),
        cmocka_unit_test_setup_teardown(below_a_section_of_its_own_any_name_is_set, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_broken_file_is_named, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/conf.h"
#include "sensor/run/settings.h"
#include "sensor/run/suricata_tree.h"
#include "sensor/run/suricata_yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* A directory with a first file and two others beside it. */
struct rig {
    char dir[64];
    struct json *tree;
    struct strbuf report;
};

static const char *const names[] = {"first.yaml", "b.yaml", "c.conf"};

static void rig_write(const struct rig *rig, uint32_t i, const char *text)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", rig->dir, names[i]);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void rig_open(struct rig *rig, const char *first, const char *b, const char *c)
{
    *rig = (struct rig){.dir = "/tmp/tramgac-tree.XXXXXX"};
    assert_non_null(mkdtemp(rig->dir));
    strbuf_init(&rig->report, 4096);
    rig_write(rig, 0, first);
    rig_write(rig, 1, b);
    rig_write(rig, 2, c);
}

static void rig_close(struct rig *rig)
{
    char path[128];

    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", rig->dir, names[i]);
        unlink(path);
    }
    rmdir(rig->dir);
    json_free(&rig->tree);
    strbuf_fini(&rig->report);
}

static enum err rig_load(struct rig *rig, const char *const *more, const char *const *sets)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", rig->dir, names[0]);
    struct suricata_source source = {.path = path, .more = more, .sets = sets};
    enum err err = suricata_tree_load(&source, &rig->tree, &rig->report);
    if (!err)
        suricata_tree_set(&source, &rig->tree);
    return err;
}

static void expect_text(struct rig *rig, const char *expected)
{
    struct strbuf text;

    strbuf_init(&text, 4096);
    json_write(rig->tree, &text);
    assert_string_equal(text.at, expected);
    strbuf_fini(&text);
}

static void files_are_included_where_they_are_named(void **state)
{
    /* first, b, c, the tree */
    static const char *const rows[][4] = {
        {"a: 1\ninclude: b.yaml\nd: 4\n", "b: 2\n", "", "{\"a\":1,\"b\":2,\"d\":4}"},
        {"include: [b.yaml, c.conf]\n", "b: 2\n", "c: 3\n", "{\"b\":2,\"c\":3}"},
        {"include: b.yaml\ninclude: c.conf\n", "b: 2\n", "c: 3\n", "{\"b\":2,\"c\":3}"},
        {"v: !include b.yaml\n", "x: 1\n", "", "{\"v\":{\"x\":1}}"},
        {"v:\n  w: 0\n  include: b.yaml\n", "x: 1\n", "", "{\"v\":{\"w\":0,\"x\":1}}"},
        {"v: !include b.yaml\n", "- 1\n- 2\n", "", "{\"v\":[1,2]}"},
        {"include: b.yaml\n", "include: c.conf\n", "c: 3\n", "{\"c\":3}"},
    };
    struct rig rig;

    (void)state;
    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        rig_open(&rig, rows[i][0], rows[i][1], rows[i][2]);
        assert_int_equal(rig_load(&rig, NULL, NULL), ERR_OK);
        expect_text(&rig, rows[i][3]);
        rig_close(&rig);
    }
}

static void of_what_is_said_twice_the_later_counts_whole(void **state)
{
    static const char *const more[] = {"c.conf", NULL};
    struct rig rig;

    (void)state;
    rig_open(&rig, "v: {a: 1, b: 2}\nx: 1\nv: {b: 3}\nx: 2\n", "", "x: 9\n");
    assert_int_equal(rig_load(&rig, NULL, NULL), ERR_OK);
    expect_text(&rig, "{\"v\":{\"b\":3},\"x\":2}");
    json_free(&rig.tree);
    assert_int_equal(rig_load(&rig, more, NULL), ERR_OK);
    expect_text(&rig, "{\"v\":{\"b\":3},\"x\":9}");
    rig_close(&rig);
}

static void names_with_underscores_are_those_with_hyphens(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, "default_log_dir: x\nvars: {address_groups: {HOME_NET: any}}\n", "", "");
    assert_int_equal(rig_load(&rig, NULL, NULL), ERR_OK);
    expect_text(&rig, "{\"default-log-dir\":\"x\",\"vars\":{\"address-groups\":"
                      "{\"HOME_NET\":\"any\"}}}");
    rig_close(&rig);
}

static void set_changes_what_the_files_say_and_adds_to_it(void **state)
{
    static const char *const sets[] = {
        "v.a=9",     "v.new.deep=no", "l.1=z", "l.2.alert.on=1", "w = [1.2.3.0/24]",
        "l.0.x.y=1", "broken",        NULL};
    struct rig rig;

    (void)state;
    rig_open(&rig, "v: {a: 1}\nl: [{x: {y: 0}}, b]\n", "", "");
    assert_int_equal(rig_load(&rig, NULL, sets), ERR_OK);
    expect_text(&rig, "{\"v\":{\"a\":9,\"new\":{\"deep\":false}},\"l\":[{\"x\":{\"y\":1}},\"z\","
                      "{\"alert\":{\"on\":1}}],\"w\":\"[1.2.3.0/24]\"}");
    rig_close(&rig);
}

static void files_that_are_missing_or_go_in_circles_are_faults(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, "include: no.yaml\n", "", "");
    assert_int_equal(rig_load(&rig, NULL, NULL), ERR_NOTFOUND);
    assert_non_null(strstr(rig.report.at, "/no.yaml:0:0: cannot open"));
    rig_close(&rig);
    rig_open(&rig, "include: first.yaml\n", "", "");
    assert_int_equal(rig_load(&rig, NULL, NULL), ERR_INPUT);
    assert_non_null(strstr(rig.report.at, "without an end"));
    rig_close(&rig);
}

static void set_reaches_what_suricata_keeps_elsewhere(void **state)
{
    static const char *const sets[] = {"vars.address-groups.HOME_NET=10.0.0.0/8",
                                       "app-layer.protocols.http.enabled=no",
                                       "outputs.0.eve-log.enabled=no", NULL};
    struct conf *conf = settings_new();
    char path[128];
    struct rig rig;
    bool taken = false;

    (void)state;
    rig_open(&rig, "vars: {address-groups: {HOME_NET: any}}\noutputs: [{eve-log: {}}]\n", "", "");
    snprintf(path, sizeof(path), "%s/%s", rig.dir, names[0]);
    struct suricata_source source = {.path = path, .sets = sets};
    assert_int_equal(suricata_yaml_load(conf, &source, &taken, &rig.report), ERR_OK);
    assert_true(taken);
    assert_string_equal(json_str(conf_tree(conf, "vars.address-groups.HOME_NET"), ""),
                        "10.0.0.0/8");
    assert_string_equal(conf_item(conf, "app.off", 0), "http");
    assert_false(conf_bool(conf, "output.file.enabled"));
    rig_close(&rig);
    conf_free(&conf);
}

static void a_file_of_ours_still_has_each_key_once(void **state)
{
    struct conf *conf = settings_new();
    char path[128];
    struct rig rig;
    bool taken = false;

    (void)state;
    rig_open(&rig, "vars: {}\nvars: {}\n", "", "");
    snprintf(path, sizeof(path), "%s/%s", rig.dir, names[0]);
    struct suricata_source source = {.path = path};
    assert_int_equal(suricata_yaml_load(conf, &source, &taken, &rig.report), ERR_INPUT);
    assert_false(taken);
    rig_close(&rig);
    conf_free(&conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_included_where_they_are_named),
        cmocka_unit_test(of_what_is_said_twice_the_later_counts_whole),
        cmocka_unit_test(names_with_underscores_are_those_with_hyphens),
        cmocka_unit_test(set_changes_what_the_files_say_and_adds_to_it),
        cmocka_unit_test(files_that_are_missing_or_go_in_circles_are_faults),
        cmocka_unit_test(set_reaches_what_suricata_keeps_elsewhere),
        cmocka_unit_test(a_file_of_ours_still_has_each_key_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/enrich/attack.h"
#include "analyzer/enrich/enrich.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct conf *conf;
    struct strbuf report;
    struct enrich *enrich;
    struct batch batch;
};

static struct fixture fixture;

static int start(void **state)
{
    fixture.conf = conf_new();
    for (uint32_t i = 0; enr_rows[i]; i++)
        conf_add(fixture.conf, enr_rows[i]->options);
    strbuf_init(&fixture.report, 65536);
    batch_init(&fixture.batch);
    *state = &fixture;
    return 0;
}

static int finish(void **state)
{
    struct fixture *f = *state;
    enrich_free(&f->enrich);
    batch_fini(&f->batch);
    strbuf_fini(&f->report);
    conf_free(&f->conf);
    return 0;
}

static void set(struct fixture *f, const char *key, const char *value)
{
    char text[512];
    snprintf(text, sizeof(text), "%s=%s", key, value);
    assert_int_equal(conf_set(f->conf, text, &f->report), ERR_OK);
}

static void both_ends_get_what_the_site_says(void **state)
{
    struct fixture *f = *state;
    set(f, "enrich.site", TRAMGAC_SOURCE_DIR "/iot-profiles/site.yaml");
    set(f, "enrich.attack", TRAMGAC_SOURCE_DIR "/rules/attack/attack.json");
    assert_int_equal(enrich_new(f->conf, &f->enrich, &f->report), ERR_OK);
    struct record *r = batch_add(&f->batch);
    assert_true(addr_parse(SLICE_LIT("10.30.1.5"), &r->src.addr));
    assert_true(addr_parse(SLICE_LIT("198.51.100.7"), &r->dst.addr));
    r->techniques[r->n_techniques++] = "T0855";
    enrich_record(f->enrich, &f->batch, r);
    assert_string_equal(r->src.name, "scada01");
    assert_string_equal(r->src.zone, "pumps");
    assert_string_equal(r->src.zone_kind, "ot");
    assert_string_equal(r->src.owner_vi, "Công ty thoát nước");
    assert_int_equal(r->src.criticality, 5);
    assert_true(*r->src.role);
    assert_true(r->src.internal);
    assert_false(r->dst.internal);
    assert_string_equal(r->tactic_words, "TA0106");
}

static void a_router_s_mac_does_not_make_an_asset(void **state)
{
    struct fixture *f = *state;
    set(f, "enrich.site", TRAMGAC_SOURCE_DIR "/iot-profiles/site.yaml");
    set(f, "enrich.attack", "");
    assert_int_equal(enrich_new(f->conf, &f->enrich, &f->report), ERR_OK);
    struct record *r = batch_add(&f->batch);
    assert_true(addr_parse(SLICE_LIT("10.99.0.1"), &r->src.addr));
    r->src.mac = "74:fe:48:0a:30:05"; /* of scada01, seen on the wire only */
    enrich_record(f->enrich, &f->batch, r);
    assert_string_equal(r->src.name, "");
    r->src.device = "mac:74:fe:48:0a:30:05"; /* now the inventory says so */
    enrich_record(f->enrich, &f->batch, r);
    assert_string_equal(r->src.name, "scada01");
}

static void faults_of_a_site_file_are_listed_with_their_lines(void **state)
{
    struct fixture *f = *state;
    char path[] = "/tmp/tramgac-site-XXXXXX.yaml";
    int fd = mkstemps(path, 5);
    static const char text[] = "site: x\n"
                               "zones:\n"
                               "  - {name: a, cidr: 10.0.0.0/99}\n"
                               "assets:\n"
                               "  - {name: nobody}\n"
                               "  - {ip: 10.0.0.1, criticality: 9}\n";
    assert_true(fd >= 0 && write(fd, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1);
    set(f, "enrich.site", path);
    set(f, "enrich.attack", "");
    assert_int_equal(enrich_new(f->conf, &f->enrich, &f->report), ERR_INPUT);
    assert_non_null(strstr(f->report.at, ":3: not an address or prefix"));
    assert_non_null(strstr(f->report.at, ":5: an asset needs ip or mac"));
    assert_non_null(strstr(f->report.at, ":6: criticality and level are 1 to 5"));
    unlink(path);
    close(fd);
}

static void techniques_have_names_and_sub_techniques_a_parent(void **state)
{
    struct fixture *f = *state;
    struct attack *a;
    assert_int_equal(attack_load(TRAMGAC_SOURCE_DIR "/rules/attack/attack.json", &a, &f->report),
                     ERR_OK);
    assert_true(attack_count(a) > 100);
    assert_true(*attack_find(a, "T0855")->vi);
    assert_non_null(attack_find(a, "T1110.999"));
    assert_null(attack_find(a, "T9999"));
    assert_true(attack_find_tactic(a, "TA0106")->ics);
    assert_null(attack_find(NULL, "T0855"));
    attack_free(&a);
    assert_int_equal(attack_load("/nowhere.json", &a, &f->report), ERR_OK);
    assert_null(a);
}

#define T(test) cmocka_unit_test_setup_teardown(test, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(both_ends_get_what_the_site_says),
        T(a_router_s_mac_does_not_make_an_asset),
        T(faults_of_a_site_file_are_listed_with_their_lines),
        T(techniques_have_names_and_sub_techniques_a_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/strbuf.h"
#include "sensor/device/condition.h"
#include "sensor/device/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char good[] = "id: pump\n"
                           "version: 3\n"
                           "title: {en: Pump, vi: Bơm}\n"
                           "mud: pump.mud.json\n"
                           "otclass: rtu\n"
                           "identify:\n"
                           "  - {kind: oui, match: \"00:80:f4\", weight: 0.5}\n"
                           "roles: {master: {bind: learn}, dns: {bind: 10.0.0.0/8}}\n"
                           "commands: {modbus: {read: [1, 3], write: [{fc: 6, addr: [2, 4]}]}}\n"
                           "hard: [{id: w, when: modbus.write and not peer_role master, severity: "
                           "critical, attack: T0855}]\n"
                           "tune: {learn_h: 24, tau_n: 8}\n";

struct result {
    enum err err;
    struct profile profile;
    char mud[PROFILE_TEXT_MAX];
    struct strbuf report;
};

static void parse(struct result *r, const char *text)
{
    strbuf_init(&r->report, 0);
    r->err = profile_parse(slice_of_str(text), "p.yaml", &r->profile, r->mud, &r->report);
    strbuf_char(&r->report, '\n');
}

static void a_whole_profile_is_understood(void **state)
{
    (void)state;
    struct result r;

    parse(&r, good);
    assert_int_equal(r.err, ERR_OK);
    assert_string_equal(r.report.at, "\n");
    assert_string_equal(r.mud, "pump.mud.json");
    assert_true(r.profile.modbus_read[3]);
    assert_false(r.profile.modbus_read[2]);
    assert_int_equal(r.profile.n_writes, 1);
    assert_int_equal(r.profile.writes[0].unit, -1);
    assert_int_equal(r.profile.hard[0].n, 2);
    assert_int_equal(r.profile.hard[0].severity, 1);
    assert_true(profile_find_role(&r.profile, "master")->learn);
    assert_true(r.profile.tau_n > 7.9);
    strbuf_fini(&r.report);
}

static void unknown_keys_are_named_with_their_line_and_the_profile_lives(void **state)
{
    (void)state;
    struct result r;
    struct strbuf text;

    strbuf_init(&text, 0);
    strbuf_fmt(&text, "%scolour: red\n", good);
    parse(&r, text.at);
    assert_int_equal(r.err, ERR_OK);
    assert_non_null(strstr(r.report.at, "p.yaml:12: unknown key colour"));
    strbuf_fini(&r.report);
    strbuf_fini(&text);
}

static void wrong_values_are_faults_with_file_and_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *fault;
    } bad[] = {
        {"id: [1]\nversion: 1\ntitle: {en: a, vi: b}\nmud: a\notclass: x\n",
         "p.yaml:1: id must be"},
        {"version: 1\ntitle: {en: a, vi: b}\nmud: a\notclass: x\n", "id is missing"},
        {"id: a\nversion: no\ntitle: {en: a, vi: b}\nmud: a\notclass: x\n", "p.yaml:2: version"},
        {"id: a\nversion: 1\ntitle: {en: a, vi: b}\nmud: ../a\notclass: x\n", "p.yaml:4: mud must"},
        {"id: a\nversion: 1\ntitle: {en: a, vi: b}\nmud: a\notclass: x\nidentify:\n  - {kind: "
         "smell, "
         "match: x, weight: 1}\n",
         "p.yaml:7: unknown kind of evidence smell"},
        {"id: a\nversion: 1\ntitle: {en: a, vi: b}\nmud: a\notclass: x\nidentify:\n  - {kind: "
         "serves, "
         "match: tcp/99999, weight: 1}\n",
         "p.yaml:7: not a match"},
        {"id: a\nversion: 1\ntitle: {en: a, vi: b}\nmud: a\notclass: x\nhard:\n  - {id: h, when: "
         "x.y, "
         "severity: high}\n",
         "p.yaml:7: when: unknown condition"},
        {"id: a\nversion: 1\ntitle: {en: a, vi: b}\nmud: a\notclass: x\nhard:\n  - {id: h, when: "
         "scan, "
         "severity: urgent}\n",
         "p.yaml:7: severity must be"},
        {"- just\n- a list\n", "must be a map"},
        {"id: {unclosed", "p.yaml:"},
        {"\x01\xff\xfe binary", "p.yaml"},
    };

    for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct result r;
        parse(&r, bad[i].text);
        if (r.err == ERR_OK || !strstr(r.report.at, bad[i].fault))
            print_message("%u: %s", i, r.report.at);
        assert_int_not_equal(r.err, ERR_OK);
        assert_non_null(strstr(r.report.at, bad[i].fault));
        strbuf_fini(&r.report);
    }
}

static void conditions_need_something_that_happened(void **state)
{
    (void)state;
    static const struct {
        const char *when;
        bool good;
    } cases[] = {
        {"internet_peer", true},
        {"client tcp/1883 and not peer_role broker", true},
        {"modbus.fc 8,90", true},
        {"not peer_role broker", false},
        {"peer_role broker", false},
        {"modbus.fc", false},
        {"modbus.fc 300", false},
        {"service icmp/1", false},
        {"scan now", false},
        {"a and", false},
        {"scan and scan and scan and scan and scan and scan and scan", false},
    };

    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct profile_hard hard = {0};
        char why[128];
        assert_int_equal(condition_parse(cases[i].when, &hard, why, sizeof(why)), cases[i].good);
    }
}

static void the_shipped_profiles_have_no_faults(void **state)
{
    (void)state;
    struct strbuf report;
    struct profiles *profiles = NULL;

    strbuf_init(&report, 0);
    strbuf_char(&report, ' ');
    assert_int_equal(profiles_new(TRAMGAC_SOURCE_DIR "/iot-profiles", true, &profiles, &report),
                     ERR_OK);
    assert_string_equal(report.at, " ");
    assert_true(profiles_count(profiles) >= 8);
    for (uint32_t i = 0; i < profiles_count(profiles); i++)
        assert_non_null(profiles_at(profiles, i)->mud);
    profiles_free(&profiles);
    strbuf_fini(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_profile_is_understood),
        cmocka_unit_test(unknown_keys_are_named_with_their_line_and_the_profile_lives),
        cmocka_unit_test(wrong_values_are_faults_with_file_and_line),
        cmocka_unit_test(conditions_need_something_that_happened),
        cmocka_unit_test(the_shipped_profiles_have_no_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

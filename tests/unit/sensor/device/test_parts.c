/* SPDX-License-Identifier: Apache-2.0 */
#include "common/json.h"
#include "sensor/device/atoms.h"
#include "sensor/device/baseline.h"
#include "sensor/device/command.h"
#include "sensor/device/findings.h"
#include "sensor/device/identity.h"
#include "sensor/device/names.h"
#include "sensor/device/scan.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* Of a device that has done nothing yet; lists grow to 16 kB in all. */
static void a_quiet_device_takes_less_than_one_kilobyte(void **state)
{
    (void)state;
    assert_true(sizeof(struct device) <= 1024);
}

static void every_feature_has_its_row_of_novelty(void **state)
{
    uint32_t n = 0;

    (void)state;
    while (feat_rows[n])
        n++;
    assert_true(n <= DEVICE_CLASSES);
}

static void a_place_keeps_the_last_fact_put_there(void **state)
{
    struct quiet quiet = {0};

    (void)state;
    assert_null(quiet_at(&quiet, 5));
    for (uint32_t i = 0; i < 3 * QUIET_SLOTS; i++) {
        uint32_t slot = i * 37 % QUIET_SLOTS; /* each place three times */
        quiet_put(&quiet, slot, (struct quiet_fact){1000 + i, slot});
        assert_int_equal(quiet_at(&quiet, slot)->key, 1000 + i);
    }
    for (uint32_t slot = 0; slot < QUIET_SLOTS; slot++) {
        assert_int_equal(quiet_at(&quiet, slot)->ns, slot);
        assert_true(quiet_at(&quiet, slot)->key >= 1000 + 2 * QUIET_SLOTS);
    }
    quiet_clear(&quiet);
    for (uint32_t slot = 0; slot < QUIET_SLOTS; slot++)
        assert_null(quiet_at(&quiet, slot));
    quiet_put(&quiet, 63, (struct quiet_fact){7, 7});
    assert_int_equal(quiet_at(&quiet, 63)->key, 7);
    assert_null(quiet_at(&quiet, 0));
    quiet_fini(&quiet);
}

static void atoms_forget_the_one_not_seen_for_longest(void **state)
{
    (void)state;
    struct atoms atoms = {0};
    char text[ATOM_TEXT_MAX];

    for (uint32_t i = 0; i < 5000; i++) {
        snprintf(text, sizeof(text), "value-%u-%0*u", i, (int)(i % 60), i);
        assert_null(atoms_find(&atoms, (uint8_t)(i % 3), slice_of_str(text)));
        atoms_add(&atoms, (uint8_t)(i % 3), slice_of_str(text), i);
        assert_non_null(atoms_find(&atoms, (uint8_t)(i % 3), slice_of_str(text)));
        assert_null(atoms_find(&atoms, 7, slice_of_str(text)));
        assert_true(atoms.n <= ATOMS_MAX && atoms.used <= ATOMS_POOL);
    }
    assert_int_equal(atoms.all[atoms.n - 1].last_s, 4999);
    assert_true(atoms.room <= ATOMS_MAX && atoms.bytes <= ATOMS_POOL);
    atoms_fini(&atoms);
}

static void habits_of_a_full_device_stay_whole_json(void **state)
{
    (void)state;
    struct device device = {0};
    struct devices_found found = {0};
    struct strbuf text;
    struct json *tree = NULL;
    char value[ATOM_TEXT_MAX];

    for (uint32_t i = 0; i < 80; i++) {
        memset(value, 1, sizeof(value)); /* each byte becomes six in JSON */
        snprintf(value + 90, sizeof(value) - 90, "%u", i);
        atoms_add(&device.atoms, 0, (struct slice){(const uint8_t *)value, 100}, i);
    }
    found.detail.cap = 16384;
    findings_habits(&found, &device);
    assert_false(found.detail.full);
    strbuf_init(&text, 0);
    strbuf_fmt(&text, "{%s}", found.detail.at);
    assert_int_equal(json_parse(strbuf_view(&text), &tree, NULL), ERR_OK);
    assert_true(json_count(json_get(tree, "habits")) > 10);
    json_free(&tree);
    strbuf_fini(&text);
    strbuf_fini(&found.detail);
    atoms_fini(&device.atoms);
}

static void the_registered_part_of_a_name_is_found(void **state)
{
    (void)state;
    static const char *const names[][2] = {{"a.b.example.com", "example.com"},
                                           {"x.y.example.com.vn", "example.com.vn"},
                                           {"gov.vn", "gov.vn"},
                                           {"www.cantho.gov.vn", "cantho.gov.vn"},
                                           {"localhost", "localhost"},
                                           {"", ""},
                                           {"a..b", ".b"}};

    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_string_equal(names_registrable(names[i][0]), names[i][1]);
}

static void the_newest_name_of_an_address_wins_and_memory_is_bounded(void **state)
{
    (void)state;
    struct names *names = names_new(64);
    struct addr a = {.family = 4, .b = {10, 0, 0, 1}};

    names_put(names, &a, SLICE_LIT("Old.Example."), 1);
    names_put(names, &a, SLICE_LIT("new.example"), 2);
    assert_string_equal(names_find(names, &a), "new.example");
    for (uint32_t i = 0; i < 10000; i++) {
        struct addr b = {.family = 4, .b = {11, (uint8_t)(i >> 8), (uint8_t)i, 1}};
        names_put(names, &b, SLICE_LIT("x.example"), 3 + i);
        assert_string_equal(names_find(names, &b), "x.example");
    }
    names_free(&names);
}

static void seven_failed_first_contacts_are_a_scan(void **state)
{
    (void)state;
    struct scan scan = {0};
    uint32_t figures[2] = {0, 0};
    uint32_t alarms = 0;

    for (uint8_t i = 0; i < 7; i++) {
        struct addr peer = {.family = 4, .b = {10, 0, 1, i}};
        for (uint32_t again = 0; again < 5; again++)
            alarms += scan_contact(&scan, &peer, 6, 23, false, figures);
    }
    assert_int_equal(alarms, 1); /* repetitions do not count */
    assert_int_equal(figures[0], 7);
    for (uint8_t i = 0; i < 100; i++) {
        struct addr peer = {.family = 4, .b = {10, 0, 2, i}};
        assert_false(scan_contact(&scan, &peer, 6, 23, i % 2, figures));
    }
    scan_fini(&scan);
}

static void contacts_of_a_saved_state_are_known_and_its_place_may_be_anything(void **state)
{
    (void)state;
    uint32_t saved[SCAN_CONTACTS], figures[2];

    for (uint32_t n = 0; n <= SCAN_CONTACTS; n++) {
        struct scan scan = {0};
        for (uint32_t i = 0; i < n; i++)
            saved[i] = i;
        scan_restore(&scan, saved, (uint8_t)n, SCAN_CONTACTS - 1, saved, 0);
        for (uint8_t i = 0; i < 2 * SCAN_CONTACTS - 1; i++) {
            struct addr peer = {.family = 4, .b = {10, 0, 3, i}};
            scan_contact(&scan, &peer, 6, 23, true, figures);
            assert_false(scan_contact(&scan, &peer, 6, 23, false, figures)); /* known by now */
        }
        assert_int_equal(scan.n_contacts, SCAN_CONTACTS);
        assert_int_equal(scan.failed, 0);
        scan_fini(&scan);
    }
}

static void bits_follow_the_formula(void **state)
{
    (void)state;
    assert_true(fabs(baseline_bits(0, 0) - 1.0) < 1e-9);
    assert_true(fabs(baseline_bits(31, 0) - 6.0) < 1e-9);
    assert_true(baseline_bits(66, 2) < baseline_bits(66, 0));
}

static void topics_lie_within_filters(void **state)
{
    (void)state;
    static const struct {
        const char *filter, *topic;
        bool within;
    } cases[] = {
        {"sensors/+/level", "sensors/a/level", true},
        {"sensors/+/level", "sensors/a/b/level", false},
        {"sensors/#", "sensors", true},
        {"sensors/#", "sensors/a/b", true},
        {"sensors/+", "sensors/#", false},
        {"#", "#", true},
        {"a/b", "a/b/", false},
        {"a/b", "a", false},
        {"+/b", "+/b", true},
    };

    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(command_topic_within(cases[i].filter, cases[i].topic), cases[i].within);
    assert_true(command_topic_wildcard("#"));
    assert_true(command_topic_wildcard("+/+"));
    assert_true(command_topic_wildcard("$SYS/broker"));
    assert_false(command_topic_wildcard("sensors/+/level"));
    assert_false(command_topic_wildcard(""));
}

static void a_modbus_command_is_read_from_its_text(void **state)
{
    (void)state;
    struct fact fact = {
        .kind = FACT_FIELD, .text = "modbus.command", .text2 = "fc=16 unit=3 addr=10-19"};
    struct command_modbus cmd;

    assert_true(command_modbus_of(&fact, &cmd));
    assert_int_equal(cmd.fc, 16);
    assert_int_equal(cmd.unit, 3);
    assert_int_equal(cmd.low, 10);
    assert_int_equal(cmd.high, 19);
    assert_true(command_modbus_writes(cmd.fc));
    snprintf(fact.text2, sizeof(fact.text2), "fc=8");
    assert_true(command_modbus_of(&fact, &cmd));
    assert_false(cmd.has_addr);
    snprintf(fact.text2, sizeof(fact.text2), "xfc=8 fc=");
    assert_false(command_modbus_of(&fact, &cmd));
}

static void globs_ignore_case_and_end(void **state)
{
    (void)state;
    assert_true(identity_glob("cam-*", "CAM-ninh-kieu"));
    assert_true(identity_glob("*IPC*", "hikvision ipc"));
    assert_false(identity_glob("cam-?", "cam-12"));
    assert_false(identity_glob("", "x"));
    assert_true(identity_glob("*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaab"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_device_takes_less_than_one_kilobyte),
        cmocka_unit_test(every_feature_has_its_row_of_novelty),
        cmocka_unit_test(a_place_keeps_the_last_fact_put_there),
        cmocka_unit_test(atoms_forget_the_one_not_seen_for_longest),
        cmocka_unit_test(habits_of_a_full_device_stay_whole_json),
        cmocka_unit_test(the_registered_part_of_a_name_is_found),
        cmocka_unit_test(the_newest_name_of_an_address_wins_and_memory_is_bounded),
        cmocka_unit_test(seven_failed_first_contacts_are_a_scan),
        cmocka_unit_test(contacts_of_a_saved_state_are_known_and_its_place_may_be_anything),
        cmocka_unit_test(bits_follow_the_formula),
        cmocka_unit_test(topics_lie_within_filters),
        cmocka_unit_test(a_modbus_command_is_read_from_its_text),
        cmocka_unit_test(globs_ignore_case_and_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ladder: steps by fill, told once for all shards; and who is shunted at which step.
 */
#include "common/clock.h"
#include "sensor/run/shed.h"
#include "sensor/run/shunt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the three above */
#include <cmocka.h>

static void a_step_is_taken_at_its_fill_and_left_well_below_it(void **state)
{
    (void)state;
    struct shed shed = {{0}};

    assert_false(shed_judge(&shed, 3, 74));
    assert_true(shed_judge(&shed, 3, 75));
    assert_int_equal(shed.step[3], SHED_FILES);
    assert_false(shed_judge(&shed, 3, 71));
    assert_true(shed_judge(&shed, 3, 69));
    assert_int_equal(shed.step[3], SHED_NOTHING);
    assert_true(shed_judge(&shed, 3, 100)); /* all at once */
    assert_int_equal(shed.step[3], SHED_ALL);
    assert_true(shed_judge(&shed, 3, 90));
    assert_int_equal(shed.step[3], SHED_TRUSTED);
    assert_int_equal(shed.step[4], SHED_NOTHING);
}

static void the_highest_step_of_all_shards_is_told_when_it_changes(void **state)
{
    (void)state;
    struct shed_sum sum = {{0}, 0};
    struct notice notice;
    struct item item = {.shard = 1, .step = SHED_FILES, .number = 9, .ts_ns = 5};

    assert_true(shed_take(&sum, &item, &notice));
    assert_string_equal(notice.what, "memory pressure: files");
    assert_true(notice.detail_len > 0);
    item.shard = 2;
    assert_false(shed_take(&sum, &item, &notice)); /* known */
    item.step = SHED_SHUNT;
    assert_true(shed_take(&sum, &item, &notice));
    item.step = SHED_NOTHING;
    assert_true(shed_take(&sum, &item, &notice)); /* shard 1 is still at files */
    assert_string_equal(notice.what, "memory pressure: files");
    item.shard = 1;
    assert_true(shed_take(&sum, &item, &notice));
    assert_string_equal(notice.what, "memory pressure ended");
}

static void flows_are_shunted_by_policy_and_by_want_of_memory(void **state)
{
    (void)state;
    struct shunt_policy policy = {0};
    struct flow f = {.pkts = {1, 0}, .bytes = {2 << 20, 0}};

    addrset_init(&policy.trusted);
    addrset_add_text(&policy.trusted, SLICE_LIT("10.1.0.0/16"), 0);
    addrset_freeze(&policy.trusted);
    addr_parse(SLICE_LIT("10.1.2.3"), &f.client);
    addr_parse(SLICE_LIT("10.2.0.1"), &f.server);
    assert_int_equal(shunt_wanted(&policy, &f, SHED_EVIDENCE), FLOW_SHUNT_NONE);
    assert_int_equal(shunt_wanted(&policy, &f, SHED_SHUNT), FLOW_SHUNT_MEMORY); /* large */
    f.bytes[0] = 70000;
    assert_int_equal(shunt_wanted(&policy, &f, SHED_SHUNT), FLOW_SHUNT_NONE);
    assert_int_equal(shunt_wanted(&policy, &f, SHED_TRUSTED), FLOW_SHUNT_MEMORY);
    f.pkts[1] = 9; /* not new any more */
    assert_int_equal(shunt_wanted(&policy, &f, SHED_ALL), FLOW_SHUNT_NONE);
    policy.bytes = 60000;
    assert_int_equal(shunt_wanted(&policy, &f, SHED_NOTHING), FLOW_SHUNT_LARGE);
    policy.bytes = 0;
    policy.encrypted = true;
    assert_int_equal(shunt_wanted(&policy, &f, SHED_NOTHING), FLOW_SHUNT_NONE);
    f.app_name = "tls";
    assert_int_equal(shunt_wanted(&policy, &f, SHED_NOTHING), FLOW_SHUNT_ENCRYPTED);
    shunt_policy_fini(&policy);
}

static void a_long_flow_gives_a_record_each_interval(void **state)
{
    (void)state;
    struct shunt_policy policy = {.interim_ns = 60 * CLOCK_S};
    struct flow f = {.first_ns = 1000 * CLOCK_S};

    assert_false(shunt_interim(&policy, &f, 1059 * CLOCK_S));
    assert_true(shunt_interim(&policy, &f, 1061 * CLOCK_S));
    assert_false(shunt_interim(&policy, &f, 1100 * CLOCK_S));
    assert_true(shunt_interim(&policy, &f, 1121 * CLOCK_S));
    policy.interim_ns = 0;
    assert_false(shunt_interim(&policy, &f, 9999 * CLOCK_S));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_is_taken_at_its_fill_and_left_well_below_it),
        cmocka_unit_test(the_highest_step_of_all_shards_is_told_when_it_changes),
        cmocka_unit_test(flows_are_shunted_by_policy_and_by_want_of_memory),
        cmocka_unit_test(a_long_flow_gives_a_record_each_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

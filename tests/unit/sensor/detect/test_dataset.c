/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of values: frozen ones are asked by the worker, changing ones by the host tier in order.
 */
#include "detect_kit.h"
#include "sensor/detect/dataset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* What the host tier says of the only hit of a datagram. */
static bool admitted(struct kit *kit, struct thresholds *t, struct slice payload)
{
    static const struct addr none;
    uint32_t n;

    kit_datagram(kit, payload);
    const struct hit *hits = detect_hits(kit->detect, &n);
    assert_int_equal(n, 1);
    struct rule_hit hit = {
        .rule = hits[0].rule, .ts_ns = 1, .flow_id = 1, .src = &none, .dst = &none};

    hit.conditions = detect_conditions(kit->detect, &hits[0]);
    return thresholds_admit(t, &hit) != SAID_NOTHING;
}

static void setting_matches_only_what_is_new(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(&kit, "alert udp any any -> any any (pkt_data; "
                               "dataset:set,seen,type string; sid:1;)\n"));
    struct thresholds *t = thresholds_new(kit.rules, NULL);
    assert_true(admitted(&kit, t, SLICE_LIT("one")));
    assert_false(admitted(&kit, t, SLICE_LIT("one")));
    assert_true(admitted(&kit, t, SLICE_LIT("two")));
    thresholds_free(&t);
    kit_close(&kit);
}

static void conditions_of_one_rule_hold_together(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(&kit, "alert udp any any -> any any (pkt_data; to_md5; "
                               "dataset:isnotset,seen,type md5; dataset:set,seen; sid:1;)\n"));
    struct thresholds *t = thresholds_new(kit.rules, NULL);
    assert_true(admitted(&kit, t, SLICE_LIT("one")));
    assert_false(admitted(&kit, t, SLICE_LIT("one")));
    thresholds_free(&t);
    kit_close(&kit);
}

static void a_set_needs_a_type(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(&kit, "alert udp any any -> any any (pkt_data; "
                               "dataset:isset,seen; sid:1;)\n"));
    assert_int_equal(ruleset_rules(kit.rules), 0);
    assert_non_null(strstr(kit_reason(&kit), "needs a type"));
    kit_close(&kit);
}

static void a_set_is_read_from_a_file(void **state)
{
    struct dataset set = {.type = DATASET_STRING, .memcap = DATASET_MEMCAP};
    struct arena arena;
    char path[] = "/tmp/tramgac-test-XXXXXX";
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "w");
    uint32_t bad = 0;
    uint16_t reputation = 0;

    (void)state;
    assert_non_null(f);
    fputs("# list\ncm9vdA==,7\nYWRtaW4,300\n***,1\n", f);
    fclose(f);
    arena_init(&arena, 4096, 0);
    intern_init(&set.values, &arena);
    assert_int_equal(dataset_load(&set, path, true, &bad), ERR_OK);
    assert_int_equal(bad, 1);
    assert_true(dataset_has(&set, SLICE_LIT("root"), &reputation));
    assert_int_equal(reputation, 7);
    assert_true(dataset_has(&set, SLICE_LIT("admin"), &reputation));
    assert_false(dataset_has(&set, SLICE_LIT("guest"), NULL));
    assert_int_equal(dataset_load(&set, "/no/such/file", true, &bad), ERR_IO);
    intern_fini(&set.values);
    arena_fini(&arena);
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_matches_only_what_is_new),
        cmocka_unit_test(conditions_of_one_rule_hold_together),
        cmocka_unit_test(a_set_needs_a_type),
        cmocka_unit_test(a_set_is_read_from_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

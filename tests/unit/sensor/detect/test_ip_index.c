/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Address-only rules: the index gives each rule that may match, whatever way its ranges lie.
 */
#include "detect_kit.h"
#include "sensor/detect/ruleset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void note_rule(void *context, uint32_t rule)
{
    uint64_t *found = context;
    *found |= UINT64_C(1) << rule;
}

/* Sids (below 64) of the rules that hold these ends among those the index gives: it may give more,
 * never fewer. */
static uint64_t sids_of(const struct ruleset *rs, const char *src, const char *dst)
{
    uint64_t rules = 0, sids = 0;
    struct addr a, b;

    addr_parse(slice_of_str(src), &a);
    addr_parse(slice_of_str(dst), &b);
    ip_index_find(rs->ip, &a, &b, note_rule, &rules);
    for (uint32_t i = 0; i < rs->n; i++)
        sids |= (rules >> i & 1) && rule_net_has(rs->rules[i].src, &a) &&
                        rule_net_has(rs->rules[i].dst, &b)
                    ? UINT64_C(1) << rs->rules[i].info.sid
                    : 0;
    return sids;
}

#define SID(n) (UINT64_C(1) << (n))

static void ranges_that_touch_and_lie_in_each_other_are_found(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(&kit, "alert ip 10.0.0.0/24 any -> any any (sid:1;)\n"
                               "alert ip 10.0.0.128/25 any -> any any (sid:2;)\n"
                               "alert ip 10.0.1.0/24 any -> any any (sid:3;)\n"
                               "alert ip [10.0.0.5,10.0.1.5,192.0.2.0/28] any -> any any (sid:4;)\n"
                               "alert ip [10.1.0.0-10.255.255.255] any -> any any (sid:5;)\n"
                               "alert ip any any -> 203.0.113.7 any (sid:6;)\n"));
    const struct ruleset *rs = kit.rules;
    assert_int_equal(rs->n, 6);
    assert_int_equal(sids_of(rs, "10.0.0.0", "1.1.1.1"), SID(1));
    assert_int_equal(sids_of(rs, "10.0.0.127", "1.1.1.1"), SID(1));
    assert_int_equal(sids_of(rs, "10.0.0.128", "1.1.1.1"), SID(1) | SID(2));
    assert_int_equal(sids_of(rs, "10.0.0.255", "1.1.1.1"), SID(1) | SID(2));
    assert_int_equal(sids_of(rs, "10.0.1.0", "1.1.1.1"), SID(3));
    assert_int_equal(sids_of(rs, "10.0.1.5", "1.1.1.1"), SID(3) | SID(4));
    assert_int_equal(sids_of(rs, "10.1.0.0", "1.1.1.1"), SID(5));
    assert_int_equal(sids_of(rs, "9.255.255.255", "1.1.1.1"), 0);
    assert_int_equal(sids_of(rs, "11.0.0.0", "1.1.1.1"), 0);
    assert_int_equal(sids_of(rs, "192.0.2.15", "203.0.113.7"), SID(4) | SID(6));
    assert_int_equal(sids_of(rs, "192.0.2.16", "203.0.113.8"), 0);
    kit_close(&kit);
}

static void the_ends_of_the_address_space_are_inside(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(&kit, "alert ip [0.0.0.0,255.255.255.255] any -> any any (sid:1;)\n"
                               "alert ip [::/128,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff] any -> "
                               "any any (sid:2;)\n"));
    assert_int_equal(sids_of(kit.rules, "0.0.0.0", "1.1.1.1"), SID(1));
    assert_int_equal(sids_of(kit.rules, "0.0.0.1", "1.1.1.1"), 0);
    assert_int_equal(sids_of(kit.rules, "255.255.255.255", "1.1.1.1"), SID(1));
    assert_int_equal(sids_of(kit.rules, "::", "::1"), SID(2));
    assert_int_equal(sids_of(kit.rules, "::1", "::1"), 0);
    assert_int_equal(sids_of(kit.rules, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::1"), SID(2));
    kit_close(&kit);
}

static void the_two_families_do_not_mix(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(&kit, "alert ip 10.0.0.1 any -> any any (sid:1;)\n"
                               "alert ip 2001:db8::/32 any -> any any (sid:2;)\n"));
    assert_int_equal(sids_of(kit.rules, "2001:db8::1", "2001:db8::2"), SID(2));
    assert_int_equal(sids_of(kit.rules, "2001:db9::1", "2001:db8::2"), 0);
    assert_int_equal(sids_of(kit.rules, "::ffff:10.0.0.1", "::1"), 0);
    kit_close(&kit);
}

/* Each address of a small net against a plain comparison. */
static void the_index_agrees_with_the_headers(void **state)
{
    struct kit kit;
    struct strbuf text;
    char src[32];

    (void)state;
    strbuf_init(&text, 0);
    for (uint32_t i = 1; i < 50; i++)
        strbuf_fmt(&text, "alert ip 10.0.0.%u-10.0.0.%u any -> any any (sid:%u;)\n", i * 37 % 200,
                   i * 37 % 200 + i, i);
    assert_true(kit_open(&kit, text.at));
    const struct ruleset *rs = kit.rules;
    for (uint32_t k = 0; k < 256; k++) {
        uint64_t expected = 0;
        struct addr a;
        snprintf(src, sizeof(src), "10.0.0.%u", k);
        addr_parse(slice_of_str(src), &a);
        for (uint32_t i = 0; i < rs->n; i++)
            expected |= rule_net_has(rs->rules[i].src, &a) ? SID(rs->rules[i].info.sid) : 0;
        assert_int_equal(sids_of(rs, src, "1.1.1.1"), expected);
    }
    strbuf_fini(&text);
    kit_close(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_that_touch_and_lie_in_each_other_are_found),
        cmocka_unit_test(the_ends_of_the_address_space_are_inside),
        cmocka_unit_test(the_two_families_do_not_mix),
        cmocka_unit_test(the_index_agrees_with_the_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

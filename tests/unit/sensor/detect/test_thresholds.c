/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often a rule alerts, and marks on addresses.
 */
#include "detect_kit.h"

#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct host {
    struct kit kit;
    struct thresholds *t;
    struct addr a, b, c;
};

static void open_host(struct host *h, const char *rules)
{
    assert_true(kit_open(&h->kit, rules));
    assert_string_equal(kit_reason(&h->kit), "");
    h->t = thresholds_new(h->kit.rules, NULL);
    assert_non_null(h->t);
    addr_parse(SLICE_LIT("10.0.0.1"), &h->a);
    addr_parse(SLICE_LIT("10.0.0.2"), &h->b);
    addr_parse(SLICE_LIT("10.0.0.3"), &h->c);
}

static void close_host(struct host *h)
{
    thresholds_free(&h->t);
    kit_close(&h->kit);
}

static bool is_alert(struct thresholds *t, const struct rule_info *r, uint64_t s,
                     const struct addr *src, const struct addr *dst)
{
    struct rule_hit hit = {
        .rule = r, .ts_ns = (1000 + s) * CLOCK_S, .flow_id = 1, .src = src, .dst = dst};

    return thresholds_admit(t, &hit) != SAID_NOTHING;
}

/* The rule with this sid at second `s` from `src` to `dst`. */
static bool at(struct host *h, uint32_t sid, uint64_t s, const struct addr *src,
               const struct addr *dst)
{
    for (uint32_t i = 0; i < ruleset_rules(h->kit.rules); i++) {
        const struct rule_info *r = ruleset_rule(h->kit.rules, i);
        if (r->sid == sid)
            return is_alert(h->t, r, s, src, dst);
    }
    fail();
    return false;
}

static void limit_alerts_the_first_ones(void **state)
{
    struct host h;

    (void)state;
    open_host(&h, "alert ip any any -> any any (threshold:type limit, track by_src, count 2, "
                  "seconds 60; sid:1;)\n");
    assert_true(at(&h, 1, 0, &h.a, &h.b));
    assert_true(at(&h, 1, 1, &h.a, &h.c));
    assert_false(at(&h, 1, 2, &h.a, &h.b));
    assert_true(at(&h, 1, 2, &h.b, &h.a));
    assert_false(at(&h, 1, 59, &h.a, &h.b));
    assert_true(at(&h, 1, 61, &h.a, &h.b));
    close_host(&h);
}

static void threshold_alerts_every_nth(void **state)
{
    struct host h;

    (void)state;
    open_host(&h, "alert ip any any -> any any (threshold:type threshold, track by_dst, count 3, "
                  "seconds 60; sid:1;)\n");
    assert_false(at(&h, 1, 0, &h.a, &h.b));
    assert_false(at(&h, 1, 1, &h.c, &h.b));
    assert_true(at(&h, 1, 2, &h.a, &h.b));
    assert_false(at(&h, 1, 3, &h.a, &h.b));
    assert_false(at(&h, 1, 4, &h.a, &h.b));
    assert_true(at(&h, 1, 5, &h.a, &h.b));
    close_host(&h);
}

/* Some captures have no times. */
static void at_the_beginning_of_time_it_is_counted_too(void **state)
{
    uint64_t zero = 0 - (uint64_t)1000;
    struct host h;

    (void)state;
    open_host(&h, "alert ip any any -> any any (threshold:type both, track by_src, count 3, "
                  "seconds 10; sid:1;)\n");
    assert_false(at(&h, 1, zero, &h.a, &h.b));
    assert_false(at(&h, 1, zero, &h.a, &h.b));
    assert_true(at(&h, 1, zero, &h.a, &h.b));
    assert_false(at(&h, 1, zero, &h.a, &h.b));
    close_host(&h);
}

static void both_alerts_once_after_n(void **state)
{
    struct host h;

    (void)state;
    open_host(&h, "alert ip any any -> any any (threshold:type both, track by_src, count 2, "
                  "seconds 10; sid:1;)\n");
    assert_false(at(&h, 1, 0, &h.a, &h.b));
    assert_true(at(&h, 1, 1, &h.a, &h.b));
    assert_false(at(&h, 1, 2, &h.a, &h.b));
    assert_false(at(&h, 1, 3, &h.a, &h.b));
    assert_false(at(&h, 1, 20, &h.a, &h.b));
    assert_true(at(&h, 1, 21, &h.a, &h.b));
    close_host(&h);
}

static void detection_filter_alerts_from_the_next_on(void **state)
{
    struct host h;

    (void)state;
    open_host(&h, "alert ip any any -> any any (detection_filter:track by_src, count 2, "
                  "seconds 10; sid:1;)\n");
    assert_false(at(&h, 1, 0, &h.a, &h.b));
    assert_false(at(&h, 1, 1, &h.a, &h.b));
    assert_true(at(&h, 1, 2, &h.a, &h.b));
    assert_true(at(&h, 1, 3, &h.a, &h.b));
    close_host(&h);
}

static void xbits_tie_rules_on_different_flows(void **state)
{
    struct host h;

    (void)state;
    open_host(&h, "alert ip any any -> any any (xbits:set,scan,track ip_src,expire 60; noalert; "
                  "sid:1;)\n"
                  "alert ip any any -> any any (xbits:isset,scan,track ip_src; sid:2;)\n"
                  "alert ip any any -> any any (xbits:set,pair,track ip_pair,expire 60; noalert; "
                  "sid:3;)\n"
                  "alert ip any any -> any any (xbits:isset,pair,track ip_pair; sid:4;)\n");
    assert_false(at(&h, 2, 0, &h.a, &h.b));
    assert_false(at(&h, 1, 0, &h.a, &h.b));
    assert_true(at(&h, 2, 1, &h.a, &h.c));
    assert_false(at(&h, 2, 1, &h.b, &h.c));
    assert_false(at(&h, 2, 61, &h.a, &h.c));
    assert_false(at(&h, 3, 0, &h.a, &h.b));
    assert_true(at(&h, 4, 1, &h.b, &h.a));
    assert_false(at(&h, 4, 1, &h.a, &h.c));
    close_host(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limit_alerts_the_first_ones),
        cmocka_unit_test(threshold_alerts_every_nth),
        cmocka_unit_test(both_alerts_once_after_n),
        cmocka_unit_test(at_the_beginning_of_time_it_is_counted_too),
        cmocka_unit_test(detection_filter_alerts_from_the_next_on),
        cmocka_unit_test(xbits_tie_rules_on_different_flows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

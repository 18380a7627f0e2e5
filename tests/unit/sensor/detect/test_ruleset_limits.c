/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threshold.config: what its lines do to rules, and what is said of those that are wrong.
 */
#include "common/clock.h"
#include "detect_kit.h"
#include "sensor/detect/ruleset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct limits_file {
    struct kit kit;
    struct loader loader;
    struct strbuf report;
    struct thresholds *t;
    struct addr a, b;
};

static void open_file(struct limits_file *f, const char *rules, const char *lines)
{
    memset(f, 0, sizeof(*f));
    assert_true(kit_open(&f->kit, rules));
    assert_string_equal(kit_reason(&f->kit), "");
    loader_init(&f->loader, f->kit.rules->store, f->kit.rules, NULL);
    strbuf_init(&f->report, 0);
    ruleset_limits(f->kit.rules, &f->loader, slice_of_str(lines), "threshold.config", &f->report);
    f->t = thresholds_new(f->kit.rules, NULL);
    assert_non_null(f->t);
    addr_parse(SLICE_LIT("10.0.0.1"), &f->a);
    addr_parse(SLICE_LIT("10.0.0.2"), &f->b);
}

static void close_file(struct limits_file *f)
{
    thresholds_free(&f->t);
    loader_fini(&f->loader, f->kit.rules->store);
    strbuf_fini(&f->report);
    kit_close(&f->kit);
}

static bool is_alert(struct thresholds *t, const struct rule_info *r, uint64_t s,
                     const struct addr *src, const struct addr *dst)
{
    struct rule_hit hit = {
        .rule = r, .ts_ns = (1000 + s) * CLOCK_S, .flow_id = 1, .src = src, .dst = dst};

    return thresholds_admit(t, &hit) != SAID_NOTHING;
}

/* How many of `n` hits, a second apart, become alerts. */
static uint32_t alerts(struct limits_file *f, uint32_t sid, uint32_t n, bool turned)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < ruleset_rules(f->kit.rules); i++) {
        const struct rule_info *r = ruleset_rule(f->kit.rules, i);
        for (uint32_t k = 0; r->sid == sid && k < n; k++)
            count += is_alert(f->t, r, k, turned ? &f->b : &f->a, turned ? &f->a : &f->b);
    }
    return count;
}

static void suppress_silences_a_rule_or_an_address(void **state)
{
    struct limits_file f;

    (void)state;
    open_file(&f,
              "alert ip any any -> any any (sid:1;)\nalert ip any any -> any any (sid:2;)\n"
              "alert ip any any -> any any (sid:3;)\n",
              "# comment\n\nsuppress gen_id 1, sig_id 1\n"
              "suppress gen_id 1, sig_id 2, track by_src, ip [10.0.0.0/31,192.0.2.1]\n"
              "  suppress gen_id 1, sig_id 3, track by_either, ip 10.0.0.2  \n");
    assert_int_equal(f.report.len, 0);
    assert_int_equal(alerts(&f, 1, 3, false), 0);
    assert_int_equal(alerts(&f, 2, 3, false), 0);
    assert_int_equal(alerts(&f, 2, 3, true), 3);
    assert_int_equal(alerts(&f, 3, 3, false), 0);
    assert_int_equal(alerts(&f, 3, 3, true), 0);
    close_file(&f);
}

static void thresholds_stand_in_for_the_rules_own(void **state)
{
    struct limits_file f;

    (void)state;
    open_file(&f,
              "alert ip any any -> any any (threshold:type limit, track by_src, count 5, "
              "seconds 60; sid:1;)\nalert ip any any -> any any (sid:2;)\n",
              "threshold gen_id 1, sig_id 1, type limit, track by_src, count 1, seconds 60\n"
              "event_filter gen_id 1, sig_id 2, type both, track by_dst, count 3, seconds 60\n");
    assert_int_equal(f.report.len, 0);
    assert_int_equal(alerts(&f, 1, 10, false), 1);
    assert_int_equal(alerts(&f, 2, 10, false), 1);
    assert_int_equal(alerts(&f, 2, 2, true), 0);
    close_file(&f);
}

static void sig_id_0_is_every_rule(void **state)
{
    struct limits_file f;

    (void)state;
    open_file(&f, "alert ip any any -> any any (sid:1;)\nalert ip any any -> any any (sid:2;)\n",
              "suppress gen_id 1, sig_id 0, track by_src, ip 10.0.0.1\n");
    assert_int_equal(alerts(&f, 1, 2, false), 0);
    assert_int_equal(alerts(&f, 2, 2, false), 0);
    assert_int_equal(alerts(&f, 2, 2, true), 2);
    close_file(&f);
}

static void what_is_wrong_is_told_with_its_line(void **state)
{
    struct limits_file f;

    (void)state;
    open_file(&f, "alert ip any any -> any any (sid:1;)\n",
              "nonsense\n"
              "suppress gen_id 1, sig_id one\n"
              "threshold gen_id 1, sig_id 1, type often, track by_src, count 1, seconds 1\n"
              "suppress gen_id 1, sig_id 1, track by_src, ip 10.0.0.300\n"
              "rate_filter gen_id 1, sig_id 1, track by_src, count 9, seconds 9, new_action drop, "
              "timeout 9\n");
    assert_non_null(strstr(f.report.at, "threshold.config:1: "));
    assert_non_null(strstr(f.report.at, "threshold.config:2: "));
    assert_non_null(strstr(f.report.at, "threshold.config:3: "));
    assert_non_null(strstr(f.report.at, "threshold.config:4: "));
    assert_null(strstr(f.report.at, "threshold.config:5: "));
    assert_int_equal(alerts(&f, 1, 2, false), 2);
    close_file(&f);
}

static bool hit_at(struct limits_file *f, uint32_t sid, uint64_t s, const struct addr *src,
                   const struct addr *dst)
{
    for (uint32_t i = 0; i < ruleset_rules(f->kit.rules); i++) {
        const struct rule_info *r = ruleset_rule(f->kit.rules, i);
        if (r->sid == sid)
            return is_alert(f->t, r, s, src, dst);
    }
    fail();
    return false;
}

static void rate_filter_with_pass_silences_a_rule_that_comes_too_often(void **state)
{
    struct limits_file f;

    (void)state;
    open_file(&f,
              "alert ip any any -> any any (sid:1;)\nalert ip any any -> any any (sid:2;)\n"
              "alert ip any any -> any any (sid:3;)\nalert ip any any -> any any (sid:4;)\n",
              "rate_filter gen_id 1, sig_id 1, track by_src, count 2, seconds 10, new_action pass, "
              "timeout 30\n"
              "rate_filter gen_id 1, sig_id 2, track by_rule, count 1, seconds 10, new_action "
              "pass, timeout 5\n"
              "rate_filter gen_id 1, sig_id 3, track by_both, count 1, seconds 10, new_action "
              "pass, timeout 5\n"
              "rate_filter gen_id 1, sig_id 4, track by_dst, count 1, seconds 10, new_action "
              "alert, timeout 5\n");
    assert_int_equal(f.report.len, 0);
    assert_true(hit_at(&f, 1, 0, &f.a, &f.b));
    assert_true(hit_at(&f, 1, 1, &f.a, &f.b));
    assert_false(hit_at(&f, 1, 2, &f.a, &f.b));
    assert_true(hit_at(&f, 1, 3, &f.b, &f.a));
    assert_false(hit_at(&f, 1, 32, &f.a, &f.b));
    assert_true(hit_at(&f, 1, 33, &f.a, &f.b));
    assert_true(hit_at(&f, 1, 50, &f.a, &f.b));
    assert_true(hit_at(&f, 2, 0, &f.a, &f.b));
    assert_false(hit_at(&f, 2, 1, &f.b, &f.a));
    assert_true(hit_at(&f, 3, 0, &f.a, &f.b));
    assert_false(hit_at(&f, 3, 1, &f.b, &f.a));
    assert_true(hit_at(&f, 3, 1, &f.a, &f.a));
    assert_int_equal(alerts(&f, 4, 5, false), 5);
    close_file(&f);
}

static void a_rate_filter_that_says_too_little_is_told(void **state)
{
    struct limits_file f;

    (void)state;
    open_file(&f, "alert ip any any -> any any (sid:1;)\n",
              "rate_filter gen_id 1, sig_id 1, track by_src, new_action pass, timeout 30\n"
              "rate_filter gen_id 1, sig_id 1, track by_src, count 1, seconds 1, new_action sing, "
              "timeout 30\n");
    assert_non_null(strstr(f.report.at, "threshold.config:1: "));
    assert_non_null(strstr(f.report.at, "threshold.config:2: "));
    assert_int_equal(alerts(&f, 1, 5, false), 5);
    close_file(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suppress_silences_a_rule_or_an_address),
        cmocka_unit_test(thresholds_stand_in_for_the_rules_own),
        cmocka_unit_test(sig_id_0_is_every_rule),
        cmocka_unit_test(what_is_wrong_is_told_with_its_line),
        cmocka_unit_test(rate_filter_with_pass_silences_a_rule_that_comes_too_often),
        cmocka_unit_test(a_rate_filter_that_says_too_little_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a rule fires or not: the first condition that fails, and what the others met.
 */
#include "detect_kit.h"
#include "sensor/detect/explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct asked {
    struct kit kit;
    struct explain *explain;
};

static void ask_open(struct asked *a, const char *rule)
{
    assert_true(kit_open(&a->kit, rule));
    assert_string_equal(kit_reason(&a->kit), "");
    a->explain = explain_new(&(struct explain_ask){.sid = 1});
    assert_true(detect_explain(a->kit.detect, a->explain));
    kit_tcp(&a->kit, 80);
    a->kit.flow.id = 7;
}

static void ask_close(struct asked *a)
{
    explain_free(&a->explain);
    kit_close(&a->kit);
}

/* The nearest miss after one segment to the server. */
static const struct explain_case *miss_of(struct asked *a, const char *rule, const char *payload)
{
    uint32_t n;
    uint64_t lost;

    ask_open(a, rule);
    kit_segment(&a->kit, TO_SERVER, slice_of_str(payload));
    const struct explain_case *c = explain_cases(a->explain, &n, &lost);
    assert_int_equal(n, 1);
    return c;
}

static void the_first_condition_that_fails_is_named(void **state)
{
    static const struct {
        const char *rule, *payload;
        enum explain_stage stage;
        const char *condition, *why;
    } cases[] = {
        {"alert udp any any -> any any (content:\"a\"; sid:1;)", "a", EXPLAIN_PROTOCOL,
         "protocol udp", "it is tcp over IPv4"},
        {"alert http any any -> any any (content:\"a\"; sid:1;)", "a", EXPLAIN_APP,
         "application protocol http", "it is not known"},
        {"alert tcp any any -> any any (flow:to_client; content:\"a\"; sid:1;)", "a",
         EXPLAIN_DIRECTION, "direction to the client", "this one is to the server"},
        {"alert tcp 10.9.0.0/16 any -> any any (content:\"a\"; sid:1;)", "a", EXPLAIN_ADDRESS,
         "source 10.9.0.0/16", "it is 10.0.0.1"},
        {"alert tcp any any -> any [ 22, 23 ] (content:\"a\"; sid:1;)", "a", EXPLAIN_PORT,
         "destination port [ 22, 23 ]", "it is 80"},
        {"alert tcp any any -> any any (flowbits:isset,x; content:\"a\"; sid:1;)", "a",
         EXPLAIN_STATE, "flowbits:isset,x",
         "does not hold; the flow is established, 10 packets there, 10 back"},
        {"alert tcp any any -> any any (content:\"needle\"; nocase; sid:1;)", "haystack",
         EXPLAIN_LITERAL, "content:\"needle\"; nocase", "not in these 8 bytes"},
        {"alert tcp any any -> any any (content:\"needle\"; offset:4; depth:8; content:\"xy\"; "
         "fast_pattern; sid:1;)",
         "needle xy", EXPLAIN_OPTION, "content:\"needle\"; offset:4; depth:8",
         "it stands at 0; no room is left in 4 to 9 of 9"},
        {"alert tcp any any -> any any (content:\"len\"; byte_test:1,>,0x40,0,relative; sid:1;)",
         "len0", EXPLAIN_OPTION, "byte_test:1,>,0x40,0,relative",
         "the number that ends at 4 is 48 (0x30)"},
        {"alert tcp any any -> any any (content:\"abcd\"; content:!\"ef\"; within:3; sid:1;)",
         "abcd ef", EXPLAIN_OPTION, "content:!\"ef\"; within:3",
         "it stands there, at 5, and must not"},
        {"alert tcp any any -> any any (content:\"abcd\"; pcre:\"/^[0-9]+$/R\"; sid:1;)", "abcd12e",
         EXPLAIN_OPTION, "pcre:\"/^[0-9]+$/R\"", "it does not match the 3 bytes from 4 on"},
        {"alert tcp any any -> any any (content:\"abcd\"; isdataat:10,relative; sid:1;)", "abcd",
         EXPLAIN_OPTION, "isdataat:10,relative", "there are 4 bytes in all"},
    };
    (void)state;
    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct asked a;
        const struct explain_case *c = miss_of(&a, cases[i].rule, cases[i].payload);
        assert_string_equal(c->condition, cases[i].condition);
        assert_string_equal(c->why, cases[i].why);
        assert_int_equal(c->stage, cases[i].stage);
        ask_close(&a);
    }
}

static void what_held_before_the_miss_is_told_with_its_bytes(void **state)
{
    struct asked a;
    const struct explain_case *c =
        miss_of(&a,
                "alert tcp any any -> any any (content:\"user \"; pcre:\"/[a-z]+/R\"; "
                "content:\"!\"; within:1; sid:1;)",
                "-- user anna ?");

    (void)state;
    assert_int_equal(c->n_steps, 2);
    assert_int_equal(c->steps[0].offset, 3);
    assert_int_equal(c->steps[0].len, 5);
    assert_memory_equal(c->steps[0].bytes, "user ", 5);
    assert_int_equal(c->steps[1].offset, 8);
    assert_memory_equal(c->steps[1].bytes, "anna", 4);
    ask_close(&a);
}

static void the_nearest_look_at_a_flow_stays(void **state)
{
    struct asked a;
    uint32_t n;
    uint64_t lost;

    (void)state;
    ask_open(&a, "alert tcp any any -> any any (content:\"abc\"; content:\"def\"; sid:1;)");
    kit_segment(&a.kit, TO_SERVER, SLICE_LIT("nothing"));
    kit_segment(&a.kit, TO_SERVER, SLICE_LIT("abc"));
    kit_segment(&a.kit, TO_CLIENT, SLICE_LIT("nothing"));
    const struct explain_case *c = explain_cases(a.explain, &n, &lost);
    assert_int_equal(n, 1);
    assert_int_equal(c->looks, 3);
    assert_string_equal(c->condition, "content:\"def\"");
    assert_int_equal(c->n_steps, 1);
    assert_int_equal(explain_packets(a.explain), 3);
    ask_close(&a);
}

static void a_hit_waits_for_the_word_of_the_host_tier(void **state)
{
    struct asked a;
    uint32_t n;
    uint64_t lost;

    (void)state;
    ask_open(&a, "alert tcp any any -> any any (content:\"abc\"; sid:1;)");
    kit_segment(&a.kit, TO_SERVER, SLICE_LIT("abc"));
    kit_segment(&a.kit, TO_SERVER, SLICE_LIT("..abc"));
    explain_verdict(a.explain, explain_rule(a.explain), 7, true);
    explain_verdict(a.explain, explain_rule(a.explain), 7, false);
    const struct explain_case *c = explain_alerts(a.explain, &n, &lost);
    assert_int_equal(n, 2);
    assert_int_equal(c[0].stage, EXPLAIN_ALERT);
    assert_int_equal(c[1].stage, EXPLAIN_HELD);
    assert_int_equal(c[1].n_steps, 1);
    ask_close(&a);
}

static void what_a_pass_rule_took_is_said(void **state)
{
    struct asked a;
    uint32_t n;
    uint64_t lost;

    (void)state;
    ask_open(&a, "alert tcp any any -> any any (content:\"abc\"; sid:1;)\n"
                 "pass tcp any any -> any any (content:\"abc\"; sid:2;)\n");
    kit_segment(&a.kit, TO_SERVER, SLICE_LIT("abc"));
    const struct explain_case *c = explain_alerts(a.explain, &n, &lost);
    assert_int_equal(n, 1);
    assert_int_equal(c->stage, EXPLAIN_WITHHELD);
    assert_string_equal(c->why, "a pass rule matched this packet");
    ask_close(&a);
}

static void hits_tell_their_conditions_when_asked(void **state)
{
    struct kit kit;
    uint32_t n;

    (void)state;
    assert_true(kit_open(&kit, "alert tcp any any -> any any (content:\"len \"; "
                               "byte_extract:1,0,n,relative; content:\"end\"; distance:n; "
                               "sid:1;)"));
    kit_tcp(&kit, 80);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("len \x02..end")), 1);
    assert_int_equal(detect_hits(kit.detect, &n)[0].n_steps, 0);
    assert_true(detect_trace(kit.detect));
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("len \x02..end")), 1);
    const struct hit *hit = detect_hits(kit.detect, &n);
    assert_int_equal(hit->n_steps, 3);
    assert_true(hit->steps[1].has_value);
    assert_int_equal(hit->steps[1].value, 2);
    assert_int_equal(hit->steps[2].offset, hit->steps[0].offset + 7);
    kit_close(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_condition_that_fails_is_named),
        cmocka_unit_test(what_held_before_the_miss_is_told_with_its_bytes),
        cmocka_unit_test(the_nearest_look_at_a_flow_stays),
        cmocka_unit_test(a_hit_waits_for_the_word_of_the_host_tier),
        cmocka_unit_test(what_a_pass_rule_took_is_said),
        cmocka_unit_test(hits_tell_their_conditions_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

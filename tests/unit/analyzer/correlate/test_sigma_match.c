/* SPDX-License-Identifier: Apache-2.0 */
#include "sigma_case.h"

struct row {
    const char *detection; /* body of `detection`, flow style */
    const char *eve;
    bool hit;
};

static bool hits(const char *detection, const char *eve)
{
    struct strbuf yaml;
    struct sigma_set set;
    struct sigma_view view;
    struct batch batch;

    strbuf_init(&yaml, 0);
    strbuf_fmt(&yaml, "title: t\nlogsource: {product: tramgac}\ndetection: %s\n", detection);
    sigma_init(&set);
    sigma_parse_text(&set, "t.yml", strbuf_view(&yaml));
    sigma_freeze(&set);
    if (set.n_faults)
        print_message("%s: %s\n", detection, set.faults[0].text);
    assert_int_equal(set.n_rules, 1);
    sigma_match_init(&view, &set);
    batch_init(&batch);
    sigma_match_begin(&view, case_record(&batch, eve));
    bool hit = sigma_match_rule(&view, set.rules[0]);
    batch_fini(&batch);
    sigma_match_fini(&view);
    sigma_fini(&set);
    strbuf_fini(&yaml);
    return hit;
}

static void run(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (hits(rows[i].detection, rows[i].eve) != rows[i].hit)
            fail_msg("%s on %s: expected %d", rows[i].detection, rows[i].eve, rows[i].hit);
    }
}
#define RUN(rows) run(rows, sizeof(rows) / sizeof(rows[0]))

static void values_compare_without_case_and_with_wildcards(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{s: {a: hello}, condition: s}", "{\"a\":\"HELLO\"}", true},
        {"{s: {a: hello}, condition: s}", "{\"a\":\"hello \"}", false},
        {"{s: {a: 'h*o'}, condition: s}", "{\"a\":\"hello\"}", true},
        {"{s: {a: 'h?llo'}, condition: s}", "{\"a\":\"hallo\"}", true},
        {"{s: {a: 'h?llo'}, condition: s}", "{\"a\":\"hllo\"}", false},
        {"{s: {a: 'h\\*o'}, condition: s}", "{\"a\":\"hello\"}", false},
        {"{s: {a: 'h\\*o'}, condition: s}", "{\"a\":\"h*o\"}", true},
        {"{s: {a: 'C:\\x'}, condition: s}", "{\"a\":\"c:\\\\X\"}", true},
        {"{s: {a: ''}, condition: s}", "{\"a\":\"\"}", true},
        {"{s: {a: ''}, condition: s}", "{\"a\":\"x\"}", false},
        {"{s: {a: null}, condition: s}", "{\"b\":1}", true},
        {"{s: {a: null}, condition: s}", "{\"a\":1}", false},
        {"{s: {a: 502}, condition: s}", "{\"a\":502}", true},
        {"{s: {a: 502}, condition: s}", "{\"a\":\"502\"}", true},
        {"{s: {a: '502'}, condition: s}", "{\"a\":502}", true},
        {"{s: {a: true}, condition: s}", "{\"a\":true}", true},
        {"{s: {a: true}, condition: s}", "{\"a\":false}", false},
        {"{s: {a.b: x}, condition: s}", "{\"a\":{\"b\":\"x\"}}", true},
        {"{s: {a: [x, y]}, condition: s}", "{\"a\":\"y\"}", true},
        {"{s: {a: y}, condition: s}", "{\"a\":[\"x\",\"y\"]}", true},
        {"{s: {a: z}, condition: s}", "{\"a\":[\"x\",\"y\"]}", false},
        {"{s: {d.r: z}, condition: s}", "{\"d\":[{\"r\":\"x\"},{\"r\":\"z\"}]}", true},
    };
    RUN(rows);
}

static void modifiers_do_what_the_specification_says(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{s: {a|contains: ell}, condition: s}", "{\"a\":\"hello\"}", true},
        {"{s: {a|startswith: he}, condition: s}", "{\"a\":\"hello\"}", true},
        {"{s: {a|startswith: el}, condition: s}", "{\"a\":\"hello\"}", false},
        {"{s: {a|endswith: lo}, condition: s}", "{\"a\":\"hello\"}", true},
        {"{s: {a|contains|all: [he, lo]}, condition: s}", "{\"a\":\"hello\"}", true},
        {"{s: {a|contains|all: [he, xx]}, condition: s}", "{\"a\":\"hello\"}", false},
        {"{s: {a|cased: Hello}, condition: s}", "{\"a\":\"hello\"}", false},
        {"{s: {a|contains|cased: El}, condition: s}", "{\"a\":\"hello\"}", false},
        {"{s: {a|exists: true}, condition: s}", "{\"a\":\"\"}", true},
        {"{s: {a|exists: false}, condition: s}", "{\"b\":1}", true},
        {"{s: {a|exists: false}, condition: s}", "{\"a\":1}", false},
        {"{s: {a|neq: x}, condition: s}", "{\"a\":\"y\"}", true},
        {"{s: {a|neq: x}, condition: s}", "{\"a\":\"x\"}", false},
        {"{s: {a|re: '^h.llo$'}, condition: s}", "{\"a\":\"hallo\"}", true},
        {"{s: {a|re: '^H.llo$'}, condition: s}", "{\"a\":\"hallo\"}", false},
        {"{s: {a|re|i: '^H.llo$'}, condition: s}", "{\"a\":\"hallo\"}", true},
        {"{s: {a|re: 'a.b'}, condition: s}", "{\"a\":\"a\\nb\"}", false},
        {"{s: {a|re|s: 'a.b'}, condition: s}", "{\"a\":\"a\\nb\"}", true},
        {"{s: {a|re|m: '^b'}, condition: s}", "{\"a\":\"a\\nb\"}", true},
        {"{s: {a|cidr: 10.0.0.0/8}, condition: s}", "{\"a\":\"10.2.3.4\"}", true},
        {"{s: {a|cidr: [192.168.0.0/16, 'fd00::/8']}, condition: s}", "{\"a\":\"fd12::1\"}", true},
        {"{s: {a|cidr: 10.0.0.0/8}, condition: s}", "{\"a\":\"11.2.3.4\"}", false},
        {"{s: {a|lt: 5}, condition: s}", "{\"a\":4}", true},
        {"{s: {a|gte: 5}, condition: s}", "{\"a\":\"5\"}", true},
        {"{s: {a|gt: 5}, condition: s}", "{\"a\":\"x\"}", false},
        {"{s: {a|lte: 5}, condition: s}", "{\"b\":5}", false},
        {"{s: {a|base64: foo}, condition: s}", "{\"a\":\"Zm9v\"}", true},
        {"{s: {a|base64offset|contains: foobar}, condition: s}", "{\"a\":\"eGZvb2Jhcnk=\"}", true},
        {"{s: {a|base64offset|contains: foobar}, condition: s}", "{\"a\":\"eHhmb29iYXJ5\"}", true},
        {"{s: {a|base64offset|contains: foobar}, condition: s}", "{\"a\":\"Zm9vYmFy\"}", true},
        {"{s: {a|wide|base64offset|contains: ping}, condition: s}", "{\"a\":\"cABpAG4AZwA=\"}",
         true},
        {"{s: {a|windash|contains: ' -h'}, condition: s}", "{\"a\":\"ping /h\"}", true},
        {"{s: {a|fieldref: b}, condition: s}", "{\"a\":\"x\",\"b\":\"X\"}", true},
        {"{s: {a|fieldref: b}, condition: s}", "{\"a\":\"x\",\"b\":\"y\"}", false},
        {"{s: {a|hour: 3}, condition: s}", "{\"a\":\"2026-11-21T03:05:10.123456+0000\"}", true},
        {"{s: {a|week: 47}, condition: s}", "{\"a\":\"2026-11-21T03:05:10.123456+0000\"}", true},
        {"{s: {a|month: 11}, condition: s}", "{\"a\":\"2026-11-21T03:05:10.123456+0000\"}", true},
    };
    RUN(rows);
}

static void conditions_bind_not_before_and_before_or(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{x: {a: 1}, y: {b: 1}, z: {c: 1}, condition: x or y and not z}", "{\"b\":1}", true},
        {"{x: {a: 1}, y: {b: 1}, z: {c: 1}, condition: x or y and not z}", "{\"b\":1,\"c\":1}",
         false},
        {"{x: {a: 1}, y: {b: 1}, z: {c: 1}, condition: (x or y) and not z}", "{\"a\":1,\"c\":1}",
         false},
        {"{x: {a: 1}, y: {b: 1}, condition: not not x}", "{\"a\":1}", true},
        {"{s_1: {a: 1}, s_2: {b: 1}, condition: 1 of s_*}", "{\"b\":1}", true},
        {"{s_1: {a: 1}, s_2: {b: 1}, condition: all of s_*}", "{\"b\":1}", false},
        {"{s_1: {a: 1}, s_2: {b: 1}, t: {c: 1}, condition: all of them}", "{\"a\":1,\"b\":1}",
         false},
        {"{s_1: {a: 1}, s_2: {b: 1}, _t: {c: 1}, condition: all of them}", "{\"a\":1,\"b\":1}",
         true},
        {"{s_1: {a: 1}, s_2: {b: 1}, s_3: {c: 1}, condition: 2 of s_*}", "{\"a\":1,\"c\":1}", true},
        {"{s_1: {a: 1}, s_2: {b: 1}, s_3: {c: 1}, condition: 2 of s_*}", "{\"c\":1}", false},
        {"{x: {a: 1}, y: {b: 1}, condition: [x, y]}", "{\"b\":1}", true},
        {"{x: [{a: 1}, {b: 1}], condition: x}", "{\"b\":1}", true},
        {"{k: [needle, other], condition: k}", "{\"a\":{\"b\":[\"hayNEEDLEhay\"]}}", true},
        {"{k: [needle], condition: k}", "{\"a\":{\"b\":[\"hay\"]}}", false},
        {"{k: {'|all': [one, two]}, condition: k}", "{\"a\":\"one\",\"b\":\"x\"}", false},
    };
    RUN(rows);
}

static void a_rule_for_one_kind_of_event_sees_no_other(void **state)
{
    (void)state;
    static const char yaml[] = "title: t\nlogsource: {product: suricata, service: dns}\n"
                               "detection: {s: {a: 1}, condition: s}\n";
    struct sigma_set set;
    struct sigma_view view;
    struct batch batch;

    sigma_init(&set);
    sigma_parse_text(&set, "t.yml", SLICE_LIT(yaml));
    sigma_freeze(&set);
    sigma_match_init(&view, &set);
    batch_init(&batch);
    sigma_match_begin(&view, case_record(&batch, "{\"event_type\":\"dns\",\"a\":1}"));
    assert_true(sigma_match_rule(&view, set.rules[0]));
    sigma_match_begin(&view, case_record(&batch, "{\"event_type\":\"http\",\"a\":1}"));
    assert_false(sigma_match_rule(&view, set.rules[0]));
    batch_fini(&batch);
    sigma_match_fini(&view);
    sigma_fini(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_compare_without_case_and_with_wildcards),
        cmocka_unit_test(modifiers_do_what_the_specification_says),
        cmocka_unit_test(conditions_bind_not_before_and_before_or),
        cmocka_unit_test(a_rule_for_one_kind_of_event_sees_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

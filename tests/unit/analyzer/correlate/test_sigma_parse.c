/* SPDX-License-Identifier: Apache-2.0 */
#include "sigma_case.h"

#define BASE(name)                                                                                 \
    "title: " name "\nname: " name "\nlogsource: {product: tramgac}\n"                             \
    "detection: {s: {a: 1}, condition: s}\n"
#define PLAIN "title: t\nlogsource: {product: tramgac}\n"

static void load(struct sigma_set *set, const char *yaml)
{
    sigma_init(set);
    sigma_parse_text(set, "rules.yml", slice_of_str(yaml));
    sigma_freeze(set);
}

static void a_wrong_document_is_put_aside_with_its_line_and_the_others_load(void **state)
{
    (void)state;
    struct sigma_set set;

    load(&set, BASE("one") "---\n" PLAIN "detection:\n  s:\n    a|nosuch: 1\n  condition: s\n---\n"
                           "title: [broken\n---\n" BASE("three"));
    assert_int_equal(set.n_rules, 2);
    assert_int_equal(set.n_faults, 2);
    assert_string_equal(set.faults[0].file, "rules.yml");
    assert_int_equal(set.faults[0].line, 10);
    assert_non_null(strstr(set.faults[0].text, "nosuch"));
    assert_non_null(strstr(set.faults[1].text, "not valid YAML"));
    assert_string_equal(set.rules[1]->title, "three");
    sigma_fini(&set);
}

struct fault_row {
    const char *yaml, *reason;
};

static const struct fault_row fault_rows[] = {
    {"title: t\n", "either"},
    {"detection: {s: {a: 1}, condition: s}\nlogsource: {product: tramgac}\n", "title"},
    {"title: t\ndetection: {s: {a: 1}, condition: s}\n", "logsource"},
    {"title: t\nlogsource: {category: process_creation, product: windows}\n"
     "detection: {s: {a: 1}, condition: s}\n",
     "network"},
    {PLAIN "detection: {s: {a: 1}}\n", "condition"},
    {PLAIN "detection: {s: {a: 1}, condition: x}\n", "no selection"},
    {PLAIN "detection: {s: {a: 1}, condition: s and}\n", "ends where"},
    {PLAIN "detection: {s: {a: 1}, condition: (s}\n", "not closed"},
    {PLAIN "detection: {s: {a: 1}, condition: s s}\n", "not expected"},
    {PLAIN "detection: {s: {a: 1}, condition: 's | count() > 5'}\n", "not expected"},
    {PLAIN "detection: {s: {}, condition: s}\n", "empty"},
    {PLAIN "detection: {s: {a|re: '('}, condition: s}\n", "regular expression"},
    {PLAIN "detection: {s: {a|cidr: x}, condition: s}\n", "prefix"},
    {PLAIN "level: huge\ndetection: {s: {a: 1}, condition: s}\n", "level"},
    {"title: t\ncorrelation: {type: nosuch, rules: [a], timespan: 5m}\n", "no correlation type"},
    {"title: t\ncorrelation: {type: event_count, rules: [a], timespan: x, condition: {gte: 1}}\n",
     "timespan"},
    {"title: t\ncorrelation: {type: event_count, rules: [a], timespan: 5m}\n", "needs a condition"},
    {"title: t\ncorrelation: {type: value_count, rules: [a], timespan: 5m, condition: {gte: 1}}\n",
     "condition.field"},
    {"title: t\ncorrelation: {type: temporal, rules: [a], timespan: 5m}\n", "two rules"},
    {"title: t\ncorrelation: {type: value_percentile, rules: [a], timespan: 5m, "
     "condition: {gte: 1, field: x}}\n",
     "percentile"},
    {"title: t\ncorrelation: {type: event_count, rules: [gone], timespan: 5m, "
     "condition: {gte: 1}}\n",
     "not loaded"},
    {"title: t\ncorrelation: {type: event_count, rules: [a], timespan: 5m, group-by: [v], "
     "aliases: {v: {b: x}}, condition: {gte: 1}}\n",
     "alias"},
};

static void each_fault_has_its_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(fault_rows) / sizeof(fault_rows[0]); i++) {
        struct sigma_set set;
        load(&set, fault_rows[i].yaml);
        assert_int_equal(set.n_rules, 0);
        assert_int_equal(set.n_faults, 1);
        if (!strstr(set.faults[0].text, fault_rows[i].reason))
            fail_msg("%s: %s", fault_rows[i].yaml, set.faults[0].text);
        sigma_fini(&set);
    }
}

static void a_correlation_reads_with_aliases_limits_and_our_block(void **state)
{
    (void)state;
    struct sigma_set set;

    load(&set,
         BASE("scan") "---\n" BASE(
             "spread") "---\n"
                       "title: Story\nid: 1b4e28ba-2fa1-11d2-883f-0016d3cca427\nlevel: critical\n"
                       "correlation:\n  type: temporal_ordered\n  rules: [scan, spread]\n"
                       "  group-by: [victim]\n  timespan: 1h\n"
                       "  aliases:\n    victim:\n      scan: dest_ip\n      spread: src_ip\n"
                       "tags: [attack.t0846, attack.discovery]\n"
                       "tramgac:\n  title_vi: Câu chuyện\n  attack: [T1110, TA0108]\n  incident: "
                       "true\n");
    assert_int_equal(set.n_faults, 0);
    assert_int_equal(set.n_rules, 3);
    const struct sigma_rule *rule = set.rules[2];
    const struct sigma_correlation *c = rule->correlation;
    assert_string_equal(rule->title_vi, "Câu chuyện");
    assert_int_equal(rule->level, SEVERITY_CRITICAL);
    assert_true(rule->incident);
    assert_int_equal(rule->n_attack, 3);
    assert_string_equal(rule->attack[0], "T0846");
    assert_true(c->span_ns == 3600 * CLOCK_S);
    assert_string_equal(set.fields[c->group_fields[0][0]], "dest_ip");
    assert_string_equal(set.fields[c->group_fields[1][0]], "src_ip");
    assert_true(set.rules[0]->referred);
    assert_non_null(strstr(rule->condition, "temporal_ordered"));
    sigma_fini(&set);
}

static void chains_are_ordered_and_circles_are_put_aside(void **state)
{
    (void)state;
    struct sigma_set set;

    load(&set,
         "title: top\nname: top\ncorrelation: {type: temporal, rules: [mid, base], timespan: 1h}\n"
         "---\ntitle: mid\nname: mid\ncorrelation: {type: event_count, rules: [base], "
         "timespan: 1m, condition: {gte: 3}}\n---\n" BASE(
             "base") "---\ntitle: c1\nname: c1\ncorrelation: {type: event_count, rules: [c2], "
                     "timespan: 1m, "
                     "condition: {gte: 3}}\n"
                     "---\ntitle: c2\nname: c2\ncorrelation: {type: event_count, rules: [c1], "
                     "timespan: 1m, "
                     "condition: {gte: 3}}\n");
    assert_int_equal(set.n_rules, 3);
    assert_int_equal(set.n_faults, 2);
    assert_int_equal(set.n_order, 2);
    assert_string_equal(set.rules[set.order[0]]->title, "mid");
    assert_string_equal(set.rules[set.order[1]]->title, "top");
    sigma_fini(&set);
}

static void the_rules_that_ship_all_load(void **state)
{
    (void)state;
    struct sigma_set set;

    sigma_init(&set);
    enum err err = sigma_load(&set, TRAMGAC_SOURCE_DIR "/rules/correlation");
    sigma_freeze(&set);
    for (uint32_t i = 0; i < set.n_faults; i++)
        print_message("%s:%u: %s\n", set.faults[i].file, set.faults[i].line, set.faults[i].text);
    assert_int_equal(set.n_faults, 0);
    assert_true(err == ERR_OK || err == ERR_NOTFOUND);
    sigma_fini(&set);
}

static void any_bytes_are_read_without_harm(void **state)
{
    (void)state;
    uint64_t seed = 42;

    for (uint32_t round = 0; round < 300; round++) {
        char text[] =
            BASE("one") "---\ntitle: top\ncorrelation: {type: value_count, rules: [one], "
                        "group-by: [a, b], timespan: 1h, condition: {gte: 5, field: c}}\n";
        struct sigma_set set;
        for (uint32_t k = 0; k < 4; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            text[(seed >> 33) % (sizeof(text) - 1)] = (char)(seed >> 20);
        }
        sigma_init(&set);
        sigma_parse_text(&set, "x", (struct slice){(uint8_t *)text, sizeof(text) - 1});
        sigma_freeze(&set);
        sigma_fini(&set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_document_is_put_aside_with_its_line_and_the_others_load),
        cmocka_unit_test(each_fault_has_its_reason),
        cmocka_unit_test(a_correlation_reads_with_aliases_limits_and_our_block),
        cmocka_unit_test(chains_are_ordered_and_circles_are_put_aside),
        cmocka_unit_test(the_rules_that_ship_all_load),
        cmocka_unit_test(any_bytes_are_read_without_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/incident/score.h"
#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the three above */
#include <cmocka.h>
#include <math.h>
#include <stdio.h>

#define BASE_NS (UINT64_C(1790000000) * CLOCK_S)

/* A story is filled through its own text form. */
static struct story *story_of(const char *facts, const char *entities)
{
    struct strbuf text;
    struct story *story = NULL;

    strbuf_init(&text, 0);
    strbuf_fmt(&text,
               "{\"key\":\"k\",\"first\":\"1\",\"last\":\"%llu\",\"facts\":[%s],\"entities\":[%s]}",
               (unsigned long long)BASE_NS, facts, entities);
    assert_int_equal(story_read(strbuf_view(&text), &story), ERR_OK);
    strbuf_fini(&text);
    return story;
}

static const char *fact(int kind, const char *title, int severity, const char *tactic,
                        uint64_t last_ns)
{
    static char rooms[8][400];
    static int next;
    char *out = rooms[next++ % 8];

    snprintf(out, 400,
             "{\"kind\":%d,\"key\":\"%s-%d\",\"severity\":%d,\"first\":\"%llu\",\"last\":\"%llu\","
             "\"n\":1,"
             "\"text\":[\"\",\"%s\",\"%s\",\"\",\"\",\"\",\"\",\"\",\"\",\"%s\"]}",
             kind, title, next, severity, (unsigned long long)last_ns, (unsigned long long)last_ns,
             title, title, tactic);
    return out;
}

static struct score score_facts(const char *entities, uint32_t n, const char *const *facts)
{
    struct strbuf text;
    struct score score;

    strbuf_init(&text, 0);
    for (uint32_t i = 0; i < n; i++)
        strbuf_fmt(&text, "%s%s", i ? "," : "", facts[i]);
    struct story *story = story_of(text.at, entities);
    score_of(story, NULL, 24 * 3600 * CLOCK_S, &score);
    story_free(&story);
    strbuf_fini(&text);
    return score;
}

static void the_reasons_add_up_to_the_score(void **state)
{
    (void)state;
    const char *facts[] = {fact(FACT_HIT, "a", SEVERITY_HIGH, "TA0001", BASE_NS),
                           fact(FACT_ALERT, "b", SEVERITY_MEDIUM, "TA0002", BASE_NS),
                           fact(FACT_ALERT, "c", SEVERITY_HIGH, "TA0003", BASE_NS)};
    struct score score = score_facts("{\"ip\":\"10.0.0.1\",\"criticality\":4}", 3, facts);
    double sum = 0;

    for (uint32_t i = 0; i < score.n; i++) {
        sum += score.reasons[i].points;
        assert_true(score.reasons[i].en[0] && score.reasons[i].vi[0]);
    }
    assert_int_equal(lround(sum), score.points);
    /* 35 + 10 + 5/2 + 2 tactics of 3, times 1.2 */
    assert_int_equal(score.points, 64);
    assert_int_equal(score.severity, SEVERITY_HIGH);
}

static void repeats_of_one_rule_never_outweigh_something_worse(void **state)
{
    (void)state;
    const char *many[8];
    const char *worse[] = {fact(FACT_HIT, "x", SEVERITY_CRITICAL, "", BASE_NS)};

    struct score one = score_facts("", 1, worse);
    for (uint32_t i = 0; i < 8; i++)
        many[i] = fact(FACT_ALERT, "same", SEVERITY_HIGH, "", BASE_NS);
    struct score repeated = score_facts("", 8, many);
    assert_true(repeated.points <= 20);
    assert_true(one.points > repeated.points);
}

static void what_is_a_day_older_counts_half(void **state)
{
    (void)state;
    const char *fresh[] = {fact(FACT_HIT, "a", SEVERITY_CRITICAL, "", BASE_NS)};
    struct score now = score_facts("", 1, fresh);
    const char *old[] = {fact(FACT_HIT, "a", SEVERITY_CRITICAL, "", BASE_NS - 24 * 3600 * CLOCK_S)};
    struct score day = score_facts("", 1, old);

    assert_int_equal(now.points, 50);
    assert_int_equal(day.points, 25);
}

static void the_score_ends_at_one_hundred_and_says_so(void **state)
{
    (void)state;
    const char *facts[] = {fact(FACT_HIT, "a", SEVERITY_CRITICAL, "TA0001", BASE_NS),
                           fact(FACT_HIT, "b", SEVERITY_CRITICAL, "TA0002", BASE_NS),
                           fact(FACT_HIT, "c", SEVERITY_CRITICAL, "TA0003", BASE_NS),
                           fact(FACT_ALERT, "d", SEVERITY_CRITICAL, "TA0004", BASE_NS)};
    struct score score = score_facts("{\"ip\":\"10.0.0.1\",\"criticality\":5}", 4, facts);

    assert_int_equal(score.points, 100);
    assert_true(score.reasons[score.n - 1].points < 0);
    assert_int_equal(score.severity, SEVERITY_CRITICAL);
}

static void broken_state_of_a_story_is_refused_or_read_without_harm(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "[]", "{\"facts\":[{\"kind\":9,\"severity\":99,\"children\":[-1,5,400000]}]}",
        "{\"facts\":7,\"entities\":\"x\",\"sensors\":[1,2]}",
        "{\"facts\":[{\"text\":[1,2,3],\"children\":[0,0,0]}],\"entities\":[{}]}"};

    for (uint32_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct story *story = NULL;
        struct score score;
        if (story_read(slice_of_str(texts[i]), &story) != ERR_OK)
            continue;
        score_of(story, NULL, 0, &score);
        story_free(&story);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reasons_add_up_to_the_score),
        cmocka_unit_test(repeats_of_one_rule_never_outweigh_something_worse),
        cmocka_unit_test(what_is_a_day_older_counts_half),
        cmocka_unit_test(the_score_ends_at_one_hundred_and_says_so),
        cmocka_unit_test(broken_state_of_a_story_is_refused_or_read_without_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

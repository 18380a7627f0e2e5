/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rules cost, and that no packet makes one dear beyond its limit: bombs of backtracking, of
 * regular expressions, of jumps.
 */
#include "common/clock.h"
#include "detect_kit.h"
#include "sensor/detect/cost.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { LOOK_MAX = 3000, BYTES = 8000 };

static struct rule_spent spent_on(const char *rule, const uint8_t *bytes, uint32_t len)
{
    struct rule_spent *list = NULL, one = {0};
    uint32_t n = 0, room = 0;
    struct kit kit;

    assert_true(kit_open(&kit, rule));
    assert_string_equal(kit_reason(&kit), "");
    kit_tcp(&kit, 80);
    kit_segment(&kit, TO_SERVER, (struct slice){bytes, len});
    assert_int_equal(detect_costs(kit.detect, &list, &n, &room), ERR_OK);
    if (n)
        one = list[0];
    free(list);
    kit_close(&kit);
    return one;
}

static void bombs_end_at_the_limit_and_are_counted(void **state)
{
    static const struct {
        const char *rule;
        uint64_t most;
    } bombs[] = {
        /* relative contents that all stand everywhere, and a last one that never does */
        {"alert tcp any any -> any any (content:\"aa\"; content:\"a\"; distance:0; content:\"a\"; "
         "distance:1; content:\"a\"; distance:2; content:\"b\"; distance:0; within:40; sid:1;)",
         2 * LOOK_MAX},
        /* an expression of much backtracking behind each place of a content */
        {"alert tcp any any -> any any (content:\"aa\"; pcre:\"/(a{0,3}){3}[bc]/R\"; sid:1;)",
         COST_PACKET_MAX + BYTES},
        {"alert tcp any any -> any any (content:\"aa\"; pcre:\"/^(a+)+$/R\"; sid:1;)",
         COST_PACKET_MAX + BYTES},
        {"alert tcp any any -> any any (content:\"aa\"; pcre:\"/(a|aa|aaa)+[bc]/R\"; sid:1;)",
         COST_PACKET_MAX + BYTES},
        {"alert tcp any any -> any any (content:\"aa\"; pcre:\"/.*?,.*?,.*?,.*?[=:]/sR\"; sid:1;)",
         COST_PACKET_MAX + BYTES},
        /* jumps from each place, there and back */
        {"alert tcp any any -> any any (content:\"aa\"; byte_jump:1,0,relative,post_offset -98; "
         "content:\"a\"; distance:0; byte_jump:1,0,relative,post_offset -98; content:\"b\"; "
         "distance:0; within:9; sid:1;)",
         2 * LOOK_MAX},
        {"alert tcp any any -> any any (content:\"aa\"; byte_extract:1,0,x,relative; "
         "content:\"a\"; distance:x; byte_jump:1,0,relative; content:\"b\"; within:9; sid:1;)",
         2 * LOOK_MAX},
    };
    uint8_t *bytes = malloc(BYTES);

    (void)state;
    assert_non_null(bytes);
    memset(bytes, 'a', BYTES);
    bytes[BYTES - 1] = '!';
    for (uint32_t i = 0; i < sizeof(bombs) / sizeof(bombs[0]); i++) {
        uint64_t start = clock_mono_ns();
        struct rule_spent s = spent_on(bombs[i].rule, bytes, BYTES);
        print_message("bomb %u: %llu steps, %llu us\n", i, (unsigned long long)s.steps,
                      (unsigned long long)((clock_mono_ns() - start) / 1000));
        assert_int_equal(s.checks, 1);
        assert_int_equal(s.matches, 0);
        assert_int_equal(s.limited, 1);
        assert_true(s.steps <= bombs[i].most);
    }
    free(bytes);
}

static void an_ordinary_rule_is_cheap_and_never_limited(void **state)
{
    struct rule_spent s =
        spent_on("alert tcp any any -> any any (content:\"user \"; pcre:\"/^[a-z]+$/R\"; sid:1;)",
                 (const uint8_t *)"user anna", 9);

    (void)state;
    assert_int_equal(s.checks, 1);
    assert_int_equal(s.matches, 1);
    assert_int_equal(s.limited, 0);
    assert_in_range(s.steps, 1, 10);
}

static void the_limit_is_of_one_packet(void **state)
{
    struct cost c = {0};
    struct inspect_scratch s = {0};

    (void)state;
    assert_true(cost_fit(&c, 2));
    cost_packet(&c, 0, 0);
    assert_true(cost_begin(&c, 1, &s));
    s.steps += COST_PACKET_MAX;
    cost_end(&c, 1, &s);
    assert_false(cost_begin(&c, 1, &s));
    assert_true(cost_begin(&c, 0, &s));
    cost_end(&c, 0, &s);
    assert_int_equal(c.at[1].limited, 1);
    cost_packet(&c, 0, 0);
    assert_true(cost_begin(&c, 1, &s));
    cost_fini(&c);
}

/* Takes steps of one rule at a time and shard; true when it was let. */
static bool take(struct cost *c, uint32_t uid, uint64_t at_ns, uint32_t shard, uint64_t steps)
{
    struct inspect_scratch s = {0};

    cost_packet(c, at_ns, shard);
    if (!cost_begin(c, uid, &s))
        return false;
    s.steps += steps - 1;
    cost_end(c, uid, &s);
    return true;
}

static void a_rule_over_its_budget_rests_in_its_shard(void **state)
{
    struct cost c = {0};

    (void)state;
    assert_true(cost_fit(&c, 20));
    assert_true(cost_budget(&c, 1000, 60 * CLOCK_S));
    assert_true(take(&c, 3, 10 * CLOCK_S, 7, 600));
    assert_true(take(&c, 3, 11 * CLOCK_S, 7, 600)); /* another second */
    assert_int_equal(c.n_resting, 0);
    assert_true(take(&c, 3, 11 * CLOCK_S + 1, 7, 600));
    assert_int_equal(c.n_resting, 1);
    assert_int_equal(c.resting[0], 3);
    assert_false(take(&c, 3, 12 * CLOCK_S, 7, 1));
    assert_true(take(&c, 3, 12 * CLOCK_S, 8, 1));
    assert_true(take(&c, 4, 12 * CLOCK_S, 7, 1));
    assert_true(take(&c, 3, 72 * CLOCK_S, 7, 1));
    assert_int_equal(c.at[3].suspended, 1);
    cost_fini(&c);
}

static void many_cheap_rules_do_not_hide_a_dear_one(void **state)
{
    struct cost c = {0};

    (void)state;
    assert_true(cost_fit(&c, 100));
    assert_true(cost_budget(&c, 1000, 60 * CLOCK_S));
    for (uint32_t i = 0; i < 5; i++) {
        for (uint32_t uid = 1; uid < 50; uid++)
            assert_true(take(&c, uid, 5 * CLOCK_S, 0, 2));
        assert_int_equal(take(&c, 0, 5 * CLOCK_S, 0, 300), i < 4);
    }
    assert_int_equal(c.at[0].suspended, 1);
    cost_fini(&c);
}

static void counts_outlive_new_room(void **state)
{
    struct cost c = {0};

    (void)state;
    assert_true(cost_fit(&c, 2));
    assert_true(take(&c, 1, 0, 0, 5));
    assert_true(cost_fit(&c, 10));
    assert_true(take(&c, 9, 0, 0, 5));
    assert_int_equal(c.at[1].steps, 5);
    assert_int_equal(c.n_used, 2);
    cost_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bombs_end_at_the_limit_and_are_counted),
        cmocka_unit_test(an_ordinary_rule_is_cheap_and_never_limited),
        cmocka_unit_test(the_limit_is_of_one_packet),
        cmocka_unit_test(a_rule_over_its_budget_rests_in_its_shard),
        cmocka_unit_test(many_cheap_rules_do_not_hide_a_dear_one),
        cmocka_unit_test(counts_outlive_new_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

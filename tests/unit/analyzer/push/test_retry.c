/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/push/retry.h"
#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the three above */
#include <cmocka.h>

static void pauses_double_with_jitter_up_to_ten_minutes(void **state)
{
    (void)state;
    uint64_t expected = 2 * CLOCK_S;

    for (int64_t tries = 1; tries <= 20; tries++) {
        uint64_t pause = retry_at(7, tries, 0, 0);
        assert_true(pause >= expected - expected / 4);
        assert_true(pause <= expected + expected / 4);
        expected = expected * 2 < 600 * CLOCK_S ? expected * 2 : 600 * CLOCK_S;
    }
}

static void the_same_message_waits_the_same_and_others_do_not(void **state)
{
    (void)state;
    assert_true(retry_at(7, 3, 0, 0) == retry_at(7, 3, 0, 0));
    assert_true(retry_at(7, 3, 0, 0) != retry_at(8, 3, 0, 0));
}

static void the_wish_of_the_receiver_counts_when_it_is_longer(void **state)
{
    (void)state;
    assert_true(retry_at(7, 1, 1000, 60 * CLOCK_S) == 1000 + 60 * CLOCK_S);
    assert_true(retry_at(7, 9, 0, 1 * CLOCK_S) > 300 * CLOCK_S);
    assert_true(retry_at(7, 1, 0, UINT64_MAX) == 3600 * CLOCK_S);
}

static void after_five_failures_in_a_row_the_receiver_is_left_alone_then_one_tries(void **state)
{
    (void)state;
    struct retry_circuit circuit = {0};

    for (uint32_t i = 0; i < RETRY_BREAK_AFTER; i++) {
        assert_int_equal(retry_allowed(&circuit, 100, 50), 50);
        retry_note(&circuit, false, 100);
    }
    assert_int_equal(retry_allowed(&circuit, 101, 50), 0);
    assert_int_equal(retry_allowed(&circuit, 100 + 15 * CLOCK_S, 50), 1);
    retry_note(&circuit, false, 100 + 15 * CLOCK_S);
    assert_int_equal(retry_allowed(&circuit, 100 + 30 * CLOCK_S, 50), 0);
    assert_int_equal(retry_allowed(&circuit, 100 + 45 * CLOCK_S, 50), 1);
    retry_note(&circuit, true, 100 + 45 * CLOCK_S);
    assert_int_equal(retry_allowed(&circuit, 100 + 45 * CLOCK_S, 50), 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_double_with_jitter_up_to_ten_minutes),
        cmocka_unit_test(the_same_message_waits_the_same_and_others_do_not),
        cmocka_unit_test(the_wish_of_the_receiver_counts_when_it_is_longer),
        cmocka_unit_test(after_five_failures_in_a_row_the_receiver_is_left_alone_then_one_tries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

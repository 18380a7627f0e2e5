/* SPDX-License-Identifier: Apache-2.0 */
#include "proto_one.h"

enum { MANY = 300 };

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_TCP4, 1883);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

static void a_message_that_waits_in_too_long_a_row_is_ended_with_a_note(void **state)
{
    (void)state;
    one_says(&one, TO_SERVER,
             SLICE_LIT("\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02"
                       "ab"));
    one_says(&one, TO_CLIENT, SLICE_LIT("\x20\x02\x00\x00"));
    for (uint32_t i = 1; i <= MANY; i++) {
        uint8_t publish[] = {0x32, 6, 0, 1, 't', (uint8_t)(i >> 8), (uint8_t)i, 'x'};
        one_says(&one, TO_SERVER, (struct slice){publish, sizeof publish});
    }
    assert_false(one_noted(&one, 0, "too_many_transactions")); /* answered in time */
    assert_true(one_noted(&one, 1, "too_many_transactions"));
    assert_true(app_tx_over(one_tx(&one, 1)));
    assert_false(one_noted(&one, MANY, "too_many_transactions"));
}

static void each_message_before_the_answer_to_connect_is_unintroduced(void **state)
{
    (void)state;
    one_says(&one, TO_SERVER, SLICE_LIT("\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00"));
    one_says(&one, TO_SERVER, SLICE_LIT("\x30\x04\x00\x01tx"));
    assert_true(one_noted(&one, 1, "unintroduced_message"));
    one_says(&one, TO_CLIENT, SLICE_LIT("\x20\x02\x00\x00"));
    one_says(&one, TO_SERVER, SLICE_LIT("\x30\x04\x00\x01ty"));
    assert_false(one_noted(&one, 2, "unintroduced_message"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_message_that_waits_in_too_long_a_row_is_ended_with_a_note),
        CASE(each_message_before_the_answer_to_connect_is_unintroduced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

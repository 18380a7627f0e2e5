/* SPDX-License-Identifier: Apache-2.0 */
/* Messages in the manner of RFC 5905, 7.3. */
#include "proto_one.h"

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_UDP4, 123);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

static void a_question_to_port_123_is_known(void **state)
{
    static const uint8_t question[48] = {0x23, 2};

    (void)state;
    one_says(&one, TO_SERVER, (struct slice){question, sizeof question});
    assert_string_equal(one.flow.app_name, "ntp");
}

static void a_short_datagram_is_none(void **state)
{
    static const uint8_t question[47] = {0x23, 2};

    (void)state;
    one_says(&one, TO_SERVER, (struct slice){question, sizeof question});
    assert_null(one.flow.app_name);
}

static void control_messages_are_none(void **state)
{
    static const uint8_t control[48] = {0x26, 2};

    (void)state;
    one_says(&one, TO_SERVER, (struct slice){control, sizeof control});
    assert_null(one.flow.app_name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_question_to_port_123_is_known, setup, teardown),
        cmocka_unit_test_setup_teardown(a_short_datagram_is_none, setup, teardown),
        cmocka_unit_test_setup_teardown(control_messages_are_none, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

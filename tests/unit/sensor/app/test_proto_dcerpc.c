/* SPDX-License-Identifier: Apache-2.0 */
/* Calls over TCP, as C706 lays them out. */
#include "proto_one.h"

/* A request of call 1, operation 3, with four bytes of arguments, and its answer. */
#define REQUEST                                                                                    \
    "\x05\x00\x00\x03\x10\x00\x00\x00\x1c\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00\x00\x00\x03" \
    "\x00"                                                                                         \
    "args"
#define RESPONSE                                                                                   \
    "\x05\x00\x02\x03\x10\x00\x00\x00\x1c\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00" \
    "\x00"                                                                                         \
    "back"

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_TCP4, 135);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

static void is_one_call(void)
{
    const char *event = one_event(&one, 0, 0);

    assert_non_null(strstr(event, "\"request\":\"REQUEST\""));
    assert_non_null(strstr(event, "\"response\":\"RESPONSE\""));
    assert_non_null(strstr(event, "\"opnum\":3"));
    assert_true(app_tx_over(one_tx(&one, 0)));
    assert_null(one_tx(&one, 1));
}

static void a_request_and_its_answer_are_one_call(void **state)
{
    (void)state;
    one_says(&one, TO_SERVER, SLICE_LIT(REQUEST));
    one_says(&one, TO_CLIENT, SLICE_LIT(RESPONSE));
    is_one_call();
}

static void a_flow_whose_ends_were_taken_for_each_other_is_read_all_the_same(void **state)
{
    (void)state;
    one_says(&one, TO_CLIENT, SLICE_LIT(REQUEST));
    one_says(&one, TO_SERVER, SLICE_LIT(RESPONSE));
    is_one_call();
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_request_and_its_answer_are_one_call),
        CASE(a_flow_whose_ends_were_taken_for_each_other_is_read_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

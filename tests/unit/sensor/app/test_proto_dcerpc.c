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
#define FAULT                                                                                      \
    "\x05\x00\x03\x03\x10\x00\x00\x00\x18\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00" \
    "\x00"

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

/* What rules do with raw bytes after these are one direction's next. */
static bool looks_after(enum dir dir, struct slice bytes)
{
    struct packet packet = {.proto = one.flow.proto, .ts_ns = 1000};

    app_input(one.feed.engine, &one.flow, &packet, &(struct chunk){.data = bytes, .dir = dir});
    bool due = app_raw_due(&one.flow, dir);
    assert_false(app_raw_due(&one.flow, dir_other(dir)));
    app_clear(one.feed.engine, &one.flow, 1u << dir_other(dir));
    assert_int_equal(app_raw_due(&one.flow, dir), due); /* it waits for a packet of its own side */
    app_clear(one.feed.engine, &one.flow, 3);
    assert_false(app_raw_due(&one.flow, dir));
    return due;
}

static void rules_look_at_raw_bytes_where_a_call_ends(void **state)
{
    (void)state;
    assert_false(looks_after(TO_SERVER, slice_head(SLICE_LIT(REQUEST), 20)));
    assert_true(looks_after(TO_SERVER, slice_from(SLICE_LIT(REQUEST), 20)));
    assert_true(looks_after(TO_CLIENT, SLICE_LIT(RESPONSE)));
    assert_false(looks_after(TO_CLIENT, SLICE_LIT(FAULT)));
    assert_false(looks_after(TO_SERVER, SLICE_LIT(REQUEST))); /* Suricata has given up */
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_request_and_its_answer_are_one_call),
        CASE(a_flow_whose_ends_were_taken_for_each_other_is_read_all_the_same),
        CASE(rules_look_at_raw_bytes_where_a_call_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

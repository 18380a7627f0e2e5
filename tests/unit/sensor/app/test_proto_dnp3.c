/* SPDX-License-Identifier: Apache-2.0 */
/* Frames made by hand after IEEE 1815, with their checksums. */
#include "proto_one.h"

#define CLIENT(text) one_says(&one, TO_SERVER, SLICE_LIT(text))
#define SERVER(text) one_says(&one, TO_CLIENT, SLICE_LIT(text))

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_TCP4, 20000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

/* Read of classes 1 and 0, by 1 from 10. */
#define READ "\x05\x64\x0e\xc4\x0a\x00\x01\x00\x25\x29\xc0\xc1\x01\x3c\x02\x06\x3c\x01\x06\xcc\x0f"

static void a_request_gives_function_and_objects(void **state)
{
    (void)state;
    CLIENT(READ);
    one_is_number(&one, "dnp3.func", 1);
    one_is_number(&one, "dnp3.dst", 10);
    one_is(&one, "dnp3.data", "\xc1\1\x3c\2\6\x3c\1\6");
    assert_non_null(strstr(one_event(&one, 0, 0), "\"group\":60,\"variation\":1"));
    assert_int_equal(one_tx(&one, 0)->notes, 0);
}

static void a_response_gives_indications_and_points(void **state)
{
    (void)state;
    SERVER("\x05\x64\x1c\x44\x0a\x00\x01\x00\x27\x16\xc0\xc1\x81\x90\x00\x0c\x01\x28\x01\x00\x03"
           "\x00\x41\x01\x64\x00\x86\x53\x00\x00\x64\x00\x00\x00\x00\x00\x5b");
    assert_non_null(strstr(one_event(&one, 0, 0), "[\"device_restart\",\"need_time\"]"));
    assert_non_null(strstr(one_event(&one, 0, 0), "\"prefix\":3,\"index\":3,\"op_type\":1"));
}

static void points_carry_the_names_of_their_form(void **state)
{
    (void)state;
    SERVER("\x05\x64\x23\x44\x0a\x00\x01\x00\x86\xdb\xc0\xc1\x81\x00\x00\x04\x03\x17\x01\x09"
           "\x81\x10\x27\x14\x05\x00\x40\x3d\x02\x02\xff\xff\xff\xff\x29\x02\x17\x01\x04\x2c"
           "\x01\x05\xdf\x7c");
    const char *event = one_event(&one, 0, 0);
    assert_non_null(strstr(event, "\"local_forced\":0,\"chatter_filter\":0,\"state\":2,"
                                  "\"relative_time_ms\":10000}"));
    assert_non_null(strstr(event, "\"index\":2,\"count\":4294967295}"));
    assert_non_null(strstr(event, "\"index\":4,\"value\":300,\"control_status\":5}"));
}

static void a_message_is_put_together_from_segments(void **state)
{
    (void)state;
    CLIENT("\x05\x64\x0a\xc4\x0a\x00\x01\x00\x4b\x64\x41\xc1\x03\x0c\x01\xd1\x60");
    assert_false(app_tx_over(one_tx(&one, 0)));
    CLIENT("\x05\x64\x09\xc4\x0a\x00\x01\x00\x1b\xf7\x82\x28\x00\x00\xc1\x16");
    assert_true(app_tx_over(one_tx(&one, 0)));
    one_is(&one, "dnp3.data", "\xc1\3\x0c\1\x28\0\0");
}

static void an_object_nobody_knows_is_noted(void **state)
{
    (void)state;
    CLIENT("\x05\x64\x0c\xc4\x0a\x00\x01\x00\x92\x0f\xc0\xc1\x02\x63\x63\x07\x01\x35\x6f");
    assert_int_equal(one_tx(&one, 0)->notes, 1);
    assert_string_equal(one_tx(&one, 0)->proto->notes[one_tx(&one, 0)->note[0]], "unknown_object");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_gives_function_and_objects, setup, teardown),
        cmocka_unit_test_setup_teardown(a_response_gives_indications_and_points, setup, teardown),
        cmocka_unit_test_setup_teardown(points_carry_the_names_of_their_form, setup, teardown),
        cmocka_unit_test_setup_teardown(a_message_is_put_together_from_segments, setup, teardown),
        cmocka_unit_test_setup_teardown(an_object_nobody_knows_is_noted, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The examples of the Modbus Application Protocol V1.1b3, chapter 6. */
#include "proto_one.h"

#define REQUEST(text)  one_says(&one, TO_SERVER, SLICE_LIT(text))
#define RESPONSE(text) one_says(&one, TO_CLIENT, SLICE_LIT(text))

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_TCP4, 502);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

static void reading_registers_gives_range_and_values(void **state)
{
    (void)state;
    REQUEST("\0\1\0\0\0\6\x11\3\0\x6b\0\3");
    RESPONSE("\0\1\0\0\0\x09\x11\3\6\2\x2b\0\0\0\x64");
    one_is_number(&one, "modbus.function", 3);
    one_is_number(&one, "modbus.unit_id", 17);
    one_is_number(&one, "modbus.address", 107);
    one_is_number(&one, "modbus.quantity", 3);
    one_is_number(&one, "modbus.access", 1);
    one_is(&one, "modbus.command", "fc=3 unit=17 addr=107-109");
    one_is_nth(&one, "modbus.data", 1, SLICE_LIT("\2\x2b\0\0\0\x64"));
    assert_int_equal(one_tx(&one, 0)->notes, 0);
    assert_true(app_tx_over(one_tx(&one, 0)));
}

static void writing_coils_gives_each_of_them(void **state)
{
    struct field_ref ref;
    uint64_t value;

    (void)state;
    REQUEST("\0\2\0\0\0\x09\1\x0f\0\x13\0\x0a\2\xcd\1");
    assert_true(field_find(SLICE_LIT("modbus.value"), 0, &ref));
    assert_int_equal(field_instances(&ref, one_tx(&one, 0)), 10);
    assert_true(field_number(&ref, one_tx(&one, 0), 0, &value));
    assert_int_equal(value, 1);
    assert_true(field_number(&ref, one_tx(&one, 0), 1, &value));
    assert_int_equal(value, 0);
    one_is(&one, "modbus.command", "fc=15 unit=1 addr=19-28");
}

static void an_exception_answers_the_request(void **state)
{
    (void)state;
    REQUEST("\0\3\0\0\0\6\1\1\4\xa1\0\1");
    RESPONSE("\0\3\0\0\0\3\1\x81\2");
    one_is_number(&one, "modbus.exception", 2);
    assert_non_null(
        strstr(one_event(&one, 0, 0), "\"exception\":{\"raw\":2,\"code\":\"IllegalDataAddr\"}"));
}

static void an_answer_of_another_size_is_a_mismatch(void **state)
{
    (void)state;
    REQUEST("\0\3\0\0\0\6\1\3\0\1\0\2");
    RESPONSE("\0\3\0\0\0\5\1\3\2\0\1");
    struct tx *tx = one_tx(&one, 0);
    assert_int_equal(tx->notes, 1);
    assert_string_equal(tx->proto->notes[tx->note[0]], "value_mismatch");
}

static void an_answer_nobody_asked_for_is_noted(void **state)
{
    (void)state;
    REQUEST("\0\1\0\0\0\6\1\3\0\1\0\1");
    RESPONSE("\0\x09\0\0\0\5\1\3\2\0\1");
    struct tx *tx = one_tx(&one, 1);
    assert_string_equal(tx->proto->notes[tx->note[0]], "unsolicited_response");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(reading_registers_gives_range_and_values),
        CASE(writing_coils_gives_each_of_them),
        CASE(an_exception_answers_the_request),
        CASE(an_answer_of_another_size_is_a_mismatch),
        CASE(an_answer_nobody_asked_for_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

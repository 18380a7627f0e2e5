/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/app/der.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static bool time_of(uint8_t tag, struct slice text, int64_t *seconds)
{
    return der_time(&(struct der){.tag = tag, .body = text}, seconds);
}

static void times_of_both_kinds_become_seconds(void **state)
{
    int64_t seconds;

    (void)state;
    assert_true(time_of(DER_UTC_TIME, SLICE_LIT("160816212041Z"), &seconds));
    assert_int_equal(seconds, 1471382441);
    assert_true(time_of(DER_UTC_TIME, SLICE_LIT("700101000000Z"), &seconds));
    assert_int_equal(seconds, 0);
    assert_true(time_of(DER_TIME, SLICE_LIT("20240229120000Z"), &seconds));
    assert_int_equal(seconds, 1709208000);
    assert_true(time_of(DER_TIME, SLICE_LIT("99991231235959Z"), &seconds));
    assert_int_equal(seconds, 253402300799);
}

static void what_is_no_time_is_refused(void **state)
{
    int64_t seconds;

    (void)state;
    assert_false(time_of(DER_UTC_TIME, SLICE_LIT("1613"), &seconds));
    assert_false(time_of(DER_UTC_TIME, SLICE_LIT("161301000000Z"), &seconds));
    assert_false(time_of(DER_UTC_TIME, SLICE_LIT("16010100xx00Z"), &seconds));
    assert_false(time_of(DER_OCTETS, SLICE_LIT("160816212041Z"), &seconds));
}

static void lengths_beyond_the_input_or_without_an_end_are_refused(void **state)
{
    static const struct slice bad[] = {
        SLICE_LIT("\x30\x05\x01"),        SLICE_LIT("\x30\x80\x00\x00"),
        SLICE_LIT("\x30\x85\0\0\0\0\1x"), SLICE_LIT("\x30\x84\xff\xff\xff\xff"),
        SLICE_LIT("\x1f\x01\x00"),        SLICE_LIT("\x30"),
    };
    struct der element;

    (void)state;
    for (uint32_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct cursor c = cursor_of(bad[i]);
        assert_false(der_next(&c, &element));
    }
}

static void object_identifiers_are_written_with_dots(void **state)
{
    char text[64];

    (void)state;
    uint32_t len =
        der_oid_text(SLICE_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), text, sizeof text);
    assert_int_equal(len, 21);
    assert_memory_equal(text, "1.2.840.113549.1.1.11", 21);
    assert_int_equal(der_oid_text(SLICE_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), text, 8), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_both_kinds_become_seconds),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(lengths_beyond_the_input_or_without_an_end_are_refused),
        cmocka_unit_test(object_identifiers_are_written_with_dots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static void texts_agree_with_the_c_library(void **state)
{
    (void)state;
    for (uint64_t s = 0; s < 7000000000; s += 86399 * 97) {
        char ours[CLOCK_TEXT_MAX];
        char theirs[CLOCK_TEXT_MAX];
        time_t t = (time_t)s;
        struct tm tm;
        clock_text(s * CLOCK_S + 123456789, ours);
        strftime(theirs, sizeof(theirs), "%Y-%m-%dT%H:%M:%S.123456+0000", gmtime_r(&t, &tm));
        assert_string_equal(ours, theirs);
        uint64_t back = 0;
        assert_true(clock_parse(slice_of_str(ours), &back));
        assert_int_equal(back, s * CLOCK_S + 123456000);
    }
}

static void rfc3339_has_milliseconds_and_z(void **state)
{
    (void)state;
    char text[CLOCK_TEXT_MAX];
    clock_text_rfc3339(1774321510123456789, text);
    assert_string_equal(text, "2026-03-24T03:05:10.123Z");
}

static void offsets_and_fractions_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t ns;
    } good[] = {
        {"1970-01-01T00:00:01Z", CLOCK_S},
        {"1970-01-01T07:00:01+07:00", CLOCK_S},
        {"1970-01-01T07:00:01.5+0700", CLOCK_S + 500 * CLOCK_MS},
        {"1969-12-31", 0},
        {"1970-01-01 00:00:00.1234567899", 123456789},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        uint64_t ns = 0;
        bool parsed = clock_parse(slice_of_str(good[i].text), &ns);
        assert_int_equal(parsed, good[i].ns != 0);
        assert_int_equal(ns, good[i].ns);
    }
    uint64_t ns = 0;
    assert_false(clock_parse(SLICE_LIT("1970-01-01T00:00:01+7"), &ns));
    assert_false(clock_parse(SLICE_LIT("1970-13-01T00:00:01Z"), &ns));
    assert_false(clock_parse(SLICE_LIT("1970-01-01T00:00:01Zx"), &ns));
    assert_false(clock_parse(SLICE_NONE, &ns));
}

static void spans_have_units(void **state)
{
    (void)state;
    uint64_t ns = 0;
    assert_true(clock_parse_span(SLICE_LIT("250ms"), &ns) && ns == 250 * CLOCK_MS);
    assert_true(clock_parse_span(SLICE_LIT("72h"), &ns) && ns == 72 * 3600 * CLOCK_S);
    assert_true(clock_parse_span(SLICE_LIT("7 d"), &ns) && ns == 7 * 86400 * CLOCK_S);
    assert_true(clock_parse_span(SLICE_LIT("9"), &ns) && ns == 9 * CLOCK_S);
    assert_false(clock_parse_span(SLICE_LIT("9x"), &ns));
    assert_false(clock_parse_span(SLICE_LIT("-9s"), &ns));
    assert_false(clock_parse_span(SLICE_LIT("999999999999w"), &ns));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_agree_with_the_c_library),
        cmocka_unit_test(rfc3339_has_milliseconds_and_z),
        cmocka_unit_test(offsets_and_fractions_are_read),
        cmocka_unit_test(spans_have_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

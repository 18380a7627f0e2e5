/* SPDX-License-Identifier: Apache-2.0 */
#include "common/fmt.h"

#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SAME(room, ...)                                                                            \
    do {                                                                                           \
        char a[64], b[64];                                                                         \
        memset(a, '!', sizeof(a));                                                                 \
        memset(b, '!', sizeof(b));                                                                 \
        assert_int_equal(fmt_text(a, room, __VA_ARGS__), snprintf(b, room, __VA_ARGS__));          \
        assert_memory_equal(a, b, sizeof(a));                                                      \
    } while (0)

static void it_writes_what_the_c_library_writes(void **state)
{
    (void)state;
    SAME(64, "%s", "plain");
    SAME(64, "%s=%u, %s=%llu", "a", UINT_MAX, "b", (unsigned long long)UINT64_MAX);
    SAME(64, "%02x:%02x:%04x %x %08x", 0u, 0xabu, 0xfu, 0xdeadu, UINT_MAX);
    SAME(64, "%02u/%u%%", 7u, 100u);
    SAME(64, "[%.*s|%c]", 3, "abcdef", 'z');
    SAME(64, "[%.*s]", 9, "abc");
    SAME(64, "%s", "");
}

static void what_is_not_known_goes_to_the_c_library(void **state)
{
    (void)state;
    SAME(64, "%s %d %5u %-4s %lu %.3f", "x", -3, 7u, "ab", 9ul, 1.5);
    SAME(64, "%s %zu", "x", (size_t)5);
    SAME(64, "%.2s", "abc");
}

static void text_that_does_not_fit_is_cut_and_counted(void **state)
{
    (void)state;
    for (size_t room = 1; room < 12; room++) {
        char text[16];
        assert_int_equal(fmt_text(text, room, "%s-%u", "abcde", 12345u), 11);
        assert_int_equal(strlen(text), room - 1);
        assert_memory_equal(text, "abcde-12345", room - 1);
    }
    assert_int_equal(fmt_text(NULL, 0, "%s-%u", "abcde", 12345u), 11);
}

static void decimals_are_rounded_as_the_c_library_rounds_them(void **state)
{
    (void)state;
    static const double values[] = {0,    0.04, 0.05, 0.25, 0.35,    0.5,  1.5,   2.5,     9.95,
                                    9.96, 72.0, 99.9, 1e8,  123.456, 1e12, -0.04, -123.45, 0.0005};

    for (uint32_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        SAME(64, "%.0f %.1f %.2f %.3f", values[i], values[i], values[i], values[i]);
    for (uint32_t i = 0; i < 100000; i++) {
        double value = (double)(i * 2654435761u) / 65536.0 / (1 + i % 97);
        SAME(64, "%.1f bits of %.3f", value, value);
    }
    SAME(64, "%.1f %s", HUGE_VAL, "x");
    SAME(64, "%.1f", (double)NAN);
}

static void same_digits(uint64_t value)
{
    char text[FMT_U64_MAX + 1], expected[FMT_U64_MAX + 1];

    int n = snprintf(expected, sizeof(expected), "%llu", (unsigned long long)value);
    assert_int_equal(fmt_u64(text, value), n);
    assert_memory_equal(text, expected, (size_t)n);
    assert_int_equal(fmt_u64_len(value), n);
    fmt_u64_put(text, value, (uint32_t)n);
    assert_memory_equal(text, expected, (size_t)n);
}

static void numbers_have_all_their_digits(void **state)
{
    (void)state;
    for (uint64_t value = 0; value < 20000; value++) {
        same_digits(value);
        same_digits(value * 5003 + 99990000);
        same_digits(value * UINT64_C(0x9e3779b97f4a7c15) >> value % 64);
    }
    same_digits(UINT64_MAX);
}

static void numbers_of_each_length_have_their_digits(void **state)
{
    (void)state;
    for (uint64_t power = 1, n = 0; n < FMT_U64_MAX; n++, power *= 10) {
        SAME(64, "%llu", (unsigned long long)(power - 1));
        SAME(64, "%llu", (unsigned long long)power);
        SAME(64, "%llu", (unsigned long long)(power + 1));
        SAME(64, "%llu", (unsigned long long)(power * 12 / 7));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_writes_what_the_c_library_writes),
        cmocka_unit_test(numbers_of_each_length_have_their_digits),
        cmocka_unit_test(numbers_have_all_their_digits),
        cmocka_unit_test(what_is_not_known_goes_to_the_c_library),
        cmocka_unit_test(decimals_are_rounded_as_the_c_library_rounds_them),
        cmocka_unit_test(text_that_does_not_fit_is_cut_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

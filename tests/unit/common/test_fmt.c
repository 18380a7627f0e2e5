/* SPDX-License-Identifier: Apache-2.0 */
#include "common/fmt.h"

#include <limits.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_writes_what_the_c_library_writes),
        cmocka_unit_test(what_is_not_known_goes_to_the_c_library),
        cmocka_unit_test(text_that_does_not_fit_is_cut_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/store/binary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void expect(const struct strbuf *out, const char *bytes, size_t len)
{
    assert_int_equal(out->len, len);
    assert_memory_equal(out->at, bytes, len);
}

static void a_row_has_its_columns_behind_their_lengths(void **state)
{
    (void)state;
    static const char bytes[] = "\0\4"
                                "\0\0\0\10\377\377\377\377\377\377\377\376"
                                "\0\0\0\2ab"
                                "\377\377\377\377"
                                "\0\0\0\0";
    const struct sql_value row[] = {{SQL_INT, -2, SLICE_NONE},
                                    {SQL_TEXT, 0, SLICE_LIT("ab")},
                                    {SQL_NULL, 0, SLICE_NONE},
                                    {SQL_TEXT, 0, SLICE_NONE}};
    struct strbuf out;

    strbuf_init(&out, 0);
    binary_row(&out, row, 4);
    expect(&out, bytes, sizeof(bytes) - 1);
    strbuf_fini(&out);
}

static void what_is_no_utf8_is_made_so_and_bytes_stay(void **state)
{
    (void)state;
    static const char bytes[] = "\0\3"
                                "\0\0\0\4a\357\277\275"
                                "\0\0\0\2\377x"
                                "\0\0\0\3\341\272\241";
    const struct sql_value row[] = {{SQL_TEXT, 0, SLICE_LIT("a\377")},
                                    {SQL_BLOB, 0, SLICE_LIT("\377x")},
                                    {SQL_TEXT, 0, SLICE_LIT("\341\272\241")}};
    struct strbuf out;

    strbuf_init(&out, 0);
    binary_row(&out, row, 3);
    expect(&out, bytes, sizeof(bytes) - 1);
    strbuf_fini(&out);
}

static void keys_are_an_array_of_numbers(void **state)
{
    (void)state;
    static const char bytes[] = "\0\0\0\1\0\0\0\0\0\0\0\24\0\0\0\2\0\0\0\1"
                                "\0\0\0\10\0\0\0\0\0\0\0\7"
                                "\0\0\0\10\200\0\0\0\0\0\0\0";
    const int64_t keys[] = {7, INT64_MIN};
    struct arena arena;

    arena_init(&arena, 1024, 0);
    struct slice array = binary_keys(&arena, (struct slice){(const uint8_t *)keys, sizeof(keys)});
    assert_int_equal(array.len, sizeof(bytes) - 1);
    assert_memory_equal(array.at, bytes, array.len);
    assert_int_equal(binary_keys(&arena, SLICE_NONE).len, 20);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_has_its_columns_behind_their_lengths),
        cmocka_unit_test(what_is_no_utf8_is_made_so_and_bytes_stay),
        cmocka_unit_test(keys_are_an_array_of_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void what_is_appended_stands_there_and_is_terminated(void **state)
{
    (void)state;
    struct strbuf buf;

    strbuf_init(&buf, 0);
    for (uint32_t i = 0; i < 1000; i++) {
        strbuf_char(&buf, 'a');
        strbuf_str(&buf, "bc");
        strbuf_u64(&buf, i % 10);
        strbuf_fmt(&buf, "<%u>", i % 10);
    }
    assert_int_equal(buf.len, 7000);
    assert_int_equal(strlen(buf.at), 7000);
    assert_memory_equal(buf.at + 6993, "abc9<9>", 8);
    strbuf_fini(&buf);
}

static void formatted_text_grows_the_buffer_when_it_does_not_fit(void **state)
{
    (void)state;
    struct strbuf buf;
    char long_text[600];

    memset(long_text, 'x', 599);
    long_text[599] = '\0';
    strbuf_init(&buf, 0);
    strbuf_str(&buf, "ab");
    strbuf_fmt(&buf, "%s!", long_text);
    assert_int_equal(buf.len, 602);
    assert_int_equal(buf.at[601], '!');
    assert_int_equal(buf.at[602], '\0');
    strbuf_fini(&buf);
}

static void the_cap_holds_to_the_byte_and_what_is_there_stays_whole(void **state)
{
    (void)state;
    for (uint32_t piece = 1; piece <= 7; piece++) {
        struct strbuf buf;
        strbuf_init(&buf, 1000);
        for (uint32_t i = 0; i < 2000; i++)
            strbuf_bytes(&buf, "abcdefg", piece);
        assert_true(buf.full);
        assert_int_equal(buf.len, 1000 / piece * piece);
        strbuf_fmt(&buf, "%d", 12345);
        strbuf_char(&buf, 'z');
        assert_int_equal(buf.at[buf.len], '\0');
        assert_true(buf.len <= 1000);
        strbuf_clear(&buf);
        strbuf_str(&buf, "again");
        assert_string_equal(buf.at, "again");
        strbuf_fini(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_appended_stands_there_and_is_terminated),
        cmocka_unit_test(formatted_text_grows_the_buffer_when_it_does_not_fit),
        cmocka_unit_test(the_cap_holds_to_the_byte_and_what_is_there_stays_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/jsonw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void words_come_one_by_one_and_blanks_do_not_count(void **state)
{
    struct slice left = SLICE_LIT("  T1046 T0846   TA0043 ");
    (void)state;

    assert_true(slice_eq(slice_word(&left), SLICE_LIT("T1046")));
    assert_true(slice_eq(slice_word(&left), SLICE_LIT("T0846")));
    assert_true(slice_eq(slice_word(&left), SLICE_LIT("TA0043")));
    assert_int_equal(slice_word(&left).len, 0);
    assert_int_equal(slice_word(&left).len, 0);
}

static void a_word_is_found_whole_only(void **state)
{
    (void)state;
    assert_true(slice_has_word(SLICE_LIT("modbus dnp3"), SLICE_LIT("dnp3")));
    assert_false(slice_has_word(SLICE_LIT("modbus dnp3"), SLICE_LIT("dnp")));
    assert_false(slice_has_word(SLICE_LIT("modbus dnp3"), SLICE_LIT("modbus dnp3")));
    assert_false(slice_has_word(SLICE_NONE, SLICE_LIT("dnp3")));
}

static void words_are_a_list_of_json_and_no_time_is_no_member(void **state)
{
    struct strbuf out;
    struct jsonw w;
    (void)state;

    strbuf_init(&out, 256);
    jsonw_init(&w, &out);
    jsonw_obj_open(&w, NULL);
    jsonw_words(&w, "ids", " T1046  T0846");
    jsonw_words(&w, "none", NULL);
    jsonw_rfc3339(&w, "never", 0);
    jsonw_rfc3339(&w, "then", UINT64_C(1763694310123000000));
    jsonw_obj_close(&w);
    assert_string_equal(out.at, "{\"ids\":[\"T1046\",\"T0846\"],\"none\":[],"
                                "\"then\":\"2025-11-21T03:05:10.123Z\"}");
    strbuf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_come_one_by_one_and_blanks_do_not_count),
        cmocka_unit_test(a_word_is_found_whole_only),
        cmocka_unit_test(words_are_a_list_of_json_and_no_time_is_no_member),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/jsonw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* Byte by byte, as the description says it. */
static void plainly(struct strbuf *out, const uint8_t *at, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        if (at[i] == '"' || at[i] == '\\')
            strbuf_fmt(out, "\\%c", at[i]);
        else if (at[i] == '\n' || at[i] == '\r' || at[i] == '\t')
            strbuf_fmt(out, "\\%c", at[i] == '\n' ? 'n' : at[i] == '\r' ? 'r' : 't');
        else if (at[i] >= 0x80)
            strbuf_fmt(out, "\\\\x%02x", at[i]);
        else if (at[i] < 0x20 || at[i] == 0x7f)
            strbuf_fmt(out, "\\u%04x", at[i]);
        else
            strbuf_char(out, (char)at[i]);
    }
}

static void every_byte_at_every_place_is_written_as_said(void **state)
{
    (void)state;
    uint8_t text[40];
    struct strbuf ours, theirs;
    struct jsonw w;

    strbuf_init(&ours, 0);
    strbuf_init(&theirs, 0);
    for (uint32_t len = 0; len <= sizeof(text); len++) {
        for (uint32_t at = 0; at < (len ? len : 1); at++) {
            for (uint32_t byte = 0; byte < 256; byte++) {
                memset(text, 'x', sizeof(text));
                text[at] = (uint8_t)byte;
                strbuf_clear(&ours);
                strbuf_clear(&theirs);
                jsonw_init(&w, &ours);
                jsonw_text(&w, NULL, (struct slice){text, len});
                strbuf_char(&theirs, '"');
                plainly(&theirs, text, len);
                strbuf_char(&theirs, '"');
                assert_string_equal(ours.at, theirs.at);
            }
        }
    }
    strbuf_fini(&ours);
    strbuf_fini(&theirs);
}

static void utf8_stands_as_it_is(void **state)
{
    (void)state;
    struct strbuf out;
    struct jsonw w;

    strbuf_init(&out, 0);
    jsonw_init(&w, &out);
    jsonw_str(&w, "k", "Thiết bị mới \xff ở đây");
    assert_string_equal(out.at, "\"k\":\"Thiết bị mới \\\\xff ở đây\"");
    strbuf_fini(&out);
}

static void numbers_are_those_of_the_c_library(void **state)
{
    (void)state;
    struct strbuf out;
    struct jsonw w;
    char text[64];
    uint64_t value = 1;

    strbuf_init(&out, 0);
    for (uint32_t i = 0; i < 400; i++) {
        uint64_t each[] = {value, value - 1, value + 1, UINT64_MAX - value};
        for (uint32_t k = 0; k < 4; k++) {
            strbuf_clear(&out);
            jsonw_init(&w, &out);
            jsonw_u64(&w, "n", each[k]);
            jsonw_i64(&w, NULL, (int64_t)each[k]);
            snprintf(text, sizeof(text), "\"n\":%llu,%lld", (unsigned long long)each[k],
                     (long long)each[k]);
            assert_string_equal(out.at, text);
        }
        value = i % 20 == 19 ? i : value * 10;
    }
    strbuf_fini(&out);
}

static void members_of_all_kinds_stand_in_order(void **state)
{
    (void)state;
    struct strbuf out;
    struct jsonw w;
    struct addr addr = {4, {192, 0, 2, 7}};
    struct mac mac = {{2, 0, 0, 10, 11, 255}};

    strbuf_init(&out, 0);
    jsonw_init(&w, &out);
    jsonw_obj_open(&w, NULL);
    jsonw_addr(&w, "a", &addr);
    jsonw_mac(&w, "m", &mac);
    jsonw_time(&w, "t", UINT64_C(1700000000123456789));
    jsonw_arr_open(&w, "l");
    jsonw_bool(&w, NULL, true);
    jsonw_null(&w, NULL);
    jsonw_hex(&w, NULL, SLICE_LIT("\x01\xfe"), ':');
    jsonw_hex(&w, NULL, SLICE_LIT("\x01\xfe"), 0);
    jsonw_arr_close(&w);
    jsonw_members(&w, SLICE_LIT("\"x\":1"));
    jsonw_obj_close(&w);
    assert_string_equal(out.at, "{\"a\":\"192.0.2.7\",\"m\":\"02:00:00:0a:0b:ff\","
                                "\"t\":\"2023-11-14T22:13:20.123456+0000\","
                                "\"l\":[true,null,\"01:fe\",\"01fe\"],\"x\":1}");
    strbuf_fini(&out);
}

static void over_the_cap_nothing_is_written_past_it(void **state)
{
    (void)state;
    for (uint32_t cap = 1; cap < 60; cap++) {
        struct strbuf out;
        struct jsonw w;
        strbuf_init(&out, cap);
        jsonw_init(&w, &out);
        jsonw_obj_open(&w, NULL);
        jsonw_str(&w, "key", "twenty-one characters");
        jsonw_u64(&w, "number", 123456);
        jsonw_obj_close(&w);
        assert_true(out.len <= cap);
        assert_int_equal(out.full, cap < 47);
        strbuf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_at_every_place_is_written_as_said),
        cmocka_unit_test(utf8_stands_as_it_is),
        cmocka_unit_test(numbers_are_those_of_the_c_library),
        cmocka_unit_test(members_of_all_kinds_stand_in_order),
        cmocka_unit_test(over_the_cap_nothing_is_written_past_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

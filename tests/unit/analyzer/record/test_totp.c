/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors: RFC 6238, appendix B (SHA-1), the last six of eight digits. */
#include "analyzer/record/totp.h"
#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SECRET "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" /* "12345678901234567890" */

static void a_secret_is_written_as_base32(void **state)
{
    (void)state;
    char text[TOTP_SECRET_MAX];

    totp_secret((const uint8_t *)"12345678901234567890", text);
    assert_string_equal(text, SECRET);
}

static void the_codes_of_the_rfc_come_out(void **state)
{
    (void)state;
    static const struct {
        int64_t second;
        const char *code;
    } rows[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
                {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
    char code[7];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(totp_code(SECRET, rows[i].second / TOTP_STEP_S, code));
        assert_string_equal(code, rows[i].code);
    }
}

static void a_code_is_taken_once_and_only_about_its_time(void **state)
{
    (void)state;
    uint64_t at = 1111111111 * CLOCK_S;
    int64_t step = totp_accept(SECRET, SLICE_LIT("050471"), at, 0);

    assert_int_equal(step, 1111111111 / 30);
    assert_int_equal(totp_accept(SECRET, SLICE_LIT("050471"), at, step), 0);
    assert_int_equal(totp_accept(SECRET, SLICE_LIT("050471"), at + 30 * CLOCK_S, 0), step);
    assert_int_equal(totp_accept(SECRET, SLICE_LIT("050471"), at + 90 * CLOCK_S, 0), 0);
    assert_int_equal(totp_accept(SECRET, SLICE_LIT("50471"), at, 0), 0);
    assert_int_equal(totp_accept("not base32!", SLICE_LIT("050471"), at, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_written_as_base32),
        cmocka_unit_test(the_codes_of_the_rfc_come_out),
        cmocka_unit_test(a_code_is_taken_once_and_only_about_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

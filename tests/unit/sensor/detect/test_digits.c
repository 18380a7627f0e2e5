/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors: RFC 4648, section 10. */
#include "sensor/detect/digits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void check(const char *text, enum digits_mode mode, const char *plain)
{
    uint8_t out[64];
    uint32_t n = digits_unbase64(slice_of_str(text), mode, out, sizeof(out));

    assert_true(slice_eq((struct slice){out, n}, slice_of_str(plain)));
}

static void test_vectors(void **state)
{
    static const char *const vectors[][2] = {{"", ""},
                                             {"Zg==", "f"},
                                             {"Zm8=", "fo"},
                                             {"Zm9v", "foo"},
                                             {"Zm9vYg==", "foob"},
                                             {"Zm9vYmE=", "fooba"},
                                             {"Zm9vYmFy", "foobar"}};

    (void)state;
    for (uint32_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        check(vectors[i][0], DIGITS_RFC4648, vectors[i][1]);
        check(vectors[i][0], DIGITS_RFC2045, vectors[i][1]);
        check(vectors[i][0], DIGITS_STRICT, vectors[i][1]);
    }
}

static void test_modes(void **state)
{
    (void)state;
    check("Zm9v\r\nYmFy", DIGITS_RFC4648, "foobar");
    check("Zm9v*YmFy", DIGITS_RFC4648, "foo");
    check("Zm9v*YmFy", DIGITS_RFC2045, "foobar");
    check("Zm9v==YmFy", DIGITS_RFC2045, "foo");
    check("Zm9v YmFy", DIGITS_STRICT, "");
    check("Zm9v===", DIGITS_STRICT, "");
}

static void test_room(void **state)
{
    uint8_t out[4] = {0, 0, 0, 9};

    (void)state;
    assert_int_equal(digits_unbase64(slice_of_str("Zm9vYmFy"), DIGITS_STRICT, out, 3), 3);
    assert_int_equal(out[3], 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors), cmocka_unit_test(test_modes),
                                       cmocka_unit_test(test_room)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

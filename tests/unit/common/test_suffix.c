/* SPDX-License-Identifier: Apache-2.0 */
#include "common/suffix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void check(const char *name, const char *suffix, const char *registered)
{
    assert_true(slice_eq(suffix_public(slice_of_str(name)), slice_of_str(suffix)));
    assert_true(slice_eq(suffix_registered(slice_of_str(name)), slice_of_str(registered)));
}

static void test_names(void **state)
{
    (void)state;
    check("www.bbc.co.uk", "co.uk", "bbc.co.uk");
    check("a.b.SUB.Example.Com.VN", "Com.VN", "Example.Com.VN");
    check("suricata.io", "io", "suricata.io");
    check("com.vn", "com.vn", "");
    check("host.unheard-of", "unheard-of", "host.unheard-of");
}

static void test_hostile(void **state)
{
    char name[300];

    (void)state;
    check("", "", "");
    memset(name, 'a', sizeof(name));
    for (uint32_t i = 1; i < sizeof(name); i += 2)
        name[i] = '.';
    struct slice all = {(const uint8_t *)name, sizeof(name)};
    assert_int_equal(suffix_public(all).len, 0);
    assert_int_equal(suffix_public(slice_head(all, SUFFIX_NAME_MAX)).len, 1);
    assert_int_equal(suffix_registered((struct slice){(const uint8_t *)"a\0.vn", 5}).len, 0);
    for (uint32_t n = 0; n < 64; n++)
        suffix_registered(
            (struct slice){(const uint8_t *)"...............................", n / 2});
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_hostile)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* data/: made with MaxMind::DB::Writer, documentation addresses only (RFC 5737, RFC 3849). */
#include "common/geo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define DATA TRAMGAC_SOURCE_DIR "/tests/unit/common/data/"

static struct addr addr_of(const char *text)
{
    struct addr addr = {0};
    assert_true(addr_parse(slice_of_str(text), &addr));
    return addr;
}

static void both_shapes_of_country_data_are_read(void **state)
{
    (void)state;
    static const char *const files[] = {DATA "country-flat.mmdb", DATA "country-nested.mmdb"};
    for (int i = 0; i < 2; i++) {
        struct geo *geo = NULL;
        struct geo_place place;
        struct addr inside = addr_of("203.0.113.7");
        struct addr outside = addr_of("198.51.100.7");
        assert_int_equal(geo_open(files[i], NULL, &geo), ERR_OK);
        assert_true(geo_find(geo, &inside, &place));
        assert_string_equal(place.country, "VN");
        assert_int_equal(place.asn, 0);
        assert_false(geo_find(geo, &outside, &place));
        assert_false(geo_is_old(geo));
        geo_free(&geo);
    }
}

static void ipv6_and_autonomous_systems_are_found(void **state)
{
    (void)state;
    struct geo *geo = NULL;
    struct geo_place place;
    struct addr six = addr_of("2001:db8::1");
    struct addr four = addr_of("203.0.113.1");
    assert_int_equal(geo_open(DATA "country-flat.mmdb", DATA "asn.mmdb", &geo), ERR_OK);
    assert_true(geo_find(geo, &six, &place));
    assert_string_equal(place.country, "JP");
    assert_true(geo_find(geo, &four, &place));
    assert_int_equal(place.asn, 64500);
    assert_true(slice_eq(place.org, SLICE_LIT("Example Net")));
    geo_free(&geo);
}

static void without_files_there_is_no_geography_and_no_fault(void **state)
{
    (void)state;
    struct geo *geo = NULL;
    struct geo_place place;
    struct addr addr = addr_of("203.0.113.7");
    assert_int_equal(geo_open("/nonexistent.mmdb", "", &geo), ERR_OK);
    assert_false(geo_find(geo, &addr, &place));
    geo_free(&geo);
    assert_false(geo_find(NULL, &addr, &place));
}

static void a_file_that_is_no_database_is_named_as_such(void **state)
{
    (void)state;
    struct geo *geo = NULL;
    assert_int_equal(geo_open(TRAMGAC_SOURCE_DIR "/CMakeLists.txt", NULL, &geo), ERR_INPUT);
    geo_free(&geo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_shapes_of_country_data_are_read),
        cmocka_unit_test(ipv6_and_autonomous_systems_are_found),
        cmocka_unit_test(without_files_there_is_no_geography_and_no_fault),
        cmocka_unit_test(a_file_that_is_no_database_is_named_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

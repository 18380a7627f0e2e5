/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/case_match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void no_alert(void *context, uint32_t sid)
{
    *(uint32_t *)context = sid;
}

/* Number of complaints of a case about some lines. */
static uint32_t complaints(const char *yaml, const char *lines)
{
    struct json *given = NULL;
    struct strbuf faults;
    uint32_t sid = 0;
    uint32_t n = 0;

    assert_int_equal(yaml_parse(slice_of_str(yaml), false, &given, NULL), ERR_OK);
    strbuf_init(&faults, 65536);
    case_match_lines(given, slice_of_str(lines), &faults, no_alert, &sid);
    for (size_t i = 0; i < faults.len; i++)
        n += faults.at[i] == '\n';
    strbuf_fini(&faults);
    json_free(&given);
    return n;
}

static void values_are_compared_by_path(void **state)
{
    (void)state;
    const char *lines = "{\"event_type\":\"alert\",\"alert\":{\"signature_id\":5,\"msg\":\"a big "
                        "bang\"},\"tags\":[\"x\",\"y\"],\"on\":true}\n";

    assert_int_equal(complaints("expect: [{match: {alert.signature_id: 5, on: true}}]", lines), 0);
    assert_int_equal(complaints("expect: [{match: {alert.signature_id: 6}}]", lines), 1);
    assert_int_equal(complaints("expect: [{match: {alert.msg: \"~small\"}}]", lines), 1);
    assert_int_equal(complaints("expect: [{match: {alert.msg: \"~big\"}}]", lines), 0);
    assert_int_equal(complaints("expect: [{match: {tags: y}}]", lines), 0);
    assert_int_equal(complaints("expect: [{match: {tags: z}}]", lines), 1);
    assert_int_equal(complaints("expect: [{match: {missing: z}}]", lines), 1);
}

static void counts_and_absence_are_judged(void **state)
{
    (void)state;
    const char *two = "{\"a\":1}\n{\"a\":1}\n{\"a\":2}\n";

    assert_int_equal(complaints("expect: [{match: {a: 1}, count: 2}]", two), 0);
    assert_int_equal(complaints("expect: [{match: {a: 1}, count: 1}]", two), 1);
    assert_int_equal(complaints("expect: [{match: {a: 1}, min: 3}]", two), 1);
    assert_int_equal(complaints("expect: [{match: {a: 1}, max: 1}]", two), 1);
    assert_int_equal(complaints("absent: [{a: 3}]", two), 0);
    assert_int_equal(complaints("absent: [{a: 2}]", two), 1);
    assert_int_equal(complaints("absent: [{a: 3}]", "no json\n"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_compared_by_path),
        cmocka_unit_test(counts_and_absence_are_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

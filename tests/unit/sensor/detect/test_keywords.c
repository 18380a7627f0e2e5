/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every keyword's example, as docs/RULES.md shows it, is a rule that loads.
 */
#include "detect_kit.h"
#include "sensor/detect/keyword.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* These need files or databases beside the rule; their own tests give them. */
static bool needs_files(const struct keyword *kw)
{
    static const char *const names[] = {"iprep", "geoip", "filemd5", "filesha1", "filesha256"};

    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], kw->name) == 0)
            return true;
    }
    return false;
}

static void check_example(const struct keyword *kw)
{
    struct kit kit;
    char text[1024];

    snprintf(text, sizeof(text), "alert %s any any -> any any (%s;%s)\n",
             strncmp(kw->example, "modbus", 6) == 0 ? "modbus" : "ip", kw->example,
             strncmp(kw->name, "sid", 3) == 0 ? "" : " sid:1;");
    assert_true(kit_open(&kit, text));
    if (ruleset_rules(kit.rules) != 1)
        fail_msg("%s: %s", text, kit_reason(&kit));
    kit_close(&kit);
}

static void every_example_loads(void **state)
{
    const struct keyword *kw;
    uint32_t n = 0;

    (void)state;
    for (uint32_t i = 0; (kw = keyword_at(i)); i++) {
        if (!kw->example || needs_files(kw))
            continue;
        check_example(kw);
        n++;
    }
    assert_true(n > 100);
}

/* The example of a keyword as it stands in the documents, and bytes that must fire it. */
static void examples_fire_on_their_bytes(void **state)
{
    static const struct {
        const char *keyword, *payload;
    } cases[] = {
        {"content", "login root:admin"},
        {"nocase", "get"},
        {"depth", "GET /"},
        {"offset", "....GET"},
        {"distance", "a..b"},
        {"within", "a.......b"},
        {"startswith", "GET /"},
        {"endswith", "evil.exe"},
        {"fast_pattern", "some evil"},
        {"rawbytes", "a"},
        {"pcre", "/hello"},
        {"pkt_data", "a"},
    };
    (void)state;
    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct keyword *kw = keyword_find(slice_of_str(cases[i].keyword));
        struct kit kit;
        char text[1024];
        assert_non_null(kw);
        snprintf(text, sizeof(text), "alert tcp any any -> any any (%s; sid:1;)\n", kw->example);
        assert_true(kit_open(&kit, text));
        assert_string_equal(kit_reason(&kit), "");
        kit_tcp(&kit, 80);
        assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("-")), 0);
        kit_close(&kit);
        assert_true(kit_open(&kit, text));
        kit_tcp(&kit, 80);
        if (kit_segment(&kit, TO_SERVER, slice_of_str(cases[i].payload)) != 1)
            fail_msg("%s does not fire on %s", text, cases[i].payload);
        kit_close(&kit);
    }
}

static void every_keyword_is_documented(void **state)
{
    const struct keyword *kw;

    (void)state;
    for (uint32_t i = 0; (kw = keyword_at(i)); i++) {
        assert_non_null(kw->doc);
        assert_non_null(kw->parse);
        assert_ptr_equal(keyword_find(slice_of_str(kw->name)), kw);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_loads),
        cmocka_unit_test(examples_fire_on_their_bytes),
        cmocka_unit_test(every_keyword_is_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

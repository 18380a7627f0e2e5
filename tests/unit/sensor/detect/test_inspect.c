/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the options of a rule mean on a payload: one table a subject, each row one rule.
 */
#include "detect_kit.h"

#include "sensor/detect/inspect.h"
#include "sensor/detect/ruleset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct row {
    const char *options;
    const char *payload;
    bool hit;
};

static void check(const struct row *rows)
{
    for (; rows->options; rows++) {
        char rule[2048];
        struct kit kit;
        snprintf(rule, sizeof(rule), "alert udp any any -> any any (%s; sid:1;)\n", rows->options);
        assert_true(kit_open(&kit, rule));
        if (*kit_reason(&kit))
            fail_msg("%s: %s", rows->options, kit_reason(&kit));
        bool hit = kit_datagram(&kit, slice_of_str(rows->payload)) > 0;
        if (hit != rows->hit)
            fail_msg("%s on \"%s\": %s", rows->options, rows->payload, hit ? "hit" : "no hit");
        kit_close(&kit);
    }
}

static void a_content_is_found_where_it_may_be(void **state)
{
    (void)state;
    check((const struct row[]){
        {"content:\"abc\"", "xxabcxx", true},
        {"content:\"abc\"", "xxABCxx", false},
        {"content:\"aBc\"; nocase", "xxAbCxx", true},
        {"content:\"a|62 63|d\"", "abcd", true},
        {"content:\"a\\;b\"", "a;b", true},
        {"content:\"a\\\"b\\\\\"", "a\"b\\", true},
        {"content:!\"abc\"", "xyz", true},
        {"content:!\"abc\"", "xabcy", false},
        {"content:\"abc\"; depth:3", "abcd", true},
        {"content:\"abc\"; depth:3", "xabc", false},
        {"content:\"abc\"; offset:2", "abcabc", true},
        {"content:\"abc\"; offset:2", "abcab", false},
        {"content:\"abc\"; offset:2; depth:4", "xxxabc", true},
        {"content:\"abc\"; offset:2; depth:3", "xxxabc", false},
        {"content:\"abc\"; startswith", "abcd", true},
        {"content:\"abc\"; startswith", "xabc", false},
        {"content:\"abc\"; endswith", "abcxabc", true},
        {"content:\"abc\"; endswith", "abcx", false},
        {"content:\"abc\"; startswith; endswith", "abc", true},
        {"content:\"abc\"; startswith; endswith", "abcabc", false},
        {"content:!\"abc\"; depth:5", "xxxxxabc", true},
        {NULL, NULL, false},
    });
}

static void a_relative_content_counts_from_the_match_before_it(void **state)
{
    (void)state;
    check((const struct row[]){
        {"content:\"ab\"; content:\"cd\"; distance:0", "cdab", false},
        {"content:\"ab\"; content:\"cd\"; distance:0", "abcd", true},
        {"content:\"ab\"; content:\"cd\"; distance:1", "abcd", false},
        {"content:\"ab\"; content:\"cd\"; distance:1", "abxcd", true},
        {"content:\"ab\"; content:\"cd\"; within:2", "abcd", true},
        {"content:\"ab\"; content:\"cd\"; within:2", "abxcd", false},
        {"content:\"ab\"; content:\"cd\"; distance:1; within:2", "abxcd", true},
        {"content:\"ab\"; content:\"cd\"; distance:-4; within:4", "cdab", true},
        {"content:\"ab\"; content:!\"cd\"; within:4", "abxxxxcd", true},
        {"content:\"ab\"; content:!\"cd\"; within:4", "abcdxx", false},
        {"content:\"ab\"; isdataat:2,relative", "abcd", true},
        {"content:\"ab\"; isdataat:3,relative", "abcd", false},
        {"content:\"ab\"; isdataat:!1,relative", "xxab", true},
        {"content:\"ab\"; isdataat:!1,relative", "xxabc", false},
        {"content:\"ab\"; isdataat:3", "abcd", true},
        {"content:\"ab\"; isdataat:4", "abcd", false},
        {NULL, NULL, false},
    });
}

static void an_earlier_match_is_tried_again_when_a_later_one_fails(void **state)
{
    (void)state;
    check((const struct row[]){
        {"content:\"ab\"; content:\"cd\"; within:2", "abxxabcd", true},
        {"content:\"a\"; content:\"b\"; distance:1; within:1; content:\"c\"; within:1", "axb-axbc",
         true},
        {"content:\"ab\"; pcre:\"/^\\d/R\"", "abx ab7", true},
        {"pcre:\"/a./\"; content:\"z\"; within:1", "axyayz", true},
        {"content:\"ab\"; content:\"cd\"; distance:0; content:\"ef\"; distance:0", "abcdabcd",
         false},
        {"content:\"ab\"; content:\"cd\"; within:3; content:\"ef\"; distance:0", "abxxcd abcdef",
         true},
        {"pcre:\"/axxxz|xx/\"; content:\"z\"; distance:0", "axxxz", true},
        {"content:\"ab\"; byte_test:1,=,55,0,relative,string,dec; content:\"!\"; distance:2; "
         "within:1",
         "ab1 ab55!", false},
        {"content:\"ab\"; byte_test:2,=,55,0,relative,string,dec; content:\"!\"; distance:2; "
         "within:1",
         "ab11 ab55!", true},
        {NULL, NULL, false},
    });
}

static void expressions_see_the_rest_of_the_buffer(void **state)
{
    (void)state;
    check((const struct row[]){
        {"pcre:\"/^abc$/\"", "abc", true},
        {"pcre:\"/^abc$/\"", "xabc", false},
        {"pcre:\"/ABC/i\"", "xabc", true},
        {"pcre:!\"/abc/\"", "xyz", true},
        {"pcre:!\"/abc/\"", "abc", false},
        {"content:\"ab\"; pcre:\"/^c/R\"", "abc", true},
        {"content:\"ab\"; pcre:\"/^c$/R\"", "abcd", false},
        {"content:\"ab\"; pcre:\"/c$/R\"", "abxxc", true},
        {"pcre:\"/^b/m\"", "a\nb", true},
        {"pcre:\"/a.b/s\"", "a\nb", true},
        {"pcre:\"/a.b/\"", "a\nb", false},
        {"pcre:\"/(a)\\1/\"", "xaax", true},
        {"pcre:\"/a(?!b)/\"", "ab", false},
        {NULL, NULL, false},
    });
}

static void numbers_are_read_from_bytes_and_text(void **state)
{
    (void)state;
    check((const struct row[]){
        {"byte_test:1,=,65,0", "A", true},
        {"byte_test:1,>,65,1", "AB", true},
        {"byte_test:1,!=,65,0", "A", false},
        {"byte_test:2,=,0x4142,0", "AB", true},
        {"byte_test:2,=,0x4241,0,little", "AB", true},
        {"byte_test:1,&,1,0", "A", true},
        {"byte_test:1,!&,2,0", "A", true},
        {"byte_test:3,=,123,1,string,dec", "x123", true},
        {"byte_test:4,=,0x1f,0,string,hex", "001f", true},
        {"byte_test:8,=,1,0", "short", false},
        {"byte_test:1,=,4,0,bitmask 0xf0", "A", true},
        {"byte_jump:1,0,string,dec; content:\"z\"; within:1", "2xyz", true},
        {"content:\"n\"; byte_jump:1,0,relative,string,dec; isdataat:!1,relative", "n2xy", true},
        {"byte_jump:1,0,from_beginning,string,dec; content:\"y\"; within:1", "2xyz", true},
        {"byte_jump:1,0,string,dec,post_offset -1; content:\"y\"; within:1", "2xyz", true},
        {"byte_jump:1,0,string,dec,multiplier 2; content:\"e\"; within:1", "2abcde", true},
        {"byte_extract:1,0,n,string,dec; content:\"z\"; offset:n", "3abz", true},
        {"byte_extract:1,0,n,string,dec; content:\"z\"; offset:n", "4abz", false},
        {"byte_extract:1,0,n,string,dec; byte_test:1,=,n,1,string,dec", "33", true},
        {"byte_math:bytes 1, offset 0, oper +, rvalue 1, result n, string dec; content:\"z\"; "
         "offset:n",
         "2abz", true},
        {"base64_decode:bytes 8, offset 1; base64_data; content:\"cmd\"", "=Y21kIQ==", true},
        {"content:\"=\"; base64_decode:relative; base64_data; content:\"cmd!\"",
         "a=Y21kIQ==", true},
        {NULL, NULL, false},
    });
}

static void lengths_are_compared(void **state)
{
    (void)state;
    check((const struct row[]){
        {"dsize:3", "abc", true},
        {"dsize:>3", "abc", false},
        {"dsize:2<>4", "abc", true},
        {"dsize:3<>5", "abc", false},
        {"dsize:!3", "abc", false},
        {"udp.hdr; bsize:8", "abc", false},
        {"dsize:3; content:\"abc\"", "abc", true},
        {NULL, NULL, false},
    });
}

static void a_backtracking_bomb_ends(void **state)
{
    char text[4097];
    struct kit kit;

    (void)state;
    memset(text, 'a', 4096);
    text[4096] = '\0';
    assert_true(kit_open(&kit, "alert udp any any -> any any (content:\"a\"; content:\"a\"; "
                               "distance:0; content:\"a\"; distance:0; content:\"a\"; distance:0; "
                               "content:\"b\"; distance:0; sid:1;)\n"));
    assert_int_equal(kit_datagram(&kit, slice_of_str(text)), 0);
    kit_close(&kit);
}

static uint8_t draw(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint8_t) "abcd"[*seed >> 33 & 3];
}

/* Each beginning of some random bytes: as if it were looked at for the first time. */
static void check_growth(const struct group *group, struct slice bytes, bool *hit)
{
    struct inspect_scratch scratch = {0};
    struct inspection in = {0};
    struct lack lack = {0};

    for (uint32_t n = 1; n <= bytes.len; n += 1 + n / 3) {
        struct place place = {0}, grown = {0};
        struct slice head = slice_head(bytes, n);
        bool first = inspect_group(group, &in, head, 0, &scratch, &place);
        assert_int_equal(inspect_grown(group, &in, head, &scratch, &grown, &lack), first);
        assert_memory_equal(&grown, &place, sizeof(place));
        *hit |= first;
    }
}

static void what_is_remembered_of_growing_bytes_changes_no_answer(void **state)
{
    static const char *const options[] = {
        "content:\"abca\"; content:\"d\"; within:2; content:\"cc\"; within:4",
        "content:\"dd\"; content:\"aab\"; distance:1; within:9; content:\"bcd\"; distance:0",
        "content:\"abc\"; content:\"dab\"; distance:-2; content:\"bb\"; within:5",
        "content:\"abcd\"; content:!\"a\"; within:3; content:\"dcb\"; distance:0",
        ("content:\"ABC\"; nocase; content:\"cb\"; distance:2; content:\"ad\"; within:3; "
         "content:\"cc\""),
        "content:\"ab\"; isdataat:!9,relative; content:\"dc\"; distance:0",
        "content:\"dad\"; byte_test:1,>,98,0,relative; content:\"ab\"; distance:1",
        "content:\"abc\"; content:!\"d\"; within:3; content:\"cc\"; within:6",
        "content:\"dd\"; content:\"ca\"; distance:0; content:\"bb\"; within:4",
        "content:\"ab\"; content:!\"c\"; within:2; content:\"dab\"; distance:1; content:\"cc\"; "
        "within:9",
        "content:\"cab\"; endswith",
        "content:\"bad\"; offset:5; content:\"cd\"; depth:30"};
    uint64_t seed = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        char rule[512];
        struct kit kit;
        bool hit = false;
        snprintf(rule, sizeof(rule), "alert udp any any -> any any (%s; sid:1;)\n", options[i]);
        assert_true(kit_open(&kit, rule));
        for (int round = 0; round < 3000; round++) {
            uint8_t bytes[200];
            for (size_t k = 0; k < sizeof(bytes); k++)
                bytes[k] = draw(&seed);
            check_growth(kit.rules->rules[0].groups, (struct slice){bytes, sizeof(bytes)}, &hit);
        }
        assert_true(hit);
        kit_close(&kit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_content_is_found_where_it_may_be),
        cmocka_unit_test(a_relative_content_counts_from_the_match_before_it),
        cmocka_unit_test(an_earlier_match_is_tried_again_when_a_later_one_fails),
        cmocka_unit_test(expressions_see_the_rest_of_the_buffer),
        cmocka_unit_test(numbers_are_read_from_bytes_and_text),
        cmocka_unit_test(lengths_are_compared),
        cmocka_unit_test(a_backtracking_bomb_ends),
        cmocka_unit_test(what_is_remembered_of_growing_bytes_changes_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/json.h"
#include "common/json_build.h"
#include "common/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct json *json_of(const char *text)
{
    struct json *tree = NULL;
    struct json_fault fault = {0};
    if (json_parse(slice_of_str(text), &tree, &fault))
        fail_msg("%u:%u %s", fault.line, fault.column, fault.text);
    return tree;
}

static struct json *yaml_of(const char *text)
{
    struct json *tree = NULL;
    struct json_fault fault = {0};
    if (yaml_parse(slice_of_str(text), false, &tree, &fault))
        fail_msg("%u:%u %s", fault.line, fault.column, fault.text);
    return tree;
}

static void assert_written(const struct json *v, const char *text)
{
    struct strbuf out;
    strbuf_init(&out, 0);
    json_write(v, &out);
    assert_string_equal(out.at, text);
    strbuf_fini(&out);
}

static void what_was_read_is_written_again(void **state)
{
    (void)state;
    struct json *v = json_of(" {\"a\":[1,-2.5,true,null,\"x\\n\"],\"b\":{}} ");
    assert_written(v, "{\"a\":[1,-2.5,true,null,\"x\\n\"],\"b\":{}}");
    assert_int_equal(json_count(json_get(v, "a")), 5);
    assert_int_equal(json_line(v), 0);
    json_free(&v);
    assert_null(v);
}

static void paths_reach_into_arrays_and_keys_with_dots(void **state)
{
    (void)state;
    struct json *v = json_of("{\"a\":{\"b\":[{\"c\":7}]},\"x.y\":8}");
    assert_int_equal(json_i64(json_path(v, "a.b.0.c"), 0), 7);
    assert_int_equal(json_i64(json_path(v, "x.y"), 0), 8);
    assert_null(json_path(v, "a.b.1.c"));
    assert_null(json_path(v, "a.b.c"));
    json_free(&v);
}

static void getters_accept_anything(void **state)
{
    (void)state;
    assert_int_equal(json_kind(NULL), JSON_NULL);
    assert_null(json_get(NULL, "a"));
    assert_null(json_first(NULL));
    assert_int_equal(json_text(NULL).len, 0);
    struct json *v = json_of("[1e300]");
    assert_int_equal(json_i64(json_first(v), 0), INT64_MAX);
    assert_string_equal(json_str(json_first(v), "or"), "or");
    json_free(&v);
}

static void bad_json_is_refused_with_its_place(void **state)
{
    (void)state;
    static const char *const bad[] = {"",      "{",      "[1,]x",     "{\"a\":1}}",
                                      "[1 2]", "\"open", "{\"a\" 1}", "nul"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct json *v = NULL;
        struct json_fault fault = {0};
        assert_int_equal(json_parse(slice_of_str(bad[i]), &v, &fault), ERR_INPUT);
        assert_null(v);
        assert_true(fault.line == 1 && fault.text[0]);
    }
}

static void texts_are_unescaped_and_halves_of_pairs_replaced(void **state)
{
    (void)state;
    struct json *v =
        json_of("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"\\u00e9\\u1ead\",\"\\ud83d\\ude00\","
                "\"\\ud83dx\\ude00\",\"a\\u0000b\",{\"k\\u0041\":1,\"kA\":2}]");
    const struct json *c = json_first(v);
    assert_string_equal(json_str(c, ""), "\"\\/\b\f\n\r\t");
    assert_string_equal(json_str(c = json_next(c), ""), "\u00e9\u1ead");
    assert_string_equal(json_str(c = json_next(c), ""), "\U0001f600");
    assert_string_equal(json_str(c = json_next(c), ""), "\ufffdx\ufffd");
    assert_string_equal(json_str(c = json_next(c), ""), "a\ufffdb");
    assert_int_equal(json_i64(json_get(json_next(c), "kA"), 0), 1);
    json_free(&v);
}

static void numbers_are_those_of_the_c_library(void **state)
{
    (void)state;
    static const char *const texts[] = {"0",
                                        "-0",
                                        "7",
                                        "-12.5",
                                        "0.1",
                                        "1e3",
                                        "1E-3",
                                        "2.5e+10",
                                        "123456789012345678",
                                        "9007199254740993",
                                        "0.30000000000000004",
                                        "1e400",
                                        "1e-400",
                                        "-4.9e-324",
                                        "1.7976931348623157e308",
                                        "12345678901234567890123",
                                        "1e23",
                                        "0.000001",
                                        "3.141592653589793238462643383279"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct json *v = json_of(texts[i]);
        double want = strtod(texts[i], NULL), is = json_num(v, 1);
        assert_memory_equal(&want, &is, sizeof(is));
        json_free(&v);
    }
}

static void what_rfc_8259_forbids_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "01",   "-",          "1.",        ".5",       "1e",      "+1",          "0x10",      "1e+",
        "[1,]", "{\"a\":1,}", "{,}",       "\"a\tb\"", "\"\\x\"", "\"\\u12g4\"", "\"\\u12\"", "tru",
        "nan",  "{a:1}",      "[\"a\\\"]", "'a'",      "1 2",     "\"",          "\"\\"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct json *v = NULL;
        if (json_parse(slice_of_str(bad[i]), &v, NULL) == ERR_OK)
            fail_msg("taken: %s", bad[i]);
    }
    struct json *v = NULL; /* a zero byte ends nothing */
    assert_int_equal(json_parse((struct slice){(const uint8_t *)"1\0", 2}, &v, NULL), ERR_INPUT);
}

static void a_tree_in_an_arena_is_freed_with_it(void **state)
{
    (void)state;
    struct arena arena;
    const struct json *v;
    arena_init(&arena, 256, 0);
    assert_int_equal(json_parse_in(SLICE_LIT("{\"a\":[1,{\"b\":\"c\"}]}"), &arena, &v, NULL),
                     ERR_OK);
    assert_string_equal(json_str(json_path(v, "a.1.b"), ""), "c");
    assert_int_equal(json_parse_in(SLICE_LIT("{\"a\""), &arena, &v, NULL), ERR_INPUT);
    assert_null(v);
    arena_fini(&arena);
    arena_init(&arena, 64, 200);
    assert_int_equal(json_parse_in(SLICE_LIT("[1,2,3,4,5,6,7]"), &arena, &v, NULL), ERR_INPUT);
    arena_fini(&arena);
}

static void no_truncation_or_flip_of_json_breaks_the_reader(void **state)
{
    (void)state;
    char text[] = "{\"a\":[1,-2.5e3,\"\\u00e9\\n\",true,null],\"b\":{\"c\":\"\\ud83d\\ude00\"}}";
    uint32_t len = sizeof(text) - 1;
    for (uint32_t i = 0; i < len; i++) {
        struct json *v = NULL;
        assert_int_equal(json_parse((struct slice){(uint8_t *)text, i}, &v, NULL), ERR_INPUT);
        for (int bit = 0; bit < 8; bit++) {
            text[i] = (char)(text[i] ^ (1 << bit));
            json_parse((struct slice){(uint8_t *)text, len}, &v, NULL);
            json_free(&v);
            text[i] = (char)(text[i] ^ (1 << bit));
        }
    }
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    char text[200];
    struct json *v = NULL;
    memset(text, '[', 100);
    memset(text + 100, ']', 100);
    assert_int_equal(json_parse((struct slice){(uint8_t *)text, 200}, &v, NULL), ERR_INPUT);
    assert_int_equal(yaml_parse((struct slice){(uint8_t *)text, 200}, false, &v, NULL), ERR_INPUT);
    assert_int_equal(json_parse((struct slice){(uint8_t *)text + 50, 100}, &v, NULL), ERR_OK);
    json_free(&v);
}

static void invalid_utf8_leaves_as_valid_json(void **state)
{
    (void)state;
    struct json *v = json_of("[\"a\xff\"]");
    assert_written(v, "[\"a\\\\xff\"]");
    json_free(&v);
}

static void yaml_scalars_are_typed_unless_quoted(void **state)
{
    (void)state;
    struct json *v = yaml_of("a: 1\nb: yes\nc: ~\nd: '1'\ne: 0x10\nf: 1.5\ng: 007\nh: 10.0.0.1\n"
                             "i: !!str 5\nj: off\n");
    assert_written(v, "{\"a\":1,\"b\":true,\"c\":null,\"d\":\"1\",\"e\":16,\"f\":1.5,\"g\":\"007\","
                      "\"h\":\"10.0.0.1\",\"i\":\"5\",\"j\":\"off\"}");
    assert_int_equal(json_line(json_get(v, "c")), 3);
    assert_string_equal(json_build_source(json_get(v, "e")), "0x10");
    json_free(&v);
}

static void anchors_and_merges_resolve(void **state)
{
    (void)state;
    struct json *v = yaml_of("base: &b {x: 1, y: 2}\nlist: [&s one, *s]\n"
                             "own: {<<: *b, y: 3}\nboth:\n  <<: [*b, {z: 4}]\n");
    assert_written(json_get(v, "own"), "{\"y\":3,\"x\":1}");
    assert_written(json_get(v, "both"), "{\"x\":1,\"y\":2,\"z\":4}");
    assert_written(json_get(v, "list"), "[\"one\",\"one\"]");
    json_free(&v);
}

static void several_documents_become_an_array(void **state)
{
    (void)state;
    struct json *v = NULL;
    struct slice text = SLICE_LIT("--- {a: 1}\n---\n- 2\n...\n");
    assert_int_equal(yaml_parse(text, true, &v, NULL), ERR_OK);
    assert_written(v, "[{\"a\":1},[2]]");
    json_free(&v);
    assert_int_equal(yaml_parse(text, false, &v, NULL), ERR_INPUT);
    assert_int_equal(yaml_parse(SLICE_NONE, false, &v, NULL), ERR_OK);
    assert_int_equal(json_kind(v), JSON_NULL);
    json_free(&v);
}

static void bad_yaml_is_refused_with_its_line(void **state)
{
    (void)state;
    static const char *const bad[] = {"\na: *none\n", "\na: [1\n", "\n? [a]\n: b\n", "a: 1\na: 2\n",
                                      "\n<<: 3\n"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct json *v = NULL;
        struct json_fault fault = {0};
        assert_int_equal(yaml_parse(slice_of_str(bad[i]), false, &v, &fault), ERR_INPUT);
        assert_null(v);
        assert_true(fault.line >= 2);
    }
}

static void a_billion_laughs_are_refused(void **state)
{
    (void)state;
    struct strbuf text;
    strbuf_init(&text, 0);
    strbuf_str(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 10; i++) {
        strbuf_fmt(&text, "a%d: &a%d [*a%d", i, i, i - 1);
        for (int j = 0; j < 9; j++)
            strbuf_fmt(&text, ",*a%d", i - 1);
        strbuf_str(&text, "]\n");
    }
    struct json *v = NULL;
    assert_int_equal(yaml_parse(strbuf_view(&text), false, &v, NULL), ERR_FULL);
    assert_null(v);
    strbuf_fini(&text);
}

static void no_truncation_or_flip_of_yaml_breaks_the_reader(void **state)
{
    (void)state;
    char text[] = "a: &x {b: [1, \"two\", 'three'], <<: {c: d}}\ne: *x\n--- |\n  block\n";
    uint32_t len = sizeof(text) - 1;
    for (uint32_t i = 0; i < len; i++) {
        struct json *v = NULL;
        yaml_parse((struct slice){(uint8_t *)text, i}, true, &v, NULL);
        json_free(&v);
        for (int bit = 0; bit < 8; bit++) {
            text[i] = (char)(text[i] ^ (1 << bit));
            yaml_parse((struct slice){(uint8_t *)text, len}, true, &v, NULL);
            json_free(&v);
            text[i] = (char)(text[i] ^ (1 << bit));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_read_is_written_again),
        cmocka_unit_test(paths_reach_into_arrays_and_keys_with_dots),
        cmocka_unit_test(getters_accept_anything),
        cmocka_unit_test(bad_json_is_refused_with_its_place),
        cmocka_unit_test(texts_are_unescaped_and_halves_of_pairs_replaced),
        cmocka_unit_test(numbers_are_those_of_the_c_library),
        cmocka_unit_test(what_rfc_8259_forbids_is_refused),
        cmocka_unit_test(a_tree_in_an_arena_is_freed_with_it),
        cmocka_unit_test(no_truncation_or_flip_of_json_breaks_the_reader),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(invalid_utf8_leaves_as_valid_json),
        cmocka_unit_test(yaml_scalars_are_typed_unless_quoted),
        cmocka_unit_test(anchors_and_merges_resolve),
        cmocka_unit_test(several_documents_become_an_array),
        cmocka_unit_test(bad_yaml_is_refused_with_its_line),
        cmocka_unit_test(a_billion_laughs_are_refused),
        cmocka_unit_test(no_truncation_or_flip_of_yaml_breaks_the_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

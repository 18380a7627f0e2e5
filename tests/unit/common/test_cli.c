/* SPDX-License-Identifier: Apache-2.0 */
#include "common/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

struct options {
    const char *file, *list, *word;
    bool quiet;
};

static bool take_file(struct options *o, const char *v)
{
    o->file = v;
    return *v != '\0';
}

static bool take_quiet(struct options *o, const char *v)
{
    (void)v;
    return o->quiet = true;
}

static void take_list(struct options *o, const char *list)
{
    o->list = list;
}

static bool take_word(struct options *o, const char *word)
{
    if (o->word)
        return false;
    o->word = word;
    return true;
}

static const struct cli_row rows[] = {{"-f", "FILE", take_file, "a file"},
                                      {"--file", "FILE", take_file, "a file"},
                                      {"--quiet", NULL, take_quiet, "quiet"},
                                      {.name = NULL}};
static const char *const lists[] = {"options", NULL};
static const struct cli cli = {.rows = rows, .lists = lists, .list = take_list, .word = take_word};

/* Takes the whole line; the fault's text, "" when there is none. */
static const char *read_line(int argc, char **argv, struct options *o)
{
    static char text[200];
    struct strbuf fault;

    strbuf_init(&fault, 0);
    *o = (struct options){0};
    for (int at = 0; at >= 0 && at < argc; at++) {
        at = cli_take(&cli, argc, argv, at, o, &fault);
        if (at < 0)
            break;
    }
    snprintf(text, sizeof(text), "%s", fault.len ? fault.at : "");
    strbuf_fini(&fault);
    return text;
}

#define READ(o, ...)                                                                               \
    read_line((int)(sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)), (char *[]){__VA_ARGS__}, o)

static void a_value_stands_behind_or_after_an_equals_sign(void **state)
{
    (void)state;
    struct options o;

    assert_string_equal(READ(&o, "-f", "a.pcap", "--quiet"), "");
    assert_string_equal(o.file, "a.pcap");
    assert_true(o.quiet);
    assert_string_equal(READ(&o, "--file=b=c"), "");
    assert_string_equal(o.file, "b=c");
}

static void what_is_missing_or_unknown_is_named(void **state)
{
    (void)state;
    struct options o;

    assert_string_equal(READ(&o, "-f"), "-f wants FILE");
    assert_string_equal(READ(&o, "--file="), "--file wants FILE, not ");
    assert_string_equal(READ(&o, "--nothing"), "unknown option --nothing; see --help");
    assert_string_equal(READ(&o, "one", "two"), "unknown option two; see --help");
}

static void lists_and_words_are_the_programs_own(void **state)
{
    (void)state;
    struct options o;

    assert_string_equal(READ(&o, "--list-options", "word"), "");
    assert_string_equal(o.list, "options");
    assert_string_equal(o.word, "word");
    assert_string_equal(READ(&o, "--list-secrets"), "unknown option --list-secrets; see --help");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_stands_behind_or_after_an_equals_sign),
        cmocka_unit_test(what_is_missing_or_unknown_is_named),
        cmocka_unit_test(lists_and_words_are_the_programs_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

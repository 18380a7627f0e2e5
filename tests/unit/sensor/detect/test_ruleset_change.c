/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/ruleset.h"

#include "../../../lib/detect_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static struct ruleset *load(const char *text, const struct ruleset *before)
{
    char path[] = "/tmp/tramgac-rules.XXXXXX.rules";
    int fd = mkstemps(path, 6);
    const char *const paths[] = {path, NULL};
    struct ruleset *rs = NULL;
    struct strbuf report;

    strbuf_init(&report, 0);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    assert_int_equal(ruleset_reload(NULL, paths, before, &rs, &report), ERR_OK);
    unlink(path);
    strbuf_fini(&report);
    return rs;
}

#define RULE(sid, rest) "alert tcp any any -> any any (msg:\"m\"; " rest "sid:" #sid ";)\n"

static uint32_t uid_of(const struct ruleset *rs, uint32_t sid)
{
    for (uint32_t i = 0; i < rs->n; i++) {
        if (rs->rules[i].info.sid == sid)
            return rs->rules[i].uid;
    }
    return RULE_GONE;
}

static void a_rule_that_stays_keeps_its_uid_and_a_changed_one_gets_another(void **state)
{
    (void)state;
    struct ruleset *a = load(RULE(1, "") RULE(2, "content:\"a\"; ") RULE(3, ""), NULL);
    struct ruleset *b = load(RULE(4, "") RULE(2, "content:\"b\"; ") RULE(3, ""), a);
    assert_int_equal(ruleset_generation(b), 2);
    assert_int_equal(uid_of(b, 3), uid_of(a, 3));
    assert_int_not_equal(uid_of(b, 2), uid_of(a, 2));
    assert_int_equal(ruleset_index(b, uid_of(a, 1)), RULE_GONE);
    assert_int_equal(ruleset_index(b, uid_of(a, 2)), RULE_GONE);
    assert_int_equal(b->rules[ruleset_index(b, uid_of(a, 3))].info.sid, 3);
    ruleset_free(&a);
    ruleset_free(&b);
}

static void changes_are_counted_by_kind(void **state)
{
    (void)state;
    struct ruleset *a = load(RULE(1, "") RULE(2, "content:\"a\"; ") RULE(3, "what; "), NULL);
    struct ruleset *b = load(RULE(4, "") RULE(2, "content:\"b\"; ") RULE(5, "what; "), a);
    struct ruleset_change c = ruleset_changes(a, b, NULL);
    assert_int_equal(c.added, 1);
    assert_int_equal(c.removed, 1);
    assert_int_equal(c.modified, 1);
    assert_int_equal(c.broken, 1);
    assert_int_equal(c.mended, 1);
    ruleset_free(&a);
    ruleset_free(&b);
}

static void names_keep_their_numbers(void **state)
{
    (void)state;
    struct ruleset *a = load(RULE(1, "flowbits:set,x; ") RULE(2, "flowbits:set,y; "), NULL);
    struct ruleset *b = load(RULE(2, "flowbits:set,z; ") RULE(1, "flowbits:set,y; "), a);
    assert_int_equal(b->names[0].n, 3);
    assert_true(slice_eq(b->names[0].at[0], SLICE_LIT("x")));
    assert_true(slice_eq(b->names[0].at[1], SLICE_LIT("y")));
    assert_true(slice_eq(b->names[0].at[2], SLICE_LIT("z")));
    ruleset_free(&a);
    ruleset_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_that_stays_keeps_its_uid_and_a_changed_one_gets_another),
        cmocka_unit_test(changes_are_counted_by_kind),
        cmocka_unit_test(names_keep_their_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

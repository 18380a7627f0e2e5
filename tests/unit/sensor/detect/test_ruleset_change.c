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

static const struct rule *rule_of(const struct ruleset *rs, uint32_t sid)
{
    uint32_t uid = uid_of(rs, sid);

    assert_int_not_equal(uid, RULE_GONE);
    return &rs->rules[ruleset_index(rs, uid)];
}

static void what_stays_is_not_made_twice(void **state)
{
    (void)state;
    struct ruleset *a = load(RULE(1, "content:\"abc\"; ") RULE(2, "content:\"x\"; "), NULL);
    struct ruleset *b = load("\n" RULE(1, "content:\"abc\"; ") RULE(2, "content:\"y\"; "), a);
    assert_ptr_equal(b->store, a->store);
    assert_ptr_equal(rule_of(b, 1)->groups, rule_of(a, 1)->groups);
    assert_ptr_not_equal(rule_of(b, 2)->groups, rule_of(a, 2)->groups);
    assert_int_equal(rule_of(b, 1)->info.line, 2);
    assert_int_equal(rule_of(a, 1)->info.line, 1);
    ruleset_free(&a); /* what they hold together stays for the other */
    assert_string_equal(rule_of(b, 1)->info.msg, "m");
    assert_int_equal(rule_of(b, 1)->groups[0].ops[0].content.text.at[2], 'c');
    ruleset_free(&b);
}

static const struct literals *db_of(const struct ruleset *rs)
{
    return rs->raw[FAMILY_NONE][RAW_PORTS_ALL][TO_SERVER].base[CLASS_TCP].db;
}

static void literals_of_an_equal_set_are_shared(void **state)
{
    (void)state;
    struct ruleset *a = load(RULE(1, "content:\"abc\"; "), NULL);
    struct ruleset *b = load(RULE(7, "") RULE(1, "content:\"abc\"; "), a);
    struct ruleset *c = load(RULE(1, "content:\"abd\"; "), b);
    assert_ptr_equal(db_of(b), db_of(a));
    assert_ptr_not_equal(db_of(c), db_of(b));
    ruleset_free(&a);
    ruleset_free(&c);
    ruleset_free(&b);
}

static void a_shared_rule_used_twice_is_told_with_its_place(void **state)
{
    (void)state;
    struct ruleset *a = load(RULE(1, "") RULE(2, ""), NULL);
    struct ruleset *b = load(RULE(1, "") RULE(2, "") RULE(1, ""), a);
    uint32_t n;
    const struct quarantined *bad = ruleset_quarantined(b, &n);
    assert_int_equal(n, 1);
    assert_int_equal(bad[0].sid, 1);
    assert_int_equal(bad[0].line, 3);
    assert_non_null(strstr(bad[0].reason, "used before"));
    ruleset_free(&a);
    ruleset_free(&b);
}

static void a_worn_store_is_left_for_another(void **state)
{
    (void)state;
    enum { MUCH = 3 * ARENA_LARGE };
    static char text[MUCH + 4096];
    struct ruleset *a = load(RULE(1, ""), NULL), *b, *c;
    int at = snprintf(text, sizeof(text), "alert tcp any any -> any any (sid:2; msg:\"");
    memset(text + at, 'x', MUCH);
    strcpy(text + at + MUCH, "\";)\n");
    b = load(text, a);
    assert_ptr_equal(b->store, a->store);
    assert_true(rule_store_worn(b->store));
    c = load(RULE(1, ""), b);
    assert_ptr_not_equal(c->store, b->store);
    ruleset_free(&a);
    ruleset_free(&b);
    ruleset_free(&c);
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
        cmocka_unit_test(what_stays_is_not_made_twice),
        cmocka_unit_test(literals_of_an_equal_set_are_shared),
        cmocka_unit_test(a_shared_rule_used_twice_is_told_with_its_place),
        cmocka_unit_test(a_worn_store_is_left_for_another),
        cmocka_unit_test(names_keep_their_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/dedup/ledger.h"
#include "common/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void take_all(struct ledger *l, const uint64_t *seqs, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        ledger_take(l, seqs[i]);
}

static void runs_close_when_the_hole_is_filled(void **state)
{
    (void)state;
    struct ledger l;
    uint64_t from, to;
    ledger_init(&l);
    take_all(&l, (const uint64_t[]){1, 2, 5, 6, 4}, 5);
    assert_int_equal(l.upto, 2);
    assert_int_equal(l.n, 1);
    assert_true(ledger_hole(&l, &from, &to));
    assert_int_equal(from, 3);
    assert_int_equal(to, 3);
    assert_int_equal(ledger_missing(&l), 1);
    assert_int_equal(ledger_offer(&l, 5), LEDGER_DUPLICATE);
    assert_int_equal(ledger_offer(&l, 2), LEDGER_DUPLICATE);
    ledger_take(&l, 3);
    assert_int_equal(l.upto, 6);
    assert_int_equal(l.n, 0);
    assert_false(ledger_hole(&l, &from, &to));
}

static void what_the_sensor_no_longer_has_is_given_up(void **state)
{
    (void)state;
    struct ledger l;
    ledger_init(&l);
    take_all(&l, (const uint64_t[]){1, 4, 5, 9}, 4);
    assert_int_equal(ledger_give_up_below(&l, 8), 4); /* 2 3 6 7 */
    assert_int_equal(l.upto, 7);
    assert_int_equal(ledger_missing(&l), 1); /* 8 */
    assert_int_equal(ledger_give_up_below(&l, 3), 0);
    assert_int_equal(ledger_give_up_below(&l, 20), 11); /* 8, 10 .. 19 */
    assert_int_equal(l.upto, 19);
    assert_int_equal(l.highest, 19);
}

static void too_many_holes_are_refused_but_filling_goes_on(void **state)
{
    (void)state;
    static struct ledger l;
    ledger_init(&l);
    for (uint64_t i = 0; i < LEDGER_RANGES; i++)
        ledger_take(&l, 3 + 2 * i);
    assert_int_equal(ledger_offer(&l, 1000000), LEDGER_TOO_FAR);
    assert_int_equal(ledger_offer(&l, 4), LEDGER_NEW);
    ledger_take(&l, 4);
    ledger_take(&l, 1);
    ledger_take(&l, 2);
    assert_int_equal(l.upto, 5);
    assert_int_equal(ledger_offer(&l, 1000000), LEDGER_NEW);
}

static void any_order_gives_what_a_bitmap_gives(void **state)
{
    (void)state;
    static struct ledger l;
    enum { NUMBERS = 400, ROUNDS = 50 };
    srand(7);
    for (int round = 0; round < ROUNDS; round++) {
        bool have[NUMBERS + 1] = {true};
        ledger_init(&l);
        for (int i = 0; i < 3 * NUMBERS; i++) {
            uint64_t seq = 1 + (uint64_t)rand() % NUMBERS;
            enum ledger_verdict v = ledger_offer(&l, seq);
            assert_int_equal(v, have[seq] ? LEDGER_DUPLICATE : LEDGER_NEW);
            if (v == LEDGER_NEW)
                ledger_take(&l, seq);
            have[seq] = true;
        }
        uint64_t upto = 0, missing = 0;
        while (upto < NUMBERS && have[upto + 1])
            upto++;
        for (uint64_t i = upto + 1; i <= l.highest; i++)
            missing += !have[i];
        assert_int_equal(l.upto, upto);
        assert_int_equal(ledger_missing(&l), missing);
    }
}

static void the_text_form_comes_back(void **state)
{
    (void)state;
    struct ledger l, back;
    struct strbuf text;
    ledger_init(&l);
    take_all(&l, (const uint64_t[]){1, 5, 6, 9}, 4);
    strbuf_init(&text, 0);
    ledger_beyond_text(&l, &text);
    assert_string_equal(text.at, "5-6,9-9");
    ledger_init(&back);
    back.upto = 1;
    assert_int_equal(ledger_beyond_parse(&back, strbuf_view(&text)), ERR_OK);
    assert_int_equal(back.n, 2);
    assert_int_equal(back.highest, 9);
    strbuf_fini(&text);
    static const char *const bad[] = {"x", "5", "5-", "6-5", "9-9,5-6", "2-3", "5-6,7-8", "5-6,"};
    for (uint32_t i = 0; i < 7; i++)
        assert_int_equal(ledger_beyond_parse(&back, slice_of_str(bad[i])), ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_close_when_the_hole_is_filled),
        cmocka_unit_test(what_the_sensor_no_longer_has_is_given_up),
        cmocka_unit_test(too_many_holes_are_refused_but_filling_goes_on),
        cmocka_unit_test(any_order_gives_what_a_bitmap_gives),
        cmocka_unit_test(the_text_form_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that wait for a look, with holes among them: how many count, and what each look gets.
 */
#include "sensor/detect/holes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* As the window takes what comes behind `lost` bytes. */
static void come(struct pool *pool, struct window *win, const char *text, uint32_t lost)
{
    struct slice bytes = slice_of_str(text);
    struct chunk chunk = {.data = bytes, .offset = win->next + lost, .gap = lost};

    if (lost)
        assert_true(holes_note(win, &chunk));
    assert_true(state_window(pool, win, win->len + bytes.len));
    memcpy(win->at + win->len, bytes.at, bytes.len);
    win->len += bytes.len;
    win->held += bytes.len;
    win->next = chunk.offset + bytes.len;
}

static void assert_rest(const struct rest *rest, const char *bytes, uint64_t at, uint32_t lost)
{
    assert_true(slice_eq(rest->bytes, slice_of_str(bytes)));
    assert_int_equal(rest->at, at);
    assert_int_equal(rest->lost, lost);
}

static void each_look_ends_at_a_hole(void **state)
{
    struct pool *pool = state_pool_new(1 << 20);
    struct window win = {0};
    uint8_t room[64];

    (void)state;
    come(pool, &win, "first", 0);
    come(pool, &win, "second", 100);
    come(pool, &win, "third", 20);
    assert_int_equal(holes_waiting(&win, NULL), 5 + 100 + 6 + 20 + 5);

    struct rest rest = holes_split(&win, room);
    assert_int_equal(win.held, 5);
    assert_int_equal(win.next, 5);
    assert_rest(&rest, "secondthird", 105, 100);
    assert_true(slice_eq(holes_piece(&rest), SLICE_LIT("second")));

    assert_true(holes_put_back(pool, &win, &rest)); /* the hole before it counts no more */
    assert_int_equal(holes_waiting(&win, NULL), 6 + 20 + 5);
    rest = holes_split(&win, room);
    assert_int_equal(win.held, 0);
    assert_rest(&rest, "secondthird", 105, 100);
    holes_next(&rest);
    assert_rest(&rest, "third", 131, 20);
    assert_true(slice_eq(holes_piece(&rest), SLICE_LIT("third")));
    assert_true(holes_put_back(pool, &win, &rest));
    assert_int_equal(holes_waiting(&win, NULL), 5);
    assert_int_equal(win.next, 136);
    state_window_drop(pool, &win);
    state_pool_free(&pool);
}

static void too_many_holes_are_refused(void **state)
{
    struct pool *pool = state_pool_new(1 << 20);
    struct window win = {0};

    (void)state;
    come(pool, &win, "a", 0);
    for (uint32_t i = 0; i < HOLES_MAX; i++)
        come(pool, &win, "b", 7);
    assert_false(holes_note(&win, &(struct chunk){.offset = win.next + 7, .gap = 7}));
    struct chunk chunk = {.data = SLICE_LIT("cc"), .offset = win.next + 9, .gap = 9};
    assert_int_equal(holes_waiting(&win, &chunk), 1 + HOLES_MAX * 8 + 9 + 2);
    assert_int_equal(holes_waiting(NULL, &chunk), 2);
    state_window_drop(pool, &win);
    state_pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_look_ends_at_a_hole),
        cmocka_unit_test(too_many_holes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

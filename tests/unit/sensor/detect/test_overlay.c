/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values that commands put over a frozen set: found by readers while the writer goes on.
 */
#include "sensor/detect/overlay.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { MANY = 20000, PLENTY = 64 << 20 };

static struct slice value_of(uint32_t i, char room[16])
{
    return (struct slice){(const uint8_t *)room, (uint32_t)snprintf(room, 16, "value-%u", i)};
}

static void what_is_put_in_is_found_and_what_is_taken_out_is_gone(void **state)
{
    struct overlay *o = overlay_new();

    (void)state;
    assert_int_equal(overlay_find(o, SLICE_LIT("a")), OVERLAY_NOTHING);
    assert_false(overlay_used(o));
    assert_true(overlay_put(o, SLICE_LIT("a"), true, PLENTY));
    assert_true(overlay_put(o, SLICE_LIT("b"), false, PLENTY));
    assert_true(overlay_used(o));
    assert_int_equal(overlay_find(o, SLICE_LIT("a")), OVERLAY_THERE);
    assert_int_equal(overlay_find(o, SLICE_LIT("b")), OVERLAY_GONE);
    assert_int_equal(overlay_find(o, SLICE_LIT("c")), OVERLAY_NOTHING);
    assert_true(overlay_put(o, SLICE_LIT("a"), false, PLENTY));
    assert_int_equal(overlay_find(o, SLICE_LIT("a")), OVERLAY_GONE);
    overlay_free(&o);
    assert_null(o);
}

static void clearing_hides_what_lies_below(void **state)
{
    struct overlay *o = overlay_new();

    (void)state;
    overlay_put(o, SLICE_LIT("a"), true, PLENTY);
    overlay_clear(o);
    assert_int_equal(overlay_find(o, SLICE_LIT("a")), OVERLAY_GONE);
    assert_int_equal(overlay_find(o, SLICE_LIT("never seen")), OVERLAY_GONE);
    overlay_put(o, SLICE_LIT("b"), true, PLENTY);
    assert_int_equal(overlay_find(o, SLICE_LIT("b")), OVERLAY_THERE);
    overlay_free(&o);
}

static void memory_has_an_end(void **state)
{
    struct overlay *o = overlay_new();
    char room[16];
    uint32_t n = 0;

    (void)state;
    while (n < MANY && overlay_put(o, value_of(n, room), true, 100000))
        n++;
    assert_in_range(n, 100, MANY - 1);
    assert_int_equal(overlay_find(o, value_of(n - 1, room)), OVERLAY_THERE);
    assert_int_equal(overlay_find(o, value_of(n, room)), OVERLAY_NOTHING);
    assert_true(overlay_put(o, value_of(0, room), false, 100000)); /* it has its place */
    overlay_free(&o);
}

struct shared {
    struct overlay *overlay;
    _Atomic uint32_t put; /* so many values are in */
    _Atomic uint32_t missed;
};

static void *look(void *context)
{
    struct shared *s = context;
    char room[16];

    for (uint32_t have = 0; have < MANY;) {
        have = atomic_load(&s->put);
        for (uint32_t i = have > 50 ? have - 50 : 0; i < have; i++)
            s->missed += overlay_find(s->overlay, value_of(i, room)) != OVERLAY_THERE;
        (void)overlay_find(s->overlay, value_of(have + 1, room));
    }
    return NULL;
}

static void readers_find_what_was_put_in_before(void **state)
{
    struct shared s = {.overlay = overlay_new()};
    pthread_t reader[3];
    char room[16];

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&reader[i], NULL, look, &s), 0);
    for (uint32_t i = 0; i < MANY; i++) {
        assert_true(overlay_put(s.overlay, value_of(i, room), true, PLENTY));
        atomic_store(&s.put, i + 1);
    }
    for (int i = 0; i < 3; i++)
        pthread_join(reader[i], NULL);
    assert_int_equal(s.missed, 0);
    overlay_free(&s.overlay);
}

static void count(void *context, struct slice value)
{
    uint32_t *n = context;
    char room[16];

    assert_true(slice_eq(value, value_of(*n * 2, room)));
    ++*n;
}

static void values_come_in_their_order(void **state)
{
    struct overlay *o = overlay_new();
    char room[16];
    uint32_t n = 0;

    (void)state;
    for (uint32_t i = 0; i < 1000; i++)
        overlay_put(o, value_of(i, room), i % 2 == 0, PLENTY);
    overlay_each(o, count, &n);
    assert_int_equal(n, 500);
    overlay_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_in_is_found_and_what_is_taken_out_is_gone),
        cmocka_unit_test(clearing_hides_what_lies_below),
        cmocka_unit_test(memory_has_an_end),
        cmocka_unit_test(readers_find_what_was_put_in_before),
        cmocka_unit_test(values_come_in_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/map.h"
#include "common/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct slice key_of(const uint32_t *n)
{
    return (struct slice){(const uint8_t *)n, sizeof(*n)};
}

static void the_cap_holds_and_long_keys_are_refused(void **state)
{
    (void)state;
    struct map *map = map_new(2, 4);
    bool added = false;
    assert_non_null(map_add(map, SLICE_LIT("a"), &added));
    assert_true(added);
    assert_null(map_add(map, SLICE_LIT("longer"), NULL));
    map_add(map, SLICE_LIT("b"), NULL)->u = 7;
    assert_null(map_add(map, SLICE_LIT("c"), NULL));
    assert_int_equal(map_add(map, SLICE_LIT("b"), &added)->u, 7);
    assert_false(added);
    assert_true(map_remove(map, SLICE_LIT("a")));
    assert_false(map_remove(map, SLICE_LIT("a")));
    assert_non_null(map_add(map, SLICE_NONE, NULL));
    assert_non_null(map_find(map, SLICE_NONE));
    map_free(&map);
    assert_null(map);
}

static void a_walk_is_in_order_of_insertion(void **state)
{
    (void)state;
    struct map *map = map_new(1000, 4);
    for (uint32_t i = 0; i < 1000; i++)
        map_add(map, key_of(&i), NULL)->u = i;
    for (uint32_t i = 0; i < 1000; i += 3)
        assert_true(map_remove(map, key_of(&i)));
    uint32_t at = 0;
    uint64_t last = 0;
    uint32_t n = 0;
    struct slice key;
    union map_value *value;
    while (map_next(map, &at, &key, &value)) {
        assert_true(value->u > last && value->u % 3);
        last = value->u;
        n++;
    }
    assert_int_equal(n, map_count(map));
    map_free(&map);
}

static void it_agrees_with_a_plain_array_under_churn(void **state)
{
    (void)state;
    struct map *map = map_new(100, 4);
    bool there[200] = {false};
    uint32_t count = 0;
    uint32_t random = 1;
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525 + 1013904223;
        uint32_t k = (random >> 8) % 200;
        if (random >> 31) {
            assert_int_equal(map_remove(map, key_of(&k)), there[k]);
            count -= there[k];
            there[k] = false;
        } else {
            bool fits = there[k] || count < 100;
            union map_value *v = map_add(map, key_of(&k), NULL);
            assert_int_equal(v != NULL, fits);
            if (v && !there[k]) {
                v->u = k;
                there[k] = true;
                count++;
            }
        }
    }
    for (uint32_t k = 0; k < 200; k++) {
        union map_value *v = map_find(map, key_of(&k));
        assert_int_equal(v != NULL, there[k]);
        if (v)
            assert_int_equal(v->u, k);
    }
    assert_int_equal(map_count(map), count);
    map_clear(map);
    assert_int_equal(map_count(map), 0);
    map_free(&map);
}

static void a_ring_is_bounded_and_in_order(void **state)
{
    (void)state;
    struct ring *ring = ring_new(4);
    int items[8];
    uint32_t pushed = 0;
    while (ring_push(ring, &items[pushed]))
        pushed++;
    assert_int_equal(pushed, 3);
    assert_int_equal(ring_count(ring), 3);
    for (uint32_t i = 0; i < pushed; i++) {
        void *item = NULL;
        assert_true(ring_pop(ring, &item));
        assert_ptr_equal(item, &items[i]);
    }
    void *item = NULL;
    assert_false(ring_pop(ring, &item));
    ring_free(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cap_holds_and_long_keys_are_refused),
        cmocka_unit_test(a_walk_is_in_order_of_insertion),
        cmocka_unit_test(it_agrees_with_a_plain_array_under_churn),
        cmocka_unit_test(a_ring_is_bounded_and_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

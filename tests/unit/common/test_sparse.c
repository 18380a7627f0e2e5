/* SPDX-License-Identifier: Apache-2.0 */
#include "common/slice.h"
#include "common/sparse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MOST = 2048 };

static void what_was_put_is_taken_again(void **state)
{
    static uint8_t was[MOST], room[2 * MOST], now[MOST];
    uint32_t random = 1;

    (void)state;
    for (uint32_t round = 0; round < 4000; round++) {
        uint32_t n = round % MOST, one_in = 1 + round % 9;
        for (uint32_t i = 0; i < n; i++) {
            random = random * 1664525u + 1013904223u;
            was[i] = (random >> 8) % one_in ? 0 : (uint8_t)(random >> 20);
        }
        struct sparse_out out = {room, room + sparse_most(n)};
        sparse_put(&out, was, n);
        assert_ptr_equal(sparse_take(room, now, n), out.at);
        assert_memory_equal(was, now, n);
        assert_ptr_equal(sparse_take(room, NULL, n), out.at);
    }
}

static void zeros_take_next_to_nothing(void **state)
{
    static const uint8_t zeros[500];
    uint8_t room[800];
    struct sparse_out out = {room, room + sizeof(room)};

    (void)state;
    sparse_put(&out, zeros, sizeof(zeros));
    assert_int_equal(out.at - room, 4);
    sparse_put(&out, zeros, 0);
    assert_int_equal(out.at - room, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_taken_again),
        cmocka_unit_test(zeros_take_next_to_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

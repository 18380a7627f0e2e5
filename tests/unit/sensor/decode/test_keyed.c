/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/decode/checksum.h"
#include "sensor/decode/keyed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MOST = 3 * KEYED_BLOCK };

static struct slice some_bytes(uint8_t bytes[MOST])
{
    uint32_t x = 1;

    for (uint32_t i = 0; i < MOST; i++) {
        x = x * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(x >> 24);
    }
    return (struct slice){bytes, MOST};
}

static void both_ways_to_sum_agree_for_every_length(void **state)
{
    static uint8_t bytes[MOST];
    struct slice all = some_bytes(bytes);
    struct keyed key;
    (void)state;

    keyed_init(&key, 7);
    struct keyed plain = key;
    plain.wide = false;
    for (uint32_t len = 0; len <= MOST; len++)
        assert_true(keyed_sum(&key, slice_head(all, len)) ==
                    keyed_sum(&plain, slice_head(all, len)));
}

static void any_other_byte_gives_another_sum(void **state)
{
    static uint8_t bytes[MOST];
    struct slice all = some_bytes(bytes);
    static const uint32_t lens[] = {1, 7, 8, 15, 16, 31, 32, 33, 64, 1023, 1024, 1025, 1460, MOST};
    struct keyed key;
    (void)state;

    keyed_init(&key, 7);
    for (uint32_t k = 0; k < sizeof(lens) / sizeof(lens[0]); k++) {
        struct slice s = slice_head(all, lens[k]);
        uint64_t sum = keyed_sum(&key, s);
        for (uint32_t i = 0; i < s.len; i++) {
            bytes[i] ^= 0x10;
            assert_false(keyed_sum(&key, s) == sum);
            bytes[i] ^= 0x10;
        }
        assert_true(keyed_sum(&key, s) == sum);
    }
}

static void bytes_that_change_places_or_number_give_another_sum(void **state)
{
    uint8_t bytes[64] = {0};
    struct keyed key;
    (void)state;

    keyed_init(&key, 7);
    uint64_t none = keyed_sum(&key, (struct slice){bytes, 40});
    assert_false(keyed_sum(&key, (struct slice){bytes, 41}) == none);
    bytes[3] = 1;
    uint64_t first = keyed_sum(&key, (struct slice){bytes, 64});
    bytes[3] = 0;
    bytes[35] = 1;
    assert_false(keyed_sum(&key, (struct slice){bytes, 64}) == first);
}

static void the_checksum_comes_out_for_every_length_and_place(void **state)
{
    static uint8_t bytes[MOST];
    struct slice all = some_bytes(bytes);
    struct keyed key;
    (void)state;

    keyed_init(&key, 7);
    for (uint32_t len = 0; len <= MOST - 1; len++) {
        struct slice s = slice_head(slice_from(all, len % 2), len);
        for (uint32_t wide = 0; wide < 2; wide++) {
            uint64_t sum = 1;
            key.wide = key.wide && wide;
            (void)keyed_sums(&key, s, KEYED_ALL, &sum);
            assert_int_equal(checksum_fold(sum), checksum_fold(checksum_add(0, s)));
            keyed_init(&key, 7);
        }
    }
}

static void sums_of_the_smallest_and_largest_words_come_out(void **state)
{
    static uint8_t bytes[MOST];
    struct keyed key;
    (void)state;

    keyed_init(&key, 7);
    for (uint32_t len = 0; len <= MOST; len++) {
        struct slice s = {bytes, len};
        uint64_t sum = 1;
        memset(bytes, 0, len);
        (void)keyed_sums(&key, s, KEYED_ALL, &sum);
        assert_int_equal(sum, 0);
        memset(bytes, 0xff, len);
        (void)keyed_sums(&key, s, KEYED_ALL, &sum);
        assert_int_equal(checksum_fold(sum), checksum_fold(checksum_add(0, s)));
    }
}

static void a_hole_is_left_out_of_the_digest_only(void **state)
{
    static const uint32_t lens[] = {28, 31, 32, 33, 64, 100, 1024, 1025, 1460};
    static uint8_t bytes[MOST];
    struct slice all = some_bytes(bytes);
    struct keyed key;
    (void)state;

    keyed_init(&key, 7);
    for (uint32_t k = 0; k < 2 * sizeof(lens) / sizeof(lens[0]); k++) {
        struct slice s = slice_head(all, lens[k / 2]);
        uint32_t hole = k % 2 ? 16 : 6;
        uint64_t before = 0, after = 0;
        uint64_t sum = keyed_sums(&key, s, hole, &before);
        struct keyed plain = key;
        plain.wide = false;
        assert_true(keyed_sums(&plain, s, hole, NULL) == sum);
        for (uint32_t i = 0; i < s.len; i++) {
            bool counts = i != hole && i != hole + 1;
            bytes[i] ^= 0x10;
            assert_int_equal(keyed_sums(&key, s, hole, &after) != sum, counts);
            assert_int_not_equal(checksum_fold(after), checksum_fold(before));
            bytes[i] ^= 0x10;
        }
    }
}

static void another_seed_gives_other_sums(void **state)
{
    struct keyed one, two;
    (void)state;

    keyed_init(&one, 7);
    keyed_init(&two, 8);
    assert_false(keyed_sum(&one, SLICE_LIT("hello")) == keyed_sum(&two, SLICE_LIT("hello")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_to_sum_agree_for_every_length),
        cmocka_unit_test(any_other_byte_gives_another_sum),
        cmocka_unit_test(bytes_that_change_places_or_number_give_another_sum),
        cmocka_unit_test(the_checksum_comes_out_for_every_length_and_place),
        cmocka_unit_test(sums_of_the_smallest_and_largest_words_come_out),
        cmocka_unit_test(a_hole_is_left_out_of_the_digest_only),
        cmocka_unit_test(another_seed_gives_other_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/addrset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct addr addr_of(const char *text)
{
    struct addr addr = {0};
    assert_true(addr_parse(slice_of_str(text), &addr));
    return addr;
}

static int64_t find(const struct addrset *set, const char *text)
{
    struct addr addr = addr_of(text);
    uint32_t payload = 0;
    return addrset_find(set, &addr, &payload) ? (int64_t)payload : -1;
}

static void the_longest_prefix_wins(void **state)
{
    (void)state;
    struct addrset set;
    addrset_init(&set);
    assert_true(addrset_add_text(&set, SLICE_LIT("10.1.2.0/24"), 3));
    assert_true(addrset_add_text(&set, SLICE_LIT("10.0.0.0/8"), 1));
    assert_true(addrset_add_text(&set, SLICE_LIT("10.1.0.0/16"), 2));
    assert_true(addrset_add_text(&set, SLICE_LIT("2001:db8::/32"), 6));
    assert_true(addrset_add_text(&set, SLICE_LIT("255.255.255.255"), 9));
    addrset_freeze(&set);
    assert_int_equal(find(&set, "10.0.0.0"), 1);
    assert_int_equal(find(&set, "10.1.1.255"), 2);
    assert_int_equal(find(&set, "10.1.2.0"), 3);
    assert_int_equal(find(&set, "10.1.2.255"), 3);
    assert_int_equal(find(&set, "10.1.3.0"), 2);
    assert_int_equal(find(&set, "10.255.255.255"), 1);
    assert_int_equal(find(&set, "11.0.0.0"), -1);
    assert_int_equal(find(&set, "9.255.255.255"), -1);
    assert_int_equal(find(&set, "255.255.255.255"), 9);
    assert_int_equal(find(&set, "2001:db8:ffff::1"), 6);
    assert_int_equal(find(&set, "2001:db9::"), -1);
    addrset_fini(&set);
}

static void negated_prefixes_cut_holes(void **state)
{
    (void)state;
    struct addrset set;
    addrset_init(&set);
    addrset_add_text(&set, SLICE_LIT("!10.1.0.0/16"), 0);
    addrset_add_text(&set, SLICE_LIT("10.0.0.0/8"), 1);
    addrset_add_text(&set, SLICE_LIT("192.168.0.0/16"), 1);
    addrset_add_text(&set, SLICE_LIT("!192.168.0.0/16"), 0);
    addrset_freeze(&set);
    assert_int_equal(find(&set, "10.0.0.1"), 1);
    assert_int_equal(find(&set, "10.1.0.1"), -1);
    assert_int_equal(find(&set, "10.2.0.1"), 1);
    assert_int_equal(find(&set, "192.168.1.1"), -1);
    addrset_fini(&set);
}

static void negated_prefixes_alone_mean_everything_but(void **state)
{
    (void)state;
    struct addrset set;
    addrset_init(&set);
    addrset_add_text(&set, SLICE_LIT("! 10.0.0.0/8"), 0);
    addrset_freeze(&set);
    assert_int_equal(find(&set, "10.0.0.1"), -1);
    assert_int_equal(find(&set, "8.8.8.8"), 0);
    assert_int_equal(find(&set, "::1"), 0);
    addrset_fini(&set);
}

static void an_empty_set_has_nothing(void **state)
{
    (void)state;
    struct addrset set;
    addrset_init(&set);
    addrset_freeze(&set);
    assert_int_equal(find(&set, "10.0.0.1"), -1);
    assert_false(addrset_find(&set, &(struct addr){0}, NULL));
    addrset_fini(&set);
}

static void ranges_are_exact_at_both_ends(void **state)
{
    (void)state;
    struct addrset set;
    addrset_init(&set);
    assert_true(addrset_add_text(&set, SLICE_LIT("10.0.0.3 - 10.0.2.200"), 4));
    assert_true(addrset_add_text(&set, SLICE_LIT("0.0.0.0-0.0.0.0"), 5));
    assert_true(addrset_add_text(&set, SLICE_LIT("255.255.255.254-255.255.255.255"), 6));
    assert_true(addrset_add_text(&set, SLICE_LIT("ffff::fffe-ffff::1:1"), 7));
    assert_false(addrset_add_text(&set, SLICE_LIT("10.0.0.9-10.0.0.3"), 4));
    assert_false(addrset_add_text(&set, SLICE_LIT("10.0.0.9-::1"), 4));
    assert_false(addrset_add_text(&set, SLICE_LIT("10.0.0.9/33"), 4));
    addrset_freeze(&set);
    assert_int_equal(find(&set, "10.0.0.2"), -1);
    assert_int_equal(find(&set, "10.0.0.3"), 4);
    assert_int_equal(find(&set, "10.0.1.77"), 4);
    assert_int_equal(find(&set, "10.0.2.200"), 4);
    assert_int_equal(find(&set, "10.0.2.201"), -1);
    assert_int_equal(find(&set, "0.0.0.0"), 5);
    assert_int_equal(find(&set, "0.0.0.1"), -1);
    assert_int_equal(find(&set, "255.255.255.253"), -1);
    assert_int_equal(find(&set, "255.255.255.255"), 6);
    assert_int_equal(find(&set, "ffff::fffd"), -1);
    assert_int_equal(find(&set, "ffff::ffff"), 7);
    assert_int_equal(find(&set, "ffff::1:1"), 7);
    assert_int_equal(find(&set, "ffff::1:2"), -1);
    addrset_fini(&set);
}

static void any_number_of_random_prefixes_agrees_with_a_linear_search(void **state)
{
    (void)state;
    enum { N = 300 };
    struct prefix prefixes[N];
    bool negated[N];
    struct addrset set;
    uint32_t random = 7;
    addrset_init(&set);
    for (uint32_t i = 0; i < N; i++) {
        random = random * 1664525 + 1013904223;
        struct prefix p = {.addr = {.family = 4}, .bits = (uint8_t)(random >> 8) % 17};
        uint32_t mask = p.bits ? ~0U << (32 - p.bits) : 0;
        uint32_t base = (random * 2654435761U) & mask & 0xff0f0000;
        for (int b = 0; b < 4; b++)
            p.addr.b[b] = (uint8_t)(base >> (24 - 8 * b));
        negated[i] = random >> 30 == 0;
        prefixes[i] = p;
        addrset_add(&set, &p, negated[i], i);
    }
    addrset_freeze(&set);
    for (uint32_t i = 0; i < 20000; i++) {
        random = random * 1664525 + 1013904223;
        struct addr a = {.family = 4};
        for (int b = 0; b < 4; b++)
            a.b[b] = (uint8_t)(random >> (24 - 8 * b));
        int64_t best = -1;
        for (uint32_t k = 0; k < N; k++) {
            if (!prefix_has(&prefixes[k], &a))
                continue;
            bool longer = best < 0 || prefixes[k].bits > prefixes[best].bits;
            bool equal = best >= 0 && prefixes[k].bits == prefixes[best].bits;
            if (longer || (equal && (negated[k] || !negated[best])))
                best = k;
        }
        uint32_t payload = 0;
        bool in = addrset_find(&set, &a, &payload);
        assert_int_equal(in, best >= 0 && !negated[best]);
        if (in)
            assert_int_equal(payload, best);
    }
    addrset_fini(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_prefix_wins),
        cmocka_unit_test(negated_prefixes_cut_holes),
        cmocka_unit_test(negated_prefixes_alone_mean_everything_but),
        cmocka_unit_test(an_empty_set_has_nothing),
        cmocka_unit_test(ranges_are_exact_at_both_ends),
        cmocka_unit_test(any_number_of_random_prefixes_agrees_with_a_linear_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { ITEMS = 400, MOST = 4 };

/* Items of one round as one worker gives them: ended flows out of order, then packets. */
static struct item all[ITEMS];

static void make_items(void)
{
    uint32_t n = 0;

    for (; n < 100; n++) { /* flows ended by time, two items each */
        uint32_t flow = n / 2 * 37 % 50;
        all[n] = (struct item){.number = 1000, .order = 1 + flow, .fact = n, .flow_id = flow};
    }
    for (; n < ITEMS; n++) {
        uint32_t packet = (n - 100) / 2;
        all[n] = (struct item){
            .number = 1000 + packet, .of_packet = true, .fact = n, .flow_id = packet % 23};
    }
}

/* Spreads the items by flow, keeping their order within a worker, as dealing by hash does. */
static void merge_with(uint32_t workers, struct merge *merge)
{
    static struct item items[MOST][ITEMS];
    struct round_part part[MOST] = {{0}};
    struct round round = {.part = part};

    for (uint32_t i = 0; i < ITEMS; i++) {
        uint32_t w = (uint32_t)all[i].flow_id % workers;
        items[w][part[w].n_items++] = all[i];
    }
    for (uint32_t w = 0; w < workers; w++)
        part[w].items = items[w];
    assert_int_equal(merge_round(merge, &round, workers), ERR_OK);
}

static void the_order_is_the_same_for_any_number_of_workers(void **state)
{
    (void)state;
    struct merge merge = {0};
    uint32_t one[ITEMS];

    make_items();
    merge_with(1, &merge);
    assert_int_equal(merge.n, ITEMS);
    for (uint32_t i = 0; i < ITEMS; i++)
        one[i] = merge.ref[i].item->fact;
    for (uint32_t workers = 2; workers <= MOST; workers++) {
        merge_with(workers, &merge);
        assert_int_equal(merge.n, ITEMS);
        for (uint32_t i = 0; i < ITEMS; i++)
            assert_int_equal(merge.ref[i].item->fact, one[i]);
    }
    merge_fini(&merge);
}

static void what_time_ended_comes_first_by_the_age_of_its_flow(void **state)
{
    (void)state;
    struct merge merge = {0};

    make_items();
    merge_with(3, &merge);
    for (uint32_t i = 0; i < 100; i++) {
        assert_false(merge.ref[i].item->of_packet);
        assert_int_equal(merge.ref[i].item->order, 1 + i / 2);
    }
    merge_fini(&merge);
}

static void seconds_that_began_before_a_round_keep_their_order(void **state)
{
    (void)state;
    struct item first[] = {{.number = 9, .order = 5, .ts_ns = 1}, {.number = 9, .ts_ns = 2}};
    struct item second[] = {{.number = 9, .order = 2, .ts_ns = 1},
                            {.number = 9, .of_packet = true}};
    struct round_part part[2] = {{.items = first, .n_items = 2}, {.items = second, .n_items = 2}};
    struct round round = {.part = part};
    struct merge merge = {0};

    assert_int_equal(merge_round(&merge, &round, 2), ERR_OK);
    assert_ptr_equal(merge.ref[0].item, &second[0]);
    assert_ptr_equal(merge.ref[1].item, &first[0]);
    assert_ptr_equal(merge.ref[2].item, &first[1]);
    assert_ptr_equal(merge.ref[3].item, &second[1]);
    merge_fini(&merge);
}

static void an_empty_round_is_fine(void **state)
{
    (void)state;
    struct merge merge = {0};
    struct round_part part[2] = {{0}};
    struct round round = {.part = part};

    assert_int_equal(merge_round(&merge, &round, 2), ERR_OK);
    assert_int_equal(merge.n, 0);
    merge_fini(&merge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_is_the_same_for_any_number_of_workers),
        cmocka_unit_test(what_time_ended_comes_first_by_the_age_of_its_flow),
        cmocka_unit_test(seconds_that_began_before_a_round_keep_their_order),
        cmocka_unit_test(an_empty_round_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

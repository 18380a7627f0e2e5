/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

enum { LARGE = 2 << 20 };

static void a_table_is_zeroed_and_begins_at_a_large_page_when_it_fills_one(void **state)
{
    static const size_t sizes[] = {1, 4096, LARGE - 1, LARGE, LARGE + 1, 5 * LARGE};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint8_t *at = pages_new(sizes[i]);
        assert_non_null(at);
        assert_int_equal(at[0] | at[sizes[i] - 1], 0);
        if (sizes[i] >= LARGE)
            assert_int_equal((uintptr_t)at % LARGE, 0);
        memset(at, 1, sizes[i]);
        pages_free(at, sizes[i]);
    }
    pages_free(NULL, 1);
}

static void what_lies_around_a_table_stays(void **state)
{
    (void)state;
    uint8_t *one = pages_new(LARGE), *two = pages_new(LARGE), *three = pages_new(LARGE);

    memset(one, 1, LARGE);
    memset(three, 3, LARGE);
    pages_free(two, LARGE);
    assert_int_equal(one[LARGE - 1], 1);
    assert_int_equal(three[0], 3);
    pages_free(one, LARGE);
    pages_free(three, LARGE);
}

static void the_heap_keeps_what_it_holds(void **state)
{
    (void)state;
    struct pages_heap heap;
    uint8_t *block[64];

    pages_heap_begin(&heap);
    for (int i = 0; i < 64; i++) {
        block[i] = malloc(100 * 1024);
        memset(block[i], i, 100 * 1024);
        pages_heap_look(&heap);
    }
    for (int i = 0; i < 64; i += 2)
        free(block[i]);
    pages_heap_settle(&heap, 0);
    for (int i = 1; i < 64; i += 2) {
        assert_int_equal(block[i][100 * 1024 - 1], i);
        free(block[i]);
    }
    pages_heap_look(&heap);
}

/* The system says of each page whether it is there; one that cannot hand out ahead says no of all.
 */
static void what_shall_be_ready_is_there_before_it_is_used(void **state)
{
    enum { READY = 32 << 20, PAGE = 4096 };
    static unsigned char there[READY / PAGE];
    struct pages_heap heap;
    uint32_t n = 0;

    (void)state;
    pages_heap_begin(&heap);
    char *top = heap.end;
    pages_heap_settle(&heap, READY);
    if (!top)
        return; /* the sanitizers' own heap */
    assert_true(heap.end - top >= READY);
    assert_int_equal(mincore(heap.end - READY, READY, there), 0);
    for (uint32_t i = 0; i < READY / PAGE; i++)
        n += there[i] & 1;
    assert_true(n == READY / PAGE || n == 0);
    char *block = malloc(100 * 1024);
    assert_true(block < heap.end);
    free(block);
    pages_heap_look(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_is_zeroed_and_begins_at_a_large_page_when_it_fills_one),
        cmocka_unit_test(what_lies_around_a_table_stays),
        cmocka_unit_test(the_heap_keeps_what_it_holds),
        cmocka_unit_test(what_shall_be_ready_is_there_before_it_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

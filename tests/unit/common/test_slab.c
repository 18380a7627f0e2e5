/* SPDX-License-Identifier: Apache-2.0 */
#include "common/slab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void objects_do_not_overlap_and_come_back(void **state)
{
    (void)state;
    struct slab slab;
    unsigned char *object[300];

    slab_init(&slab, 40, 0);
    for (int i = 0; i < 300; i++) {
        object[i] = slab_take(&slab);
        memset(object[i], i, 40);
    }
    for (int i = 0; i < 300; i++)
        assert_int_equal(object[i][39], i & 255);
    assert_int_equal(slab.used, 300);
    slab_give(&slab, object[7]);
    assert_ptr_equal(slab_take(&slab), object[7]);
    slab_fini(&slab);
}

static void the_cap_is_kept(void **state)
{
    (void)state;
    struct slab slab;
    unsigned n = 0;

    slab_init(&slab, 64, 64 * 10);
    while (slab_take(&slab))
        n++;
    assert_int_equal(n, 10);
    slab_fini(&slab);
}

/* Its blocks double: at most as much lies idle as is used, beside the first one. */
static void what_is_used_little_takes_little(void **state)
{
    (void)state;
    struct slab slab;

    slab_init(&slab, 16, 0);
    for (uint64_t i = 1; i <= 20000; i++) {
        slab_take(&slab);
        assert_true(slab.made * 16 <= 2 * i * 16 + 4096);
    }
    slab_fini(&slab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_do_not_overlap_and_come_back),
        cmocka_unit_test(the_cap_is_kept),
        cmocka_unit_test(what_is_used_little_takes_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

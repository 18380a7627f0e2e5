/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search for a literal against one that compares every place.
 */
#include "sensor/detect/content.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROUNDS = 20000, LONGEST = 150 };

static uint32_t next(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
}

static int64_t plainly(struct slice in, struct slice what, bool nocase)
{
    for (uint32_t i = 0; i + what.len <= in.len; i++) {
        if (content_at(in.at + i, what, nocase))
            return i;
    }
    return -1;
}

/* Few different bytes, so that literals occur; exactly as long as they are, for sanitizers. */
static uint8_t *draw(uint64_t *seed, uint32_t len, const char *from, uint32_t n)
{
    uint8_t *bytes = malloc(len ? len : 1);

    assert_non_null(bytes);
    for (uint32_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)from[next(seed) % n];
    return bytes;
}

static void a_literal_is_found_at_its_first_place(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct slice in = {NULL, next(&seed) % LONGEST};
        struct slice what = {NULL, 1 + next(&seed) % 6};
        bool nocase = round & 1;
        uint8_t *bytes = draw(&seed, in.len, "abAB1\xc1", 6);
        uint8_t *text = draw(&seed, what.len, "ab1\xe1", 4);
        in.at = bytes;
        what.at = text;
        int64_t expected = plainly(in, what, nocase);
        assert_int_equal(content_find(in, what, content_rare(what), nocase), expected);
        assert_int_equal(content_find(in, what, 0, nocase), expected);
        free(bytes);
        free(text);
    }
}

static void the_rarest_pair_is_inside_the_literal(void **state)
{
    (void)state;
    assert_int_equal(content_rare(slice_of_str("x")), 0);
    assert_int_equal(content_rare(slice_of_str("eezq")), 2);
    assert_int_equal(content_rare(slice_of_str("  #~  ")), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_literal_is_found_at_its_first_place),
        cmocka_unit_test(the_rarest_pair_is_inside_the_literal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

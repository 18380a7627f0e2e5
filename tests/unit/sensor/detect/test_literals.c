/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many literals at once against a search that compares every one at every place.
 */
#include "sensor/detect/literals.h"

#include "sensor/detect/content.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROUNDS = 3000, LITERALS = 12, LONGEST = 200 };

struct found {
    uint64_t sum[LITERALS]; /* of the ends */
    uint32_t n[LITERALS];
};

static uint32_t next(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
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

static void note(void *context, uint32_t id, uint32_t end)
{
    struct found *found = context;

    found->sum[id] += end;
    found->n[id]++;
}

static struct found plainly(const struct literal *list, uint32_t n, struct slice in, uint32_t old)
{
    struct found found = {0};

    for (uint32_t k = 0; k < n; k++) {
        uint32_t len = list[k].text.len;
        for (uint32_t i = 0; i + len <= in.len; i++) {
            if (i + len > old && content_at(in.at + i, list[k].text, list[k].nocase))
                note(&found, k, i + len);
        }
    }
    return found;
}

static void each_place_of_each_literal_is_found(void **state)
{
    uint64_t seed = 1;
    struct literals_usual *usual = literals_usual_new();

    (void)state;
    assert_non_null(usual);
    for (int round = 0; round < ROUNDS; round++) {
        struct literal list[LITERALS];
        uint32_t n = 1 + next(&seed) % LITERALS;
        for (uint32_t k = 0; k < n; k++) {
            uint32_t len = LITERAL_SHORTEST + next(&seed) % 9;
            list[k].text = (struct slice){draw(&seed, len, round & 1 ? "ab1" : "ax\0", 3), len};
            list[k].nocase = next(&seed) & 1;
        }
        uint32_t len = next(&seed) % LONGEST;
        struct slice in = {draw(&seed, len, round & 1 ? "abAB1" : "aXx\0", round & 1 ? 5 : 4), len};
        uint32_t old = next(&seed) % 20;
        struct literals *l = literals_new(usual, list, n);
        struct found found = {0}, expected = plainly(list, n, in, old);
        assert_non_null(l);
        literals_scan(l, in, old, note, &found);
        assert_memory_equal(&found, &expected, sizeof(found));
        literals_free(&l);
        free((void *)(uintptr_t)in.at);
        for (uint32_t k = 0; k < n; k++)
            free((void *)(uintptr_t)list[k].text.at);
    }
    literals_usual_free(&usual);
}

static void what_everybody_says_is_less_rare_than_a_name(void **state)
{
    struct literals_usual *usual = literals_usual_new();

    (void)state;
    assert_non_null(usual);
    assert_true(literals_rarity(usual, SLICE_LIT("User-Agent: Mozilla/5.0")) <
                literals_rarity(usual, SLICE_LIT("Zx9Kq_bot")));
    assert_true(literals_rarity(usual, SLICE_LIT("\0\0\0\0\0\0\0\0")) < LITERAL_COMMON);
    assert_true(literals_rarity(usual, SLICE_LIT("MSG ")) < LITERAL_COMMON);
    literals_usual_free(&usual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_place_of_each_literal_is_found),
        cmocka_unit_test(what_everybody_says_is_less_rare_than_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

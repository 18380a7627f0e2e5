/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many literals at once against a search that compares every one at every place.
 */
#include "sensor/detect/literals.h"

#include "sensor/detect/content.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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
        struct literals_maker maker = {
            .usual = usual, .narrow = round % 3 == 1, .many = round % 3 ? UINT32_MAX : 1};
        struct literals *l = literals_new(&maker, list, n);
        struct literals_scratch *scratch = literals_scratch_new();
        struct found found = {0}, expected = plainly(list, n, in, old);
        assert_non_null(l);
        assert_non_null(scratch);
        assert_true(literals_scratch_fit(scratch, l));
        literals_scan(l, scratch, in, old, note, &found);
        assert_memory_equal(&found, &expected, sizeof(found));
        literals_scratch_free(&scratch);
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

/* Builds the set with this cache; returns whether it came from there. */
static bool made_from_cache(const struct literals_usual *usual, const char *dir)
{
    const struct literal list[] = {{SLICE_LIT("xq7 first"), false},
                                   {SLICE_LIT("zw9_second"), true}};
    struct literals_maker maker = {.usual = usual, .cache = dir, .many = 1};
    struct literals *l = literals_new(&maker, list, 2);
    struct literals_scratch *scratch = literals_scratch_new();
    struct found found = {0};

    assert_non_null(l);
    assert_non_null(scratch);
    assert_true(literals_scratch_fit(scratch, l));
    literals_scan(l, scratch, SLICE_LIT("a xq7 first, a ZW9_second"), 0, note, &found);
    assert_int_equal(found.n[0] + found.n[1], 2);
    literals_scratch_free(&scratch);
    literals_free(&l);
    assert_int_equal(maker.cached + maker.compiled, 1);
    return maker.cached;
}

/* The one file of the folder. */
static void only_file(const char *dir, char path[1024])
{
    DIR *d = opendir(dir);

    assert_non_null(d);
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        if (e->d_name[0] != '.')
            snprintf(path, 1024, "%s/%s", dir, e->d_name);
    }
    closedir(d);
}

static void a_cached_set_that_was_cut_or_altered_is_built_anew(void **state)
{
    char dir[] = "/tmp/tramgac-literals.XXXXXX", path[1024] = "";
    struct literals_usual *usual = literals_usual_new();

    (void)state;
    assert_non_null(usual);
    assert_non_null(mkdtemp(dir));
    assert_false(made_from_cache(usual, dir));
    assert_true(made_from_cache(usual, dir));
    only_file(dir, path);
    assert_int_equal(truncate(path, 700), 0);
    assert_false(made_from_cache(usual, dir));
    assert_true(made_from_cache(usual, dir));
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    assert_int_equal(fseek(f, 300, SEEK_SET), 0);
    int c = fgetc(f);
    assert_int_equal(fseek(f, 300, SEEK_SET), 0);
    fputc(c ^ 1, f);
    fclose(f);
    assert_false(made_from_cache(usual, dir));
    assert_true(made_from_cache(usual, dir));
    unlink(path);
    rmdir(dir);
    literals_usual_free(&usual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_place_of_each_literal_is_found),
        cmocka_unit_test(what_everybody_says_is_less_rare_than_a_name),
        cmocka_unit_test(a_cached_set_that_was_cut_or_altered_is_built_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

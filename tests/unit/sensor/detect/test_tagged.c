/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits of what `tag` keeps: of one host, of all, and in time.
 */
#include "detect_kit.h"
#include "sensor/detect/tagged.h"

#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct tag of_source = {TAG_PACKETS, TAG_SRC, 3, NULL};

static struct addr host(uint32_t i)
{
    struct addr a = {.family = 4, .b = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};

    return a;
}

static void hit(struct tagged *t, uint32_t sid, const struct addr *src, uint64_t s)
{
    static const struct addr none;
    struct rule rule = {.info = {.gid = 1, .sid = sid}, .tags = &of_source};

    tagged_hit(t, &rule, &(struct tagged_packet){s * CLOCK_S, 0, src, &none, 0});
}

static bool takes(struct tagged *t, const struct addr *src, uint64_t s)
{
    static const struct addr none;

    return tagged_take(t, &(struct tagged_packet){s * CLOCK_S, 7, src, &none, 60});
}

static void the_packet_that_was_hit_is_counted_and_not_kept(void **state)
{
    struct tagged *t = tagged_new();
    struct addr a = host(1), b = host(2);

    (void)state;
    hit(t, 1, &a, 1);
    assert_false(takes(t, &a, 1));
    assert_false(takes(t, &b, 1));
    assert_true(takes(t, &a, 1));
    assert_true(takes(t, &a, 1));
    assert_false(takes(t, &a, 1));
    assert_false(takes(t, &a, 1));
    tagged_free(&t);
}

static void a_host_has_so_many_tags(void **state)
{
    static const struct addr none;
    static const struct tag longer = {TAG_PACKETS, TAG_SRC, 10, NULL};
    struct rule one_more = {.info = {.gid = 1, .sid = TAGS_PER_END + 1}, .tags = &longer};
    struct tagged *t = tagged_new();
    struct addr a = host(1);

    (void)state;
    for (uint32_t sid = 1; sid <= TAGS_PER_END; sid++)
        hit(t, sid, &a, 1);
    tagged_hit(t, &one_more, &(struct tagged_packet){CLOCK_S, 0, &a, &none, 0});
    assert_false(takes(t, &a, 1));
    assert_true(takes(t, &a, 1));
    assert_true(takes(t, &a, 1));
    assert_false(takes(t, &a, 1));
    assert_int_equal(tagged_lost(t), 0);
    tagged_free(&t);
}

static void the_longest_silent_gives_way(void **state)
{
    struct tagged *t = tagged_new();
    struct addr first = host(0), last = host(TAGS_MAX);

    (void)state;
    for (uint32_t i = 0; i <= TAGS_MAX; i++) {
        struct addr a = host(i);
        hit(t, 1, &a, 1);
    }
    assert_int_equal(tagged_lost(t), 1);
    takes(t, &first, 1);
    takes(t, &last, 1);
    assert_false(takes(t, &first, 1));
    assert_true(takes(t, &last, 1));
    tagged_free(&t);
}

static void a_silent_host_is_forgotten(void **state)
{
    struct tagged *t = tagged_new();
    struct addr a = host(1);

    (void)state;
    hit(t, 1, &a, 1);
    assert_false(takes(t, &a, 1));
    assert_false(takes(t, &a, 2 + TAG_SILENCE_S));
    tagged_free(&t);
}

/* What the sensor says of a tag. */
static bool accepted(const char *tag)
{
    struct kit kit;
    char text[160];

    snprintf(text, sizeof(text), "alert udp any any -> any any (%s; sid:1;)\n", tag);
    assert_true(kit_open(&kit, text));
    bool ok = ruleset_rules(kit.rules) == 1;
    kit_close(&kit);
    return ok;
}

static void forms_are_those_of_the_reference(void **state)
{
    static const char *const good[] = {"tag:session",
                                       "tag:host",
                                       "tag: host , 5 , bytes , dst",
                                       "tag:session,0,packets",
                                       "tag:session,3,seconds,src",
                                       "tag:host,4294967295,bytes"};
    static const char *const bad[] = {"tag:host,src",
                                      "tag:session,3",
                                      "tag:session,packets,3",
                                      "tag:host,3,packets,both",
                                      "tag:Host",
                                      "tag:host,3,PACKETS",
                                      "tag:host,4294967296,bytes",
                                      "tag:host,3,bytes,src,dst"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(accepted(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(accepted(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_packet_that_was_hit_is_counted_and_not_kept),
        cmocka_unit_test(a_host_has_so_many_tags),
        cmocka_unit_test(the_longest_silent_gives_way),
        cmocka_unit_test(a_silent_host_is_forgotten),
        cmocka_unit_test(forms_are_those_of_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

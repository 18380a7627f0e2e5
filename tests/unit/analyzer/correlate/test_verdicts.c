/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts on twins against verdicts on the same lines without families. */
#include "analyzer/correlate/verdicts.h"
#include "analyzer/normalise/normalise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LINES = 3000, RULES = 9 };

static const char rules[] =
    "title: of a signature\nlogsource: {category: alert}\ndetection:\n  a: "
    "{alert.signature|contains: "
    "X}\n  condition: a\n---\n"
    "title: of a source port\nlogsource: {category: alert}\ndetection:\n  a: {src_port|gt: 30000}\n"
    "  condition: a\n---\n"
    "title: of our source port\nlogsource: {category: alert}\ndetection:\n  a: {src.port: 3}\n"
    "  condition: not a\n---\n"
    "title: of a destination port\nlogsource: {category: alert}\ndetection:\n  a: {dest_port: "
    "502}\n"
    "  condition: a\n---\n"
    "title: of a flow\nlogsource: {category: alert}\ndetection:\n  a: {flow.pkts_toserver|gte: 5}\n"
    "  condition: a\n---\n"
    "title: any text\nlogsource: {category: alert}\ndetection:\n  a: ['*77*']\n  condition: "
    "a\n---\n"
    "title: of a time\nlogsource: {category: alert}\ndetection:\n  a: {timestamp|minute: 7}\n"
    "  condition: a\n---\n"
    "title: two fields\nlogsource: {category: alert}\ndetection:\n  a: {dest_port|fieldref: "
    "src_port}\n  condition: a\n---\n"
    "title: no such field\nlogsource: {category: alert}\ndetection:\n  a: {flow_id: null}\n"
    "  condition: a\n";

static void make_line(unsigned *seed, char *line, size_t size)
{
    static const unsigned ports[] = {3, 502, 503, 40000};
    unsigned src = (unsigned)rand_r(seed), dst = (unsigned)rand_r(seed);

    snprintf(line, size,
             "{\"timestamp\":\"2026-11-20T10:%02d:00Z\",\"flow_id\":%d,\"event_type\":\"alert\","
             "\"src_ip\":\"10.0.0.%d\",\"src_port\":%u,\"dest_ip\":\"10.9.0.1\",\"dest_port\":%u,"
             "\"alert\":{\"signature_id\":1,\"signature\":\"%s\"},"
             "\"flow\":{\"pkts_toserver\":%d}}",
             rand_r(seed) % 9, rand_r(seed) % 99, rand_r(seed) % 3, ports[src % 4], ports[dst % 4],
             rand_r(seed) % 2 ? "X" : "Y", rand_r(seed) % 9);
}

static void twins_are_judged_as_if_each_were_alone(void **state)
{
    (void)state;
    struct sigma_set set;
    struct sigma_view view;
    unsigned seed = 1;
    uint64_t counters[NORMALISE_COUNTERS] = {0}, fitted[RULES] = {0};

    sigma_init(&set);
    sigma_parse_text(&set, "t.yml", slice_of_str(rules));
    sigma_freeze(&set);
    assert_int_equal(set.n_rules, RULES);
    sigma_match_init(&view, &set);
    struct verdicts *with = verdicts_new(&set), *without = verdicts_new(&set);
    for (uint32_t batches = 0; batches < 4; batches++) {
        struct twins twins = {0};
        struct batch batch;
        batch_init_for(&batch, LINES);
        verdicts_begin(with);
        for (uint32_t i = 0; i < LINES; i++) {
            struct record_id id = {"s", "t", 1, 2, i};
            char line[512];
            make_line(&seed, line, sizeof(line));
            struct record *r = normalise_next(&twins, &batch, &id, 1, slice_of_str(line), counters);
            assert_non_null(r);
            struct record alone = *r;
            alone.twin = NULL;
            const uint32_t *a, *b;
            uint32_t n = verdicts_of(with, &view, r, &a);
            assert_int_equal(verdicts_of(without, &view, &alone, &b), n);
            for (uint32_t k = 0; k < n; k++) {
                assert_int_equal(a[k], b[k]);
                fitted[a[k]]++;
            }
        }
        batch_fini(&batch);
    }
    assert_true(counters[NORMALISE_TWINS] > LINES);
    for (uint32_t i = 0; i + 1 < RULES; i++)
        assert_in_range(fitted[i], 1, 4 * LINES - 1);
    verdicts_free(&with);
    verdicts_free(&without);
    sigma_match_fini(&view);
    sigma_fini(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(twins_are_judged_as_if_each_were_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

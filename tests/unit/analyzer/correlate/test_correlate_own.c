/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Correlation types of our own, absences, filters, and what --strict-pysigma refuses.
 */
#include "sigma_case.h"

#include "analyzer/correlate/correlate.h"

#include <stdlib.h>

#define A                                                                                          \
    "title: a\nname: a\nlogsource: {product: tramgac}\ndetection: {s: {a: 1}, condition: "         \
    "s}\n---\n"
#define B                                                                                          \
    "title: b\nname: b\nlogsource: {product: tramgac}\ndetection: {s: {b: 1}, condition: "         \
    "s}\n---\n"

struct machine {
    struct sigma_set set;
    struct correlator *c;
    uint64_t counters[CORRELATE_COUNTERS];
    struct batch batch;
    uint64_t at_s[64];
    double values[64];
    uint32_t n;
};

static void note(void *ctx, const struct corr_hit *hit)
{
    struct machine *m = ctx;

    if (!hit->rule->correlation || m->n == 64)
        return;
    m->values[m->n] = hit->value;
    m->at_s[m->n++] = hit->ts_ns / CLOCK_S;
}

static void init(struct machine *m, const char *rules, bool strict)
{
    struct correlate_limits limits = {100, 4096, 3600 * CLOCK_S, 60 * CLOCK_S};

    memset(m, 0, sizeof(*m));
    sigma_init(&m->set);
    m->set.strict = strict;
    sigma_parse_text(&m->set, "t", slice_of_str(rules));
    sigma_freeze(&m->set);
    m->c = correlate_new(&m->set, limits, m->counters);
    batch_init(&m->batch);
}

static void fini(struct machine *m)
{
    correlate_free(&m->c);
    sigma_fini(&m->set);
    batch_fini(&m->batch);
}

static struct record *give(struct machine *m, uint64_t ts_s, const char *eve)
{
    struct record *r = case_record(&m->batch, eve);
    r->ts_ns = ts_s * CLOCK_S;
    return r;
}

static void flush(struct machine *m)
{
    correlate_batch(m->c, &m->batch, note, m);
    batch_clear(&m->batch);
}

static void a_new_term_is_told_each_time_once_enough_is_known(void **state)
{
    (void)state;
    struct machine m;
    char eve[64];

    init(&m,
         A "title: x\nname: x\ncorrelation: {type: new_terms, rules: [a], group-by: [u], "
           "timespan: 1000s, condition: {field: v, gte: 2}}\n",
         false);
    static const int values[] = {1, 1, 2, 1, 3, 3, 4, 2};
    for (uint32_t i = 0; i < 8; i++) {
        snprintf(eve, sizeof(eve), "{\"u\":\"x\",\"a\":1,\"v\":%d}", values[i]);
        give(&m, 10 + i, eve);
        flush(&m);
    }
    assert_int_equal(m.n, 2); /* 3 and 4: by then two, three values were known */
    assert_int_equal(m.at_s[0], 14);
    assert_int_equal(m.at_s[1], 16);
    give(&m, 2000, "{\"u\":\"x\",\"a\":1,\"v\":1}"); /* all is forgotten */
    flush(&m);
    assert_int_equal(m.n, 2);
    fini(&m);
}

static void risk_adds_up_fades_and_repeats_count_less(void **state)
{
    (void)state;
    struct machine m;

    init(&m,
         A "title: x\nname: x\ncorrelation: {type: risk, rules: [a], group-by: [u], "
           "timespan: 4000s, condition: {gte: 20}}\n",
         false);
    for (uint32_t i = 0; i < 40; i++) { /* one rule again and again: 12 x pi^2/6 < 20 */
        struct record *r = give(&m, 100, "{\"u\":\"x\",\"a\":1}");
        r->is_alert = true;
        r->severity = SEVERITY_HIGH;
        r->alert.sid = 5;
    }
    flush(&m);
    assert_int_equal(m.n, 0);
    struct record *r = give(&m, 3100, "{\"u\":\"x\",\"a\":1}"); /* three half-lives: 2.4 + 12 */
    r->is_alert = true;
    r->severity = SEVERITY_HIGH;
    r->alert.sid = 6;
    flush(&m);
    assert_int_equal(m.n, 0);
    r = give(&m, 3101, "{\"u\":\"x\",\"a\":1}"); /* another rule */
    r->is_alert = true;
    r->severity = SEVERITY_HIGH;
    r->alert.sid = 7;
    flush(&m);
    assert_int_equal(m.n, 1);
    assert_true(m.values[0] > 26 && m.values[0] < 27);
    fini(&m);
}

static uint32_t beacon_hits(bool regular)
{
    struct machine m;
    char eve[96];
    uint64_t t = 1000;
    uint64_t seed = 7;

    init(&m,
         A "title: x\nname: x\ncorrelation: {type: beacon, rules: [a], group-by: [u], "
           "timespan: 24h, condition: {field: v, gte: 0.8}}\n",
         false);
    for (uint32_t i = 0; i < 280; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        uint32_t random = (uint32_t)(seed >> 40);
        t += regular ? 300 + random % 5 : 1 + random % 12 * (random % 97) / 2;
        snprintf(eve, sizeof(eve), "{\"u\":\"x\",\"a\":1,\"v\":%u}",
                 regular ? 120 : random % 5000 * (random % 7));
        give(&m, t, eve);
        flush(&m);
    }
    uint32_t n = m.n;
    fini(&m);
    return n;
}

static void a_beacon_is_told_from_a_person(void **state)
{
    (void)state;
    assert_true(beacon_hits(true) >= 1);
    assert_int_equal(beacon_hits(false), 0);
}

static void an_absence_is_decided_when_the_window_is_over(void **state)
{
    (void)state;
    struct machine m;

    init(&m,
         A B "title: x\nname: x\ncorrelation: {type: temporal, rules: [a, b], group-by: [u], "
             "timespan: 10s, condition: a and not b}\n",
         false);
    assert_int_equal(m.set.n_faults, 0);
    give(&m, 100, "{\"u\":\"answered\",\"a\":1}");
    give(&m, 100, "{\"u\":\"left\",\"a\":1}");
    give(&m, 105, "{\"u\":\"answered\",\"b\":1}");
    flush(&m);
    assert_int_equal(m.n, 0); /* b may still come */
    give(&m, 111, "{\"u\":\"other\",\"b\":1}");
    flush(&m);
    assert_int_equal(m.n, 1);
    assert_int_equal(m.at_s[0], 110);
    fini(&m);
}

static void a_filter_narrows_the_rules_it_names(void **state)
{
    (void)state;
    struct machine m;

    init(&m,
         A B "title: f\nlogsource: {product: tramgac}\n"
             "filter: {rules: [a], known: {u: scanner}, condition: not known}\n---\n"
             "title: g\nlogsource: {product: tramgac}\n"
             "filter: {rules: [nobody], s: {u: x}, condition: not s}\n---\n"
             "title: x\nname: x\ncorrelation: {type: event_count, rules: [a, b], group-by: "
             "[u], timespan: 10s, condition: {gte: 1}}\n",
         false);
    assert_int_equal(m.set.n_filters, 2);
    assert_int_equal(m.set.n_faults, 1); /* nobody */
    give(&m, 100, "{\"u\":\"scanner\",\"a\":1}");
    give(&m, 101, "{\"u\":\"else\",\"a\":1}");
    give(&m, 120, "{\"u\":\"scanner\",\"b\":1}");
    flush(&m);
    assert_int_equal(m.n, 2);
    assert_int_equal(m.at_s[0], 101);
    assert_int_equal(m.at_s[1], 120);
    fini(&m);
}

static void strictness_refuses_what_pysigma_refuses(void **state)
{
    (void)state;
    static const char rules[] =
        A "title: x\nname: x\ncorrelation: {type: event_count, rules: [a], group-by: [u], "
          "timespan: 10s, condition: {gt: 1, lte: 9}}\n---\n"
          "title: y\nname: y\ncorrelation: {type: risk, rules: [a], group-by: [u], timespan: 10s, "
          "condition: {gte: 9}}\n";
    struct machine m;

    init(&m, rules, false);
    assert_int_equal(m.set.n_faults, 0);
    fini(&m);
    init(&m, rules, true);
    assert_int_equal(m.set.n_faults, 2);
    fini(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_term_is_told_each_time_once_enough_is_known),
        cmocka_unit_test(risk_adds_up_fades_and_repeats_count_less),
        cmocka_unit_test(a_beacon_is_told_from_a_person),
        cmocka_unit_test(an_absence_is_decided_when_the_window_is_over),
        cmocka_unit_test(a_filter_narrows_the_rules_it_names),
        cmocka_unit_test(strictness_refuses_what_pysigma_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/dedup/dedup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define HOUR UINT64_C(3600000000000)

struct fixture {
    struct conf *conf;
    struct dedup *dedup;
    struct batch batch;
    uint64_t counters[DEDUP_COUNTERS];
};

static struct fixture fixture;

static int start(void **state)
{
    memset(fixture.counters, 0, sizeof(fixture.counters));
    fixture.conf = conf_new();
    conf_add(fixture.conf, dedup_options);
    fixture.dedup = dedup_new(fixture.conf, 1);
    batch_init(&fixture.batch);
    *state = &fixture;
    return 0;
}

static int finish(void **state)
{
    struct fixture *f = *state;
    dedup_free(&f->dedup);
    batch_fini(&f->batch);
    conf_free(&f->conf);
    return 0;
}

static struct record *alert(struct fixture *f, int64_t sid, const char *src, uint64_t ts)
{
    struct record *r = batch_add(&f->batch);
    r->kind = RECORD_ALERT;
    r->is_alert = true;
    r->event_type = "alert";
    r->ts_ns = ts;
    r->alert.gid = 1;
    r->alert.sid = sid;
    strcpy(r->src.addr_text, src);
    strcpy(r->dst.addr_text, "10.0.0.9");
    return r;
}

static void admit(struct fixture *f)
{
    dedup_batch(f->dedup, &f->batch, f->counters);
}

static void alerts_of_one_kind_and_pair_are_one_group(void **state)
{
    struct fixture *f = *state;
    uint32_t n;
    alert(f, 1, "10.0.0.1", HOUR)->severity = SEVERITY_LOW;
    alert(f, 1, "10.0.0.1", HOUR + 5)->severity = SEVERITY_HIGH;
    alert(f, 1, "10.0.0.2", HOUR);
    alert(f, 2, "10.0.0.1", HOUR);
    admit(f);
    const struct group_add *g = dedup_groups(f->dedup, &n);
    assert_int_equal(n, 3);
    assert_int_equal(g[0].n, 2);
    assert_int_equal(g[0].severity, SEVERITY_HIGH);
    assert_int_equal(g[0].last_ns, HOUR + 5);
    assert_int_equal(g[0].newest->event_id, 2);
    assert_true(f->batch.records[0].group_is_new);
    assert_false(f->batch.records[1].group_is_new);
}

static void a_storm_is_counted_and_its_rows_are_sampled(void **state)
{
    struct fixture *f = *state;
    uint32_t n;
    for (int round = 0; round < 10; round++) {
        batch_clear(&f->batch);
        for (int i = 0; i < 1000; i++)
            alert(f, 1, "10.0.0.1", HOUR + (uint64_t)i);
        admit(f);
        const struct group_add *g = dedup_groups(f->dedup, &n);
        assert_int_equal(n, 1);
        assert_int_equal(g->n, 1000);
        assert_int_equal(g->hour_n, 1000);
        dedup_sparks(f->dedup, &n);
        assert_int_equal(n, 0);
    }
    /* 20, then 32 64 ... 8192 */
    assert_int_equal(f->counters[DEDUP_ALERTS] - f->counters[DEDUP_SAMPLED_OUT], 20 + 9);
    batch_clear(&f->batch);
    struct record *r = alert(f, 1, "10.0.0.1", 2 * HOUR); /* a new hour: rows again */
    admit(f);
    assert_false(r->sampled_out);
    assert_int_equal(r->event_id, 30);
}

static void hours_of_a_group_beside_its_first_are_told_apart(void **state)
{
    struct fixture *f = *state;
    uint32_t n;
    for (uint64_t i = 0; i < 10; i++)
        alert(f, 1, "10.0.0.1", (3 - i % 3) * HOUR + i);
    admit(f);
    const struct group_add *g = dedup_groups(f->dedup, &n);
    assert_int_equal(g->hour_ns, 3 * HOUR);
    assert_int_equal(g->hour_n, 4);
    const struct spark_add *s = dedup_sparks(f->dedup, &n);
    assert_int_equal(n, 2);
    assert_int_equal(s[0].hour_ns, 2 * HOUR);
    assert_int_equal(s[0].n + s[1].n, 6);
}

static void of_alerts_that_say_the_same_the_first_row_is_kept(void **state)
{
    struct fixture *f = *state;
    uint32_t n;
    for (uint64_t i = 0; i < 12; i++)
        alert(f, 1, "10.0.0.1", HOUR + i)->content = 77 + i / 6;
    admit(f);
    assert_int_equal(dedup_groups(f->dedup, &n)->n, 12);
    assert_int_equal(dedup_groups(f->dedup, &n)->n_same, 10);
    for (uint32_t i = 0; i < 12; i++)
        assert_int_equal(f->batch.records[i].sampled_out, i % 6 != 0);
}

static void after_undo_the_same_batch_is_admitted_alike(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 30; i++)
        alert(f, 1, "10.0.0.1", HOUR);
    admit(f);
    int64_t first[30];
    for (int i = 0; i < 30; i++)
        first[i] = f->batch.records[i].event_id;
    dedup_undo(f->dedup);
    admit(f);
    for (int i = 0; i < 30; i++)
        assert_int_equal(f->batch.records[i].event_id, first[i]);
}

static void rollups_count_everything_by_minute_type_and_severity(void **state)
{
    struct fixture *f = *state;
    uint32_t n;
    int64_t sum = 0;
    for (int i = 0; i < 10; i++) {
        struct record *r = batch_add(&f->batch);
        r->ts_ns = (uint64_t)i * 20000000000;
        r->event_type = i % 2 ? "dns" : "stats";
        r->kind = RECORD_TX;
    }
    admit(f);
    const struct rollup *rows = dedup_rollups(f->dedup, &n);
    assert_int_equal(n, 7); /* four minutes, two types, the last minute one */
    for (uint32_t i = 0; i < n; i++) {
        sum += rows[i].n;
        assert_int_equal(rows[i].severity, -1);
    }
    assert_int_equal(sum, 10);
    assert_int_equal(f->counters[DEDUP_NOT_KEPT], 5); /* stats */
}

#define T(test) cmocka_unit_test_setup_teardown(test, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(alerts_of_one_kind_and_pair_are_one_group),
        T(a_storm_is_counted_and_its_rows_are_sampled),
        T(hours_of_a_group_beside_its_first_are_told_apart),
        T(of_alerts_that_say_the_same_the_first_row_is_kept),
        T(after_undo_the_same_batch_is_admitted_alike),
        T(rollups_count_everything_by_minute_type_and_severity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

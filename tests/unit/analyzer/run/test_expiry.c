/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/run/expiry.h"
#include "analyzer/store/db_events.h"
#include "analyzer/store/db_groups.h"
#include "common/clock.h"
#include "common/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DAY (86400 * CLOCK_S)

static void add(struct store *store, struct batch *batch, int64_t id, enum record_kind kind)
{
    struct record *r = batch_add(batch);
    r->event_id = id;
    r->kind = kind;
    r->ts_ns = 1; /* long ago: it is the arrival that counts */
    assert_int_equal(db_events_put(store, r, 1), ERR_OK);
    if (kind != RECORD_ALERT)
        return;
    r->group_id = id;
    r->is_alert = true;
    struct group_add sum = {r, SEVERITY_LOW, 1, 1, 1, 1};
    assert_int_equal(db_groups_add(store, &sum, 1), ERR_OK);
}

static void tick_often(struct expiry *expiry, struct store *store, uint64_t now)
{
    for (uint64_t i = 1; i < 50; i++)
        assert_int_equal(expiry_tick(expiry, store, now, now + i * 1000 * CLOCK_S), ERR_OK);
}

static uint32_t count(struct store *store)
{
    struct events_query all = {.limit = 1000};
    struct event_row *rows;
    struct arena arena;
    uint32_t n = 0;
    arena_init(&arena, 4096, 0);
    assert_int_equal(db_events_list(store, &all, &arena, &rows, &n), ERR_OK);
    arena_fini(&arena);
    return n;
}

static void each_class_goes_its_own_time_after_it_arrived(void **state)
{
    (void)state;
    char dir[] = "/tmp/tramgac-expiry-XXXXXX", fault[256], command[64];
    struct strbuf report;
    struct store *store;
    struct batch batch;
    int64_t groups, alerts;
    const uint64_t start = 20000 * DAY;
    strbuf_init(&report, 4096);
    batch_init(&batch);
    assert_non_null(mkdtemp(dir));
    struct conf *conf = conf_new();
    conf_add(conf, expiry_options);
    conf_set(conf, "retention.alerts=10d", &report);
    conf_set(conf, "retention.flows=2d", &report);
    conf_set(conf, "retention.transactions=5d", &report);
    assert_int_equal(store_open_at("sqlite", dir, &store, fault, sizeof(fault)), ERR_OK);
    struct expiry *expiry = expiry_new(conf);
    tick_often(expiry, store, start);
    add(store, &batch, 1, RECORD_ALERT);
    add(store, &batch, 2, RECORD_FLOW);
    add(store, &batch, 3, RECORD_TX);
    tick_often(expiry, store, start + DAY); /* notes: up to 3 had come before this day */
    add(store, &batch, 4, RECORD_FLOW);
    assert_int_equal(count(store), 4);
    tick_often(expiry, store, start + 3 * DAY);
    assert_int_equal(count(store), 3); /* flow 2; flow 4 came a day later */
    tick_often(expiry, store, start + 6 * DAY);
    assert_int_equal(count(store), 1); /* only the alert */
    struct groups_query every = {0};
    assert_int_equal(db_groups_count(store, &every, &groups, &alerts), ERR_OK);
    assert_int_equal(groups, 1);
    tick_often(expiry, store, start + 11 * DAY);
    assert_int_equal(count(store), 0);
    assert_int_equal(db_groups_count(store, &every, &groups, &alerts), ERR_OK);
    assert_int_equal(groups, 0);
    expiry_free(&expiry);
    store_close(&store);
    conf_free(&conf);
    batch_fini(&batch);
    strbuf_fini(&report);
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_class_goes_its_own_time_after_it_arrived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

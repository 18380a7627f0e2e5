/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One suite for every store engine. Each test gets an empty store of the engine under test.
 */
#include "analyzer/store/db_audit.h"
#include "analyzer/store/db_checkpoints.h"
#include "analyzer/store/db_days.h"
#include "analyzer/store/db_devices.h"
#include "analyzer/store/db_events.h"
#include "analyzer/store/db_groups.h"
#include "analyzer/store/db_incidents.h"
#include "analyzer/store/db_outbox.h"
#include "analyzer/store/db_rollups.h"
#include "analyzer/store/db_sensors.h"
#include "analyzer/store/db_users.h"
#include "analyzer/store/sql.h"
#include "common/clock.h"
#include "tests/contract/analyzer/fixture.h"

static void a_rolled_back_batch_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct event_row row;
    OK(store_begin(f->store));
    OK(db_events_put(f->store, alert(f, 1, 5, 100), 1));
    OK(db_events_get(f->store, 1, &f->arena, &row)); /* own writes are seen */
    store_rollback(f->store);
    assert_int_equal(db_events_get(f->store, 1, &f->arena, &row), ERR_NOTFOUND);
}

static void another_connection_sees_only_what_was_committed(void **state)
{
    struct fixture *f = *state;
    struct store *other;
    struct event_row row;
    OK(store_again(f->store, &other));
    OK(store_begin(f->store));
    OK(db_events_put(f->store, alert(f, 1, 5, 100), 1));
    assert_int_equal(db_events_get(other, 1, &f->arena, &row), ERR_NOTFOUND);
    OK(store_commit(f->store));
    OK(db_events_get(other, 1, &f->arena, &row));
    assert_string_equal(row.dst_name, "Trạm bơm Cái Khế");
    assert_int_equal(row.flow_id, 77);
    store_close(&other);
}

static void events_are_found_by_group_host_flow_kind_and_text(void **state)
{
    struct fixture *f = *state;
    struct event_row *rows;
    uint32_t n;
    for (int64_t i = 1; i <= 5; i++) {
        struct record *r = alert(f, i, i % 2 ? 5 : 6, (uint64_t)i * 100);
        struct group_add sum = {r, r->severity, r->ts_ns, r->ts_ns, 1, 1, 0};
        r->kind = i == 5 ? RECORD_FLOW : RECORD_ALERT;
        r->group_id = i == 5 ? 0 : r->group_id;
        OK(db_events_put(f->store, r, 1));
        if (r->group_id) /* alerts are found through it */
            OK(db_groups_add(f->store, &sum, 1));
    }
    struct events_query by_group = {.group_id = 5, .kinds = 1 << RECORD_ALERT};
    OK(db_events_list(f->store, &by_group, &f->arena, &rows, &n));
    assert_int_equal(n, 2);
    assert_int_equal(rows[0].id, 3); /* newest first */
    struct events_query by_host = {.host = "10.30.1.11", .limit = 2};
    OK(db_events_list(f->store, &by_host, &f->arena, &rows, &n));
    assert_int_equal(n, 2);
    by_host.before_id = rows[1].id;
    OK(db_events_list(f->store, &by_host, &f->arena, &rows, &n));
    assert_int_equal(rows[0].id, 3);
    struct events_query by_text = {.contains = "percent 100%_", .flow_id = 77, .from_ns = 200};
    OK(db_events_list(f->store, &by_text, &f->arena, &rows, &n));
    assert_int_equal(n, 4);
    by_text.contains = "percent 100%x";
    OK(db_events_list(f->store, &by_text, &f->arena, &rows, &n));
    assert_int_equal(n, 0);
    int64_t last;
    OK(db_events_last_id(f->store, &last));
    assert_int_equal(last, 5);
}

static int64_t found_by(struct fixture *f, const struct events_query *query)
{
    struct event_row *rows;
    uint32_t n;

    OK(db_events_list(f->store, query, &f->arena, &rows, &n));
    return n;
}

static void the_first_event_of_a_group_is_found_through_it(void **state)
{
    struct fixture *f = *state;
    struct record first = *alert(f, 1, 5, 100), lone = *alert(f, 2, 6, 100);
    struct record again = *alert(f, 3, 5, 100), later = *alert(f, 4, 5, 100);
    struct record *const rows[] = {&first, &lone, &again};
    struct group_add adds[] = {sum_of(&first, 2), sum_of(&lone, 1)};
    struct group_add more = sum_of(&later, 1);
    int64_t deleted;
    adds[0].kept = &first;
    adds[1].kept = &lone;
    more.kept = &later;
    OK(db_groups_find(f->store, adds, 2));
    assert_true(first.opens_group && lone.opens_group && !again.opens_group);
    for (uint32_t i = 0; i < 3; i++)
        OK(db_events_put(f->store, rows[i], 1));
    OK(db_groups_add(f->store, adds, 2));
    OK(db_groups_find(f->store, &more, 1));
    assert_false(later.opens_group);
    OK(db_events_put(f->store, &later, 1));
    OK(db_groups_add(f->store, &more, 1));
    assert_int_equal(found_by(f, &(struct events_query){.group_id = 5}), 3);
    assert_int_equal(found_by(f, &(struct events_query){.group_id = 6}), 1);
    assert_int_equal(found_by(f, &(struct events_query){.host = "10.30.1.11"}), 4);
    /* A group stays as long as its first event. */
    OK(db_groups_expire(f->store, 4, 10, &deleted));
    assert_int_equal(deleted, 0);
    OK(db_events_expire(f->store, 0, 2, 10, &deleted));
    assert_int_equal(deleted, 2);
    OK(db_groups_expire(f->store, 4, 10, &deleted));
    assert_int_equal(deleted, 1);
    assert_int_equal(found_by(f, &(struct events_query){.group_id = 5}), 2);
}

/* As a batch is written: more rows than one statement has, some groups known, some new. */
static void many_rows_are_as_if_written_one_by_one(void **state)
{
    enum { MANY = 1100 };
    static struct record records[MANY];
    static struct group_add sums[MANY];
    static struct spark_add sparks[MANY];
    struct fixture *f = *state;
    struct event_row event;
    struct group_row group;
    struct hour_count *hours;
    uint32_t n;
    for (int64_t i = 0; i < MANY; i++) {
        records[i] = *alert(f, i + 1, 1000 + i, (uint64_t)i * 100 + 100);
        records[i].sampled_out = i == 50;
        sums[i] = (struct group_add){&records[i], SEVERITY_LOW, 100, 100, 1, 1, 0, 7200, i % 2};
        sparks[i] = (struct spark_add){1000 + i, 3600, 2};
    }
    OK(db_groups_add(f->store, sums + 7, 3));
    OK(db_groups_sparks_add(f->store, sparks + 7, 3));
    OK(store_begin(f->store));
    OK(db_events_put(f->store, records, MANY));
    OK(db_groups_add(f->store, sums, MANY));
    OK(db_groups_sparks_add(f->store, sparks, MANY));
    OK(store_commit(f->store));
    for (int64_t i = 0; i < MANY; i += 9) {
        OK(db_events_get(f->store, i + 1, &f->arena, &event));
        assert_int_equal(event.group_id, 1000 + i);
        assert_string_equal(event.dst_name, "Trạm bơm Cái Khế");
        OK(db_groups_get(f->store, 1000 + i, &f->arena, &group));
        assert_int_equal(group.n, i == 9 ? 2 : 1);
        OK(db_groups_spark(f->store, 1000 + i, 0, &f->arena, &hours, &n));
        assert_int_equal(n, 1 + i % 2);
        assert_int_equal(hours[0].n, i == 9 ? 4 : 2);
        if (i % 2)
            assert_int_equal(hours[1].n, i == 9 ? 2 : 1); /* in its row, and beside it */
    }
    assert_int_equal(db_events_get(f->store, 51, &f->arena, &event), ERR_NOTFOUND);
}

static void one_bad_row_of_many_spoils_its_transaction(void **state)
{
    struct fixture *f = *state;
    struct event_row event;
    struct record records[40];
    for (int64_t i = 0; i < 40; i++)
        records[i] = *alert(f, i == 39 ? 1 : i + 1, 5, 100);
    OK(store_begin(f->store));
    enum err err = db_events_put(f->store, records, 40);
    err = err ? err : store_commit(f->store);
    assert_int_equal(err, ERR_CONFLICT);
    store_rollback(f->store);
    assert_int_equal(db_events_get(f->store, 1, &f->arena, &event), ERR_NOTFOUND);
    OK(db_events_put(f->store, records, 39));
}

static void the_same_event_twice_spoils_its_transaction(void **state)
{
    struct fixture *f = *state;
    struct event_row row;
    OK(store_begin(f->store));
    OK(db_events_put(f->store, alert(f, 1, 5, 100), 1));
    enum err err = db_events_put(f->store, alert(f, 1, 5, 100), 1);
    err = err ? err : store_commit(f->store);
    assert_int_equal(err, ERR_CONFLICT);
    store_rollback(f->store);
    assert_int_equal(db_events_get(f->store, 1, &f->arena, &row), ERR_NOTFOUND);
    OK(db_events_put(f->store, alert(f, 1, 5, 100), 1));
}

static void a_killed_server_takes_the_same_batch_again(void **state)
{
    struct fixture *f = *state;
    struct event_row row;
    if (!*f->server)
        skip();
    OK(db_events_put(f->store, alert(f, 1, 5, 100), 1));
    OK(store_begin(f->store));
    OK(db_events_put(f->store, alert(f, 2, 5, 100), 1));
    assert_int_equal(server("kill", ""), 0);
    enum err err = db_events_get(f->store, 2, &f->arena, &row);
    assert_int_equal(err, ERR_IO);
    store_rollback(f->store);
    assert_int_equal(store_begin(f->store), ERR_IO);
    assert_int_equal(server("again", ""), 0);
    OK(store_begin(f->store));
    assert_int_equal(db_events_get(f->store, 2, &f->arena, &row), ERR_NOTFOUND);
    OK(db_events_put(f->store, alert(f, 2, 5, 100), 1));
    OK(store_commit(f->store));
    OK(db_events_get(f->store, 1, &f->arena, &row));
    OK(db_events_get(f->store, 2, &f->arena, &row));
}

static void a_question_is_asked_again_after_the_server_was_killed(void **state)
{
    struct fixture *f = *state;
    struct event_row row;
    if (!*f->server)
        skip();
    OK(db_events_put(f->store, alert(f, 1, 5, 100), 1));
    assert_int_equal(server("kill", ""), 0);
    assert_int_equal(server("again", ""), 0);
    OK(db_events_get(f->store, 1, &f->arena, &row));
}

static void texts_that_are_no_utf8_are_kept_as_far_as_they_are(void **state)
{
    struct fixture *f = *state;
    const char *value;
    if (strcmp(f->engine, "sqlite") == 0)
        skip(); /* takes any bytes */
    OK(store_meta_put(f->store, "agent",
                      "a\xff"
                      "b\xc3"));
    OK(store_meta_get(f->store, "agent", &f->arena, &value));
    assert_string_equal(value, "a\xef\xbf\xbd"
                               "b\xef\xbf\xbd");
}

static void groups_add_up_and_keep_the_worst(void **state)
{
    struct fixture *f = *state;
    struct group_row row;
    struct group_add one = sum_of(alert(f, 1, 5, 100), 10);
    struct group_add two = sum_of(alert(f, 2, 5, 50), 3);
    two.severity = SEVERITY_CRITICAL;
    OK(db_groups_add(f->store, &one, 1));
    OK(db_groups_add(f->store, &two, 1));
    OK(db_groups_get(f->store, 5, &f->arena, &row));
    assert_int_equal(row.n, 13);
    assert_int_equal(row.n_kept, 2);
    assert_int_equal(row.severity, SEVERITY_CRITICAL);
    assert_int_equal(row.first_ns, 50);
    assert_int_equal(row.last_ns, 100);
    assert_int_equal(row.criticality, 5);
    assert_int_equal(row.last_event_id, 2);
}

static void an_archived_group_opens_again_with_what_is_new(void **state)
{
    struct fixture *f = *state;
    struct group_row row;
    struct group_add add = sum_of(alert(f, 1, 5, 100), 10);
    OK(db_groups_add(f->store, &add, 1));
    OK(db_groups_set(f->store, 5, GROUP_ARCHIVED, "lan", 10));
    OK(db_groups_get(f->store, 5, &f->arena, &row));
    assert_int_equal(row.state, GROUP_ARCHIVED);
    assert_string_equal(row.assignee, "lan");
    OK(db_groups_add(f->store, &add, 1));
    OK(db_groups_get(f->store, 5, &f->arena, &row));
    assert_int_equal(row.state, GROUP_OPEN);
    assert_int_equal(row.n - row.n_done, 10);
    /* Archiving what one saw (10 of 20) leaves the rest new. */
    OK(db_groups_set(f->store, 5, GROUP_ARCHIVED, NULL, 10));
    OK(db_groups_get(f->store, 5, &f->arena, &row));
    assert_int_equal(row.state, GROUP_OPEN);
    assert_int_equal(db_groups_set(f->store, 99, GROUP_OPEN, NULL, 0), ERR_NOTFOUND);
}

static void groups_are_paged_by_key_and_searched_without_diacritics(void **state)
{
    struct fixture *f = *state;
    struct group_row *rows;
    uint32_t n;
    for (int64_t i = 1; i <= 7; i++) {
        struct group_add add = sum_of(alert(f, i, i, 100), i); /* all at the same time */
        OK(db_groups_add(f->store, &add, 1));
    }
    struct groups_query query = {.limit = 3, .states = 1 << GROUP_OPEN};
    int64_t seen = 0;
    for (;;) {
        OK(db_groups_list(f->store, &query, &f->arena, &rows, &n));
        if (n == 0)
            break;
        seen += n;
        query.before_ns = rows[n - 1].last_ns;
        query.before_id = rows[n - 1].id;
    }
    assert_int_equal(seen, 7);
    struct groups_query text = {.text = "TRAM bơm  stranger"};
    OK(db_groups_list(f->store, &text, &f->arena, &rows, &n));
    assert_int_equal(n, 7);
    text.text = "camera%";
    OK(db_groups_list(f->store, &text, &f->arena, &rows, &n));
    assert_int_equal(n, 0);
    int64_t groups, alerts;
    struct groups_query host = {.host = "10.20.4.12", .sid = 9000001, .technique = "T0855"};
    OK(db_groups_count(f->store, &host, &groups, &alerts));
    assert_int_equal(groups, 7);
    assert_int_equal(alerts, 28);
}

static void groups_are_counted_by_site_until_they_expire(void **state)
{
    struct fixture *f = *state;
    int64_t groups, alerts, deleted;
    for (int64_t i = 1; i <= 60; i++) {
        char site[8];
        struct record *r = alert(f, i, 1 + i % 30, 100);
        struct group_add add = sum_of(r, 2);
        snprintf(site, sizeof(site), "site%d", (int)(i % 20)); /* more than are summed at once */
        r->site = site;
        OK(db_groups_add(f->store, &add, 1));
    }
    OK(db_groups_totals(f->store, NULL, &groups, &alerts));
    assert_int_equal(groups, 30);
    assert_int_equal(alerts, 120);
    OK(db_groups_totals(f->store, (const char *const[]){"site3", NULL}, &groups, &alerts));
    assert_int_equal(alerts, 6);
    OK(db_groups_expire(f->store, 45, 100, &deleted));
    OK(db_groups_totals(f->store, NULL, &groups, &alerts));
    assert_int_equal(groups + deleted, 30);
    assert_int_equal(groups, 15);
    assert_int_equal(alerts, 120);
}

static void sparklines_and_rollups_add_up(void **state)
{
    struct fixture *f = *state;
    struct hour_count *hours;
    struct rollups_sum *steps;
    uint32_t n;
    OK(db_groups_sparks_add(f->store, &(struct spark_add){5, 3600, 2}, 1));
    OK(db_groups_sparks_add(f->store, &(struct spark_add){5, 3600, 3}, 1));
    OK(db_groups_spark(f->store, 5, 0, &f->arena, &hours, &n));
    assert_int_equal(n, 1);
    assert_int_equal(hours[0].n, 5);
    struct rollup add = {60, "s1", "ct", "alert", SEVERITY_HIGH, 4};
    OK(db_rollups_add(f->store, &add, 1));
    add.minute_ns = 120;
    OK(db_rollups_add(f->store, &add, 1));
    add.severity = -1;
    OK(db_rollups_add(f->store, &add, 1));
    struct rollups_query query = {.to_ns = 1000,
                                  .step_ns = 600,
                                  .sites = (const char *const[]){"ct", NULL},
                                  .by_severity = true};
    OK(db_rollups_sums(f->store, &query, &f->arena, &steps, &n));
    assert_int_equal(n, 1);
    assert_int_equal(steps[0].n, 8);
    query = (struct rollups_query){.to_ns = 1000, .step_ns = 60};
    OK(db_rollups_sums(f->store, &query, &f->arena, &steps, &n));
    assert_int_equal(n, 2);
    assert_int_equal(steps[1].n, 8);
}

static void long_sums_are_those_of_their_minutes(void **state)
{
    enum { MINUTES = 500, SPAN = 11 };
    const uint64_t minute = 60 * CLOCK_S;
    struct fixture *f = *state;
    struct rollup adds[MINUTES];
    struct rollups_sum *all = NULL, *some = NULL;
    uint32_t n = 0;
    for (uint32_t i = 0; i < MINUTES; i++)
        adds[i] = (struct rollup){i * minute,
                                  i % 3 ? "s1" : "s2",
                                  "ct",
                                  i % 5 ? "flow" : "alert",
                                  i % 5 ? -1 : (int)(i % 4),
                                  1 + i % 7};
    OK(db_rollups_add(f->store, adds, MINUTES / 2));
    OK(db_rollups_add(f->store, adds + MINUTES / 2, MINUTES - MINUTES / 2));
    for (uint64_t from = 0; from < 200; from += SPAN) {
        for (uint32_t kind = 0; kind < 3; kind++) {
            uint64_t to = from + SPAN * (1 + from);
            struct rollups_query query = {.from_ns = from * minute,
                                          .to_ns = to * minute,
                                          .step_ns = 60 * minute,
                                          .type = kind == 1 ? "flow" : NULL,
                                          .by_severity = kind == 2};
            int64_t sums[2] = {0, 0};
            OK(db_rollups_sums(f->store, &query, &f->arena, &some, &n));
            for (uint32_t i = 0; i < n; i++) {
                assert_true(some[i].at_ns % (60 * minute) == 0);
                assert_true(i == 0 || some[i].at_ns > some[i - 1].at_ns || kind == 2);
                sums[0] += some[i].n;
            }
            query.step_ns = minute;
            OK(db_rollups_sums(f->store, &query, &f->arena, &all, &n));
            for (uint32_t i = 0; i < n; i++)
                sums[1] += all[i].n;
            assert_int_equal(sums[0], sums[1]);
        }
    }
}

static void events_can_be_read_in_the_order_of_their_numbers(void **state)
{
    struct fixture *f = *state;
    struct event_row *rows = NULL;
    int64_t last = 2, sum = 0;
    uint32_t n = 0;
    for (int64_t i = 9; i > 0; i--)
        alert(f, i, 5, (uint64_t)i * CLOCK_S);
    OK(db_events_put(f->store, f->batch.records, f->batch.n));
    do {
        OK(db_events_after(f->store, last, 3, &f->arena, &rows, &n));
        for (uint32_t i = 0; i < n; i++) {
            assert_int_equal(rows[i].id, last + 1);
            last = rows[i].id;
            sum++;
        }
    } while (n);
    assert_int_equal(sum, 7);
    assert_int_equal(last, 9);
}

static struct incident story(const char *key)
{
    return (struct incident){.key = key,
                             .revision = 1,
                             .site = "ct",
                             .rule = "camera-to-ot",
                             .entity = "cam-ninh-kieu",
                             .entity_ip = "10.20.4.12",
                             .title_en = "A camera writes to a pump",
                             .title_vi = "Camera ghi lệnh vào trạm bơm",
                             .severity = SEVERITY_CRITICAL,
                             .first_ns = 10,
                             .last_ns = 20,
                             .opened_ns = 30,
                             .techniques = "T0855"};
}

static void an_incident_is_made_once_per_key(void **state)
{
    struct fixture *f = *state;
    struct incident one = story("k1"), again = story("k1"), found;
    OK(db_incidents_put(f->store, &one));
    assert_true(one.id > 0);
    assert_int_equal(one.version, 1);
    assert_int_equal(db_incidents_put(f->store, &again), ERR_CONFLICT);
    OK(db_incidents_find(f->store, "k1", &f->arena, &found));
    assert_int_equal(found.id, one.id);
    assert_string_equal(found.title_vi, one.title_vi);
    assert_string_equal(found.why_json, "{}");
    assert_int_equal(db_incidents_find(f->store, "k2", &f->arena, &found), ERR_NOTFOUND);
}

static void the_second_editor_of_an_incident_is_told(void **state)
{
    struct fixture *f = *state;
    struct incident made = story("k1"), a, b;
    OK(db_incidents_put(f->store, &made));
    OK(db_incidents_get(f->store, made.id, &f->arena, &a));
    OK(db_incidents_get(f->store, made.id, &f->arena, &b));
    a.state = INCIDENT_ASSIGNED;
    a.assignee = "lan";
    OK(db_incidents_put(f->store, &a));
    b.state = INCIDENT_CLOSED;
    assert_int_equal(db_incidents_put(f->store, &b), ERR_CONFLICT);
    OK(db_incidents_get(f->store, made.id, &f->arena, &b));
    assert_int_equal(b.state, INCIDENT_ASSIGNED);
    assert_int_equal(b.version, 2);
}

static void incidents_are_listed_by_state_entity_and_words(void **state)
{
    struct fixture *f = *state;
    struct incident *rows;
    uint32_t n;
    int64_t counts[INCIDENT_STATES];
    for (int i = 0; i < 4; i++) {
        char key[8];
        snprintf(key, sizeof(key), "k%d", i);
        struct incident made = story(key);
        made.state = i == 3 ? INCIDENT_CLOSED : INCIDENT_NEW;
        made.last_ns = (uint64_t)(20 + i);
        OK(db_incidents_put(f->store, &made));
    }
    OK(db_incidents_open(f->store, "10.20.4.12", 21, &f->arena, &rows, &n));
    assert_int_equal(n, 2);
    struct incidents_query query = {.text = "ghi lenh tram", .states = 1 << INCIDENT_CLOSED};
    OK(db_incidents_list(f->store, &query, &f->arena, &rows, &n));
    assert_int_equal(n, 1);
    OK(db_incidents_counts(f->store, NULL, counts));
    assert_int_equal(counts[INCIDENT_NEW], 3);
    assert_int_equal(counts[INCIDENT_CLOSED], 1);
    struct incidents_sum *sums;
    OK(db_incidents_sums(f->store, NULL, &f->arena, &sums, &n));
    assert_int_equal(n, 1);
    assert_int_equal(sums[0].n, 3);
    struct incident bad = story("bad");
    bad.severity = SEVERITY_CRITICAL;
    bad.score = 1000;
    bad.last_ns = 1;
    OK(db_incidents_put(f->store, &bad));
    query = (struct incidents_query){.text = "", .worst_first = true, .limit = 2};
    OK(db_incidents_list(f->store, &query, &f->arena, &rows, &n));
    assert_int_equal(n, 2);
    assert_int_equal(rows[0].id, bad.id);
}

static void history_and_evidence_belong_to_their_incident(void **state)
{
    struct fixture *f = *state;
    struct incident made = story("k1"), other = story("k2");
    struct incident_entry *entries;
    struct incident_link *links;
    struct event_row *events;
    uint32_t n;
    bool is_new = false;
    OK(db_incidents_put(f->store, &made));
    OK(db_incidents_put(f->store, &other));
    for (uint64_t ts = 3; ts > 0; ts--) {
        struct incident_entry e = {.incident_id = made.id, .ts_ns = ts, .kind = "stage"};
        OK(db_incidents_entry_add(f->store, &e));
    }
    OK(db_incidents_entries(f->store, made.id, &f->arena, &entries, &n));
    assert_int_equal(n, 3);
    assert_int_equal(entries[0].ts_ns, 1);
    for (uint64_t ts = 5; ts > 0; ts--) {
        struct incident_entry e = {.incident_id = made.id, .ts_ns = 1 + ts / 2, .kind = "comment"};
        OK(db_incidents_entry_add(f->store, &e));
    }
    struct history_query page = {.incident_id = made.id, .limit = 2};
    uint64_t before = INT64_MAX, seen = 0;
    int64_t all = 0;
    do {
        OK(db_incidents_history(f->store, &page, &f->arena, &entries, &n, &all));
        for (uint32_t i = 0; i < n; i++, seen++) {
            assert_true(entries[i].ts_ns <= before); /* newest first, none of the stages */
            assert_string_equal(entries[i].kind, "comment");
            page.before_ns = before = entries[i].ts_ns;
            page.before_id = entries[i].id;
        }
    } while (n == page.limit);
    assert_int_equal(all, 5);
    OK(db_events_put(f->store, alert(f, 1, 5, 100), 1));
    OK(db_events_put(f->store, alert(f, 2, 6, 100), 1));
    struct incident_link link = {made.id, 5, 1, "write", 100, 1};
    OK(db_incidents_link_add(f->store, &link, &is_new));
    assert_true(is_new);
    OK(db_incidents_link_add(f->store, &link, &is_new));
    assert_false(is_new);
    OK(db_incidents_link_add(f->store, &(struct incident_link){made.id, 6, 0, "scan", 90, 4},
                             NULL));
    OK(db_incidents_links(f->store, made.id, &f->arena, &links, &n));
    assert_int_equal(n, 2);
    assert_int_equal(links[1].n, 2);
    struct events_query query = {.incident_id = made.id};
    OK(db_events_list(f->store, &query, &f->arena, &events, &n));
    assert_int_equal(n, 2); /* one by itself, one through its group */
    OK(db_incidents_move(f->store, made.id, other.id));
    OK(db_incidents_links(f->store, other.id, &f->arena, &links, &n));
    assert_int_equal(n, 2);
    OK(db_incidents_entries(f->store, made.id, &f->arena, &entries, &n));
    assert_int_equal(n, 0);
}

static struct outbox_row push_of(int64_t incident, int64_t revision)
{
    return (struct outbox_row){.connector = "ioc",
                               .incident_id = incident,
                               .revision = revision,
                               .kind = "updated",
                               .payload = "{}"};
}

static void the_outbox_keeps_order_within_an_incident(void **state)
{
    struct fixture *f = *state;
    struct outbox_row *rows;
    uint32_t n;
    int64_t waiting;
    for (int64_t i = 0; i < 4; i++) {
        struct outbox_row row = push_of(1 + i % 2, 1 + i / 2);
        OK(db_outbox_add(f->store, &row));
        OK(db_outbox_add(f->store, &row)); /* the same again changes nothing */
    }
    OK(db_outbox_waiting(f->store, "ioc", &waiting));
    struct outbox_depth *depths;
    OK(db_outbox_depths(f->store, &f->arena, &depths, &n));
    assert_int_equal(n, 1);
    assert_int_equal(depths[0].waiting, waiting);
    assert_int_equal(depths[0].sent + depths[0].given_up, 0);
    assert_int_equal(waiting, 4);
    OK(db_outbox_due(f->store, NULL, 100, 10, &f->arena, &rows, &n));
    assert_int_equal(n, 2);
    assert_int_equal(rows[0].revision, 1);
    OK(db_outbox_failed(f->store, rows[0].id, 1000, "503"));
    OK(db_outbox_sent(f->store, rows[1].id, 100, "200"));
    OK(db_outbox_due(f->store, "ioc", 100, 10, &f->arena, &rows, &n));
    assert_int_equal(n, 1); /* incident 1 waits for its revision 1; incident 2 goes on */
    assert_int_equal(rows[0].incident_id, 2);
    assert_int_equal(rows[0].revision, 2);
    OK(db_outbox_list(f->store, 1, 10, &f->arena, &rows, &n));
    assert_int_equal(n, 2);
    assert_string_equal(rows[1].answer, "503");
    assert_int_equal(rows[1].tries, 1);
}

static void accounts_and_sessions_come_and_go(void **state)
{
    struct fixture *f = *state;
    struct user_row user = {.name = "lan", .role = ROLE_ANALYST, .password = "h"}, got;
    struct session_row session = {.token_hash = "t1", .expires_ns = 100}, seen;
    OK(db_users_add(f->store, &user));
    assert_int_equal(db_users_add(f->store, &user), ERR_CONFLICT);
    struct user_row bad = {.name = "Lan<script>"};
    assert_int_equal(db_users_add(f->store, &bad), ERR_INPUT);
    OK(db_users_get(f->store, "lan", 0, &f->arena, &got));
    got.failures = 3;
    OK(db_users_put(f->store, &got));
    OK(db_users_get(f->store, NULL, got.id, &f->arena, &got));
    assert_int_equal(got.failures, 3);
    session.user_id = got.id;
    OK(db_users_session_add(f->store, &session));
    OK(db_users_session_get(f->store, "t1", 50, &f->arena, &seen));
    assert_int_equal(seen.user_id, got.id);
    assert_int_equal(db_users_session_get(f->store, "t1", 100, &f->arena, &seen), ERR_NOTFOUND);
    OK(db_users_session_touch(f->store, "t1", 60, 200));
    OK(db_users_session_get(f->store, "t1", 100, &f->arena, &seen));
    OK(db_users_sessions_end(f->store, got.id));
    assert_int_equal(db_users_session_get(f->store, "t1", 50, &f->arena, &seen), ERR_NOTFOUND);
}

static void a_changed_audit_row_breaks_the_chain(void **state)
{
    struct fixture *f = *state;
    int64_t bad;
    struct audit_row *rows;
    uint32_t n;
    for (uint64_t i = 1; i <= 3; i++) {
        struct audit_row row = {.ts_ns = i,
                                .user = "lan",
                                .address = "::1",
                                .action = "login",
                                .object = "user/lan",
                                .detail_json = "{}"};
        OK(db_audit_add(f->store, &row));
    }
    OK(db_audit_verify(f->store, &bad));
    struct audit_query query = {.object = "user/lan", .limit = 2};
    OK(db_audit_list(f->store, &query, &f->arena, &rows, &n));
    assert_int_equal(n, 2);
    query = (struct audit_query){.user = "lan", .action = "login", .from_ns = 2, .to_ns = 3};
    OK(db_audit_list(f->store, &query, &f->arena, &rows, &n));
    assert_int_equal(n, 2);
    query = (struct audit_query){.action = "log"}; /* not what only begins so */
    OK(db_audit_list(f->store, &query, &f->arena, &rows, &n));
    assert_int_equal(n, 0);
    OK(sql_run(sql_start(f->store, "UPDATE audit SET who='mai' WHERE id=2")));
    assert_int_equal(db_audit_verify(f->store, &bad), ERR_INPUT);
    assert_int_equal(bad, 2);
}

static void ledgers_and_sensors_tell_what_is_missing(void **state)
{
    struct fixture *f = *state;
    struct ledger_row row = {.sensor = "s1",
                             .site = "ct",
                             .epoch = 7,
                             .upto = 10,
                             .beyond = "12-14,20-20",
                             .highest = 20,
                             .received = 14};
    struct sensor_row seen = {.sensor = "s1",
                              .site = "ct",
                              .source = "mqtt",
                              .online = true,
                              .seen_ns = 5,
                              .stats_json = "{\"a\":1}",
                              .visibility_json = ""};
    struct ledger_row got;
    struct sensor_row *rows;
    uint32_t n;
    OK(db_sensors_ledger_put(f->store, &row));
    row.duplicate = 2;
    OK(db_sensors_ledger_put(f->store, &row));
    OK(db_sensors_ledger_get(f->store, "s1", 7, &f->arena, &got));
    assert_int_equal(got.duplicate, 2);
    assert_string_equal(got.beyond, "12-14,20-20");
    assert_int_equal(db_sensors_ledger_get(f->store, "s1", 8, &f->arena, &got), ERR_NOTFOUND);
    OK(db_sensors_seen(f->store, &seen));
    seen.stats_json = "";
    OK(db_sensors_seen(f->store, &seen));
    OK(db_sensors_list(f->store, &f->arena, &rows, &n));
    assert_int_equal(n, 1);
    assert_int_equal(rows[0].missing, 6);
    assert_string_equal(rows[0].stats_json, "{\"a\":1}");
    assert_string_equal(rows[0].visibility_json, "{}");
    OK(db_sensors_online(f->store, "s1", false, 9));
    OK(db_sensors_list(f->store, &f->arena, &rows, &n));
    assert_false(rows[0].online);
}

static struct device_row camera(void)
{
    return (struct device_row){.id = "44:47:cc:20:04:12",
                               .mac = "44:47:cc:20:04:12",
                               .vendor = "",
                               .name = "cam",
                               .profile = "ip-camera",
                               .state = "",
                               .ip = "10.20.4.12",
                               .zone = "camera",
                               .owner_en = "",
                               .owner_vi = "",
                               .sensor = "s1",
                               .site = "ct",
                               .first_ns = 10,
                               .last_ns = 10,
                               .json = ""};
}

static void devices_grow_and_addresses_move(void **state)
{
    struct fixture *f = *state;
    struct device_row row = camera(), got, *rows;
    struct binding_row *bindings;
    uint32_t n;
    OK(db_devices_add(f->store, &row));
    row.name = "";
    row.last_ns = 30;
    row.n_deviations = 2;
    OK(db_devices_add(f->store, &row));
    OK(db_devices_get(f->store, row.id, &f->arena, &got));
    assert_string_equal(got.name, "cam");
    assert_int_equal(got.n_deviations, 2);
    assert_int_equal(got.first_ns, 10);
    assert_int_equal(got.last_ns, 30);
    OK(db_devices_bind(f->store, &(struct binding_row){"a", "10.0.0.1", 10, 10}));
    OK(db_devices_bind(f->store, &(struct binding_row){"a", "10.0.0.1", 20, 20}));
    OK(db_devices_bind(f->store, &(struct binding_row){row.id, "10.0.0.1", 30, 40}));
    OK(db_devices_bindings(f->store, "a", &f->arena, &bindings, &n));
    assert_int_equal(n, 1);
    assert_int_equal(bindings[0].last_ns, 20);
    OK(db_devices_by_ip(f->store, "10.0.0.1", 0, &f->arena, &got));
    assert_string_equal(got.id, row.id);
    assert_int_equal(db_devices_by_ip(f->store, "10.0.0.1", 15, &f->arena, &got), ERR_NOTFOUND);
    struct devices_query query = {.text = "CAM ip-camera", .deviating = true};
    OK(db_devices_list(f->store, &query, &f->arena, &rows, &n));
    assert_int_equal(n, 1);
}

static void devices_come_in_pages_and_are_counted_by_site(void **state)
{
    struct fixture *f = *state;
    struct devices_query query = {.limit = 4};
    struct device_row *rows;
    struct devices_sum *sums;
    uint32_t n = 0, all = 0;
    int64_t total = 0;
    for (int i = 0; i < 10; i++) {
        char id[16];
        snprintf(id, sizeof(id), "device-%d", i);
        struct device_row row = {id,
                                 "",
                                 "",
                                 "",
                                 "",
                                 i % 2 ? "learn" : "enforce",
                                 "",
                                 "",
                                 "",
                                 "",
                                 .sensor = "s1",
                                 .site = i < 7 ? "a" : "b",
                                 .first_ns = 10,
                                 .last_ns = (uint64_t)(20 + i / 3),
                                 .json = "",
                                 .n_deviations = i == 8};
        OK(db_devices_add(f->store, &row));
    }
    do {
        OK(db_devices_list(f->store, &query, &f->arena, &rows, &n));
        all += n;
        if (n) {
            query.before_ns = rows[n - 1].last_ns;
            query.before_id = rows[n - 1].id;
        }
    } while (n == query.limit);
    assert_int_equal(all, 10);
    OK(db_devices_count(f->store, &query, &total));
    assert_int_equal(total, 10);
    OK(db_devices_sums(f->store, NULL, &f->arena, &sums, &n));
    assert_int_equal(n, 2);
    assert_string_equal(sums[1].site, "b");
    assert_int_equal(sums[1].n, 3);
    assert_int_equal(sums[1].learning, 2);
    assert_int_equal(sums[0].enforcing, 4);
    assert_int_equal(sums[1].deviating, 1);
}

static enum err count_names(void *ctx, const char *name, struct slice bytes)
{
    (*(int *)ctx)++;
    assert_true(strncmp(name, "corr/a/", 7) == 0);
    assert_int_equal(bytes.len, 3);
    return ERR_OK;
}

static void checkpoints_are_found_by_prefix(void **state)
{
    struct fixture *f = *state;
    struct slice got, bytes = {(const uint8_t *)"a\0b", 3};
    int n = 0;
    OK(db_checkpoints_put(f->store, "corr/a/10.0.0.1", bytes));
    OK(db_checkpoints_put(f->store, "corr/a/Trạm", bytes));
    OK(db_checkpoints_put(f->store, "corr/b/x", SLICE_LIT("x")));
    OK(db_checkpoints_each(f->store, "corr/a/", count_names, &n));
    assert_int_equal(n, 2);
    OK(db_checkpoints_get(f->store, "corr/a/Trạm", &f->arena, &got));
    assert_memory_equal(got.at, "a\0b", 3);
    OK(db_checkpoints_delete(f->store, "corr/a/Trạm"));
    assert_int_equal(db_checkpoints_get(f->store, "corr/a/Trạm", &f->arena, &got), ERR_NOTFOUND);
}

static void expiry_spares_what_an_open_incident_needs(void **state)
{
    struct fixture *f = *state;
    struct incident made = story("k1");
    struct event_row row;
    int64_t deleted, last;
    OK(db_incidents_put(f->store, &made));
    for (int64_t i = 1; i <= 3; i++)
        OK(db_events_put(f->store, alert(f, i, i, 100), 1));
    OK(db_incidents_link_add(f->store, &(struct incident_link){made.id, 2, 2, "x", 1, 1}, NULL));
    OK(store_meta_put(f->store, "event.last", "3"));
    OK(db_events_expire(f->store, 0, 3, 100, &deleted));
    assert_int_equal(deleted, 2);
    OK(db_events_get(f->store, 2, &f->arena, &row));
    OK(db_events_last_id(f->store, &last));
    assert_int_equal(last, 3);
}

static void a_legal_hold_keeps_an_incident_and_all_it_links(void **state)
{
    struct fixture *f = *state;
    struct incident made = story("k1"), other = story("k2"), got;
    struct event_row row;
    int64_t deleted;
    made.state = other.state = INCIDENT_CLOSED;
    OK(db_incidents_put(f->store, &made));
    OK(db_incidents_put(f->store, &other));
    OK(db_incidents_hold(f->store, made.id, true));
    assert_int_equal(db_incidents_hold(f->store, 999, true), ERR_NOTFOUND);
    for (int64_t i = 1; i <= 4; i++)
        OK(db_events_put(f->store, alert(f, i, i, 100), 1));
    OK(db_incidents_link_add(f->store, &(struct incident_link){made.id, 2, 2, "x", 1, 1}, NULL));
    OK(db_incidents_link_add(f->store, &(struct incident_link){made.id, 3, 0, "x", 1, 1}, NULL));
    OK(db_incidents_link_add(f->store, &(struct incident_link){other.id, 4, 4, "x", 1, 1}, NULL));
    OK(db_events_expire(f->store, 0, 4, 100, &deleted));
    assert_int_equal(deleted, 2);
    OK(db_events_get(f->store, 2, &f->arena, &row));
    OK(db_events_get(f->store, 3, &f->arena, &row));
    OK(db_incidents_expire(f->store, UINT64_MAX, 10, &deleted));
    assert_int_equal(deleted, 1);
    OK(db_incidents_get(f->store, made.id, &f->arena, &got));
    assert_true(got.hold);
    assert_int_equal(db_incidents_get(f->store, other.id, &f->arena, &got), ERR_NOTFOUND);
    OK(db_incidents_hold(f->store, made.id, false));
    OK(db_events_expire(f->store, 0, 4, 100, &deleted));
    assert_int_equal(deleted, 2);
}

static void the_audit_chain_holds_when_its_beginning_has_expired(void **state)
{
    struct fixture *f = *state;
    int64_t bad, deleted;
    for (uint64_t i = 1; i <= 5; i++)
        OK(db_audit_add(f->store, &(struct audit_row){.ts_ns = i,
                                                      .user = "lan",
                                                      .address = "::1",
                                                      .action = "login",
                                                      .object = "user/lan",
                                                      .detail_json = "{}"}));
    OK(db_audit_expire(f->store, 3, 9, 100, &deleted));
    assert_int_equal(deleted, 2);
    OK(db_audit_verify(f->store, &bad));
    OK(sql_run(sql_start(f->store, "DELETE FROM audit WHERE id=3")));
    assert_int_equal(db_audit_verify(f->store, &bad), ERR_INPUT);
}

static void numbers_of_two_writers_never_meet(void **state)
{
    struct fixture *f = *state;
    struct event_ids a = {0, 0}, b = {0, 0};
    const uint64_t now = 20000 * DAYS_NS + 5;
    OK(db_days_claim(f->store, now, &a));
    if (a.end == INT64_MAX)
        skip(); /* an engine for one writer */
    OK(db_days_claim(f->store, now, &b));
    assert_true(a.end <= b.next || b.end <= a.next);
    assert_int_equal(a.next >> DAYS_ID_BITS, 20000);
    a.next = a.end - 1;
    OK(db_days_claim(f->store, now, &a));
    assert_true(a.end - a.next >= BATCH_RECORDS_MAX && a.next != b.next);
    OK(db_days_claim(f->store, now + DAYS_NS, &a));
    assert_int_equal(a.next >> DAYS_ID_BITS, 20001);
}

static void a_day_goes_as_a_whole_unless_something_is_to_be_spared(void **state)
{
    struct fixture *f = *state;
    struct event_ids first = {0, 0}, second = {0, 0};
    struct incident made = story("k1");
    struct event_row row;
    uint32_t dropped;
    OK(db_days_claim(f->store, 20000 * DAYS_NS, &first));
    if (first.end == INT64_MAX)
        skip();
    OK(db_events_put(f->store, alert(f, first.next, 1, 100), 1));
    OK(db_days_claim(f->store, 20001 * DAYS_NS, &second));
    OK(db_events_put(f->store, alert(f, second.next, 2, 100), 1));
    OK(db_incidents_put(f->store, &made));
    OK(db_incidents_link_add(f->store, &(struct incident_link){made.id, 2, second.next, "x", 1, 1},
                             NULL));
    OK(db_days_drop(f->store, 20002, &dropped));
    assert_int_equal(dropped, 1);
    assert_int_equal(db_events_get(f->store, first.next, &f->arena, &row), ERR_NOTFOUND);
    OK(db_events_get(f->store, second.next, &f->arena, &row));
    OK(db_days_drop(f->store, 20002, &dropped));
    assert_int_equal(dropped, 0);
}

static void days_are_kept_as_far_as_their_bytes_fit(void **state)
{
    struct fixture *f = *state;
    uint64_t day;
    for (uint64_t i = 1; i <= 4; i++)
        OK(db_days_add(f->store, i, DAYS_FLOWS, 1, 100));
    OK(db_days_fitting(f->store, DAYS_FLOWS, 400, &day));
    assert_int_equal(day, 0);
    OK(db_days_fitting(f->store, DAYS_FLOWS, 250, &day));
    assert_int_equal(day, 3);
    OK(db_days_fitting(f->store, DAYS_FLOWS, 10, &day));
    assert_int_equal(day, 4);
    struct days_usage usage[DAYS_CLASSES];
    OK(db_days_usage(f->store, usage));
    assert_int_equal(usage[DAYS_FLOWS].bytes, 400);
    assert_int_equal(usage[DAYS_FLOWS].first, 1);
    assert_int_equal(usage[DAYS_FLOWS].last, 4);
    assert_int_equal(usage[DAYS_ALERTS].n, 0);
    OK(db_days_forget(f->store, DAYS_FLOWS, 3));
    OK(db_days_fitting(f->store, DAYS_FLOWS, 250, &day));
    assert_int_equal(day, 0);
}

static void hostile_texts_come_back_as_they_were(void **state)
{
    struct fixture *f = *state;
    struct record *r = alert(f, 1, 5, 100);
    struct event_row row;
    r->alert.signature = "'); DROP TABLE event;-- <script>alert(1)</script>\x1b[31m";
    OK(db_events_put(f->store, r, 1));
    struct events_query query = {.device = "' OR 1=1 --", .type = "x'y"};
    struct event_row *rows;
    uint32_t n;
    OK(db_events_list(f->store, &query, &f->arena, &rows, &n));
    assert_int_equal(n, 0);
    OK(db_events_get(f->store, 1, &f->arena, &row));
    assert_string_equal(row.signature, r->alert.signature);
}

static void a_backup_can_be_opened(void **state)
{
    struct fixture *f = *state;
    struct store *copy;
    struct event_row row;
    char path[96], fault[256];
    OK(db_events_put(f->store, alert(f, 1, 5, 100), 1));
    snprintf(path, sizeof(path), "%s/copy.db", f->dir);
    enum err err = store_backup(f->store, path);
    if (err == ERR_UNSUPPORTED)
        skip();
    OK(err);
    OK(store_open_at(f->engine, path, &copy, fault, sizeof(fault)));
    OK(db_events_get(copy, 1, &f->arena, &row));
    assert_int_equal(store_schema_version(copy), store_schema_version(f->store));
    store_close(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_rolled_back_batch_leaves_nothing),
        T(another_connection_sees_only_what_was_committed),
        T(events_are_found_by_group_host_flow_kind_and_text),
        T(the_first_event_of_a_group_is_found_through_it),
        T(many_rows_are_as_if_written_one_by_one),
        T(groups_are_counted_by_site_until_they_expire),
        T(one_bad_row_of_many_spoils_its_transaction),
        T(the_same_event_twice_spoils_its_transaction),
        T(a_killed_server_takes_the_same_batch_again),
        T(a_question_is_asked_again_after_the_server_was_killed),
        T(texts_that_are_no_utf8_are_kept_as_far_as_they_are),
        T(groups_add_up_and_keep_the_worst),
        T(an_archived_group_opens_again_with_what_is_new),
        T(groups_are_paged_by_key_and_searched_without_diacritics),
        T(sparklines_and_rollups_add_up),
        T(long_sums_are_those_of_their_minutes),
        T(events_can_be_read_in_the_order_of_their_numbers),
        T(an_incident_is_made_once_per_key),
        T(the_second_editor_of_an_incident_is_told),
        T(incidents_are_listed_by_state_entity_and_words),
        T(history_and_evidence_belong_to_their_incident),
        T(the_outbox_keeps_order_within_an_incident),
        T(accounts_and_sessions_come_and_go),
        T(a_changed_audit_row_breaks_the_chain),
        T(ledgers_and_sensors_tell_what_is_missing),
        T(devices_grow_and_addresses_move),
        T(devices_come_in_pages_and_are_counted_by_site),
        T(checkpoints_are_found_by_prefix),
        T(expiry_spares_what_an_open_incident_needs),
        T(a_legal_hold_keeps_an_incident_and_all_it_links),
        T(the_audit_chain_holds_when_its_beginning_has_expired),
        T(numbers_of_two_writers_never_meet),
        T(a_day_goes_as_a_whole_unless_something_is_to_be_spared),
        T(days_are_kept_as_far_as_their_bytes_fit),
        T(hostile_texts_come_back_as_they_were),
        T(a_backup_can_be_opened),
    };
    return EACH_ENGINE(tests);
}

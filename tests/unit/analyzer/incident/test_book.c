/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From alerts over correlation rules to incidents in a real SQLite store.
 */
#include "analyzer/incident/book.h"
#include "analyzer/incident/incident_change.h"
#include "analyzer/store/db_checkpoints.h"
#include "analyzer/store/db_groups.h"
#include "analyzer/store/db_incidents.h"
#include "common/check.h"
#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the three above */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CAMERA   "10.20.4.17"
#define PUMP     "10.30.1.8"
#define ATTACKER "203.0.113.9"
#define BASE(name, sid)                                                                            \
    "title: " name "\nname: " name "\nlogsource: {product: tramgac, service: alert}\n"             \
    "detection: {s: {alert.signature_id: " sid "}, condition: s}\n---\n"
#define CHAIN(title, vi, id, level, rules)                                                         \
    "title: " title "\ntramgac: {incident: true, title_vi: " vi ", attack: [" id                   \
    "]}\nlevel: " level "\ncorrelation: {type: temporal_ordered, timespan: 6h, rules: [" rules     \
    "], "

static const char scanned[] = BASE("scanned", "1");
static const char guessed[] = BASE("guessed", "2");
static const char entered[] = BASE("entered", "3");
static const char fetched[] = BASE("fetched", "4");
static const char home[] = BASE("home", "5");
static const char explored[] = BASE("explored", "6");
static const char commanded[] = BASE("commanded", "7");
static const char entry[] = CHAIN("Scan, guess, entry", "Quét rồi vào", "T1110", "high",
                                  "scanned, guessed, entered") "group-by: [dest_ip]}\n";
static const char infection[] =
    CHAIN("Infection", "Nhiễm mã độc", "T1105", "high", "fetched, home") "group-by: [src_ip]}\n";
static const char ot[] = CHAIN("IoT commands OT", "IoT ra lệnh OT", "T0855", "critical",
                               "explored, commanded") "group-by: [src_ip]}\n";
static const char lone[] = BASE("lone", "900");
static const char enough[] =
    "title: Enough evidence\ntramgac: {incident: true}\nlevel: high\ncorrelation: {type: risk, "
    "timespan: 6h, rules: [lone], group-by: [src_ip], condition: {gte: 10}}\n";
static const char lone_at[] = BASE("lone_at", "901");
static const char enough_of_either[] =
    "title: Enough of either end\ntramgac: {incident: true}\nlevel: high\ncorrelation: {type: "
    "risk, "
    "timespan: 6h, rules: [lone_at, lone_from], group-by: [host], aliases: {host: {lone_at: "
    "dest_ip, lone_from: src_ip}}, condition: {gte: 10}}\n";
static const char lone_from[] = BASE("lone_from", "901");
static const char *const rules[] = {
    lone_at, lone_from, enough_of_either, lone,      enough, scanned,   guessed, entered,
    fetched, home,      explored,         commanded, entry,  infection, ot};

struct step {
    uint32_t minute;
    const char *src, *dst;
    int sid;
    int severity; /* EVE: 1 high */
};

static const struct step story[] = {
    {0, ATTACKER, CAMERA, 1, 3},  {5, ATTACKER, CAMERA, 2, 3},  {10, ATTACKER, CAMERA, 3, 2},
    {12, CAMERA, ATTACKER, 4, 2}, {13, CAMERA, ATTACKER, 5, 2}, {40, CAMERA, PUMP, 6, 2},
    {45, CAMERA, PUMP, 7, 1},
};
enum { STEPS = sizeof(story) / sizeof(story[0]), TOLD_MAX = 64 };

struct told {
    int64_t id;
    char kind[16];
    int64_t revision;
};

struct fixture {
    char dir[64];
    struct store *store;
    struct conf *conf;
    struct sigma_set set;
    struct correlator *c;
    struct book *book;
    uint64_t corr_counters[CORRELATE_COUNTERS];
    uint64_t counters[BOOK_COUNTERS];
    int64_t next_event;
    struct told told[TOLD_MAX];
    uint32_t n_told;
    struct arena arena;
};

static void start(struct fixture *f)
{
    struct correlate_limits limits = {1000, 4096, 600 * CLOCK_S, 60 * CLOCK_S};

    sigma_init(&f->set);
    for (uint32_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        sigma_parse_text(&f->set, "t", slice_of_str(rules[i]));
    sigma_freeze(&f->set);
    assert_int_equal(f->set.n_faults, 0);
    f->c = correlate_new(&f->set, limits, f->corr_counters);
    f->book = book_new(f->conf, NULL, f->counters);
}

static void stop(struct fixture *f)
{
    correlate_free(&f->c);
    book_free(&f->book);
    sigma_fini(&f->set);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char fault[200] = "";

    CHECK(f);
    snprintf(f->dir, sizeof(f->dir), "/tmp/tramgac-book-XXXXXX");
    CHECK(mkdtemp(f->dir));
    CHECK(store_open_at("sqlite", f->dir, &f->store, fault, sizeof(fault)) == ERR_OK);
    f->conf = conf_new();
    conf_add(f->conf, book_options);
    f->next_event = 1;
    arena_init(&f->arena, 65536, 0);
    start(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];

    stop(f);
    store_close(&f->store);
    conf_free(&f->conf);
    arena_fini(&f->arena);
    snprintf(command, sizeof(command), "rm -rf %s", f->dir);
    CHECK(system(command) == 0);
    free(f);
    return 0;
}

static void end_of(struct record_end *end, const char *ip)
{
    snprintf(end->addr_text, sizeof(end->addr_text), "%s", ip);
    addr_parse(slice_of_str(ip), &end->addr);
    end->internal = addr_is_private(&end->addr);
    end->zone_kind = strncmp(ip, "10.30.", 6) == 0 ? "ot" : "it";
}

static void add_alert(struct fixture *f, struct batch *batch, const struct step *s,
                      uint64_t base_ns)
{
    char eve[400];
    struct record *r = batch_add(batch);

    snprintf(eve, sizeof(eve),
             "{\"event_type\":\"alert\",\"src_ip\":\"%s\",\"dest_ip\":\"%s\",\"alert\":{"
             "\"signature_id\":%d,\"reason\":[{\"buffer\":\"http.uri\",\"offset\":3,"
             "\"length\":5}]}}",
             s->src, s->dst, s->sid);
    assert_int_equal(json_parse_in(slice_of_str(eve), &batch->arena, &r->eve, NULL), ERR_OK);
    r->kind = RECORD_ALERT;
    r->is_alert = true;
    r->event_type = "alert";
    r->sensor = "s1";
    r->site = "ct";
    r->severity = s->severity == 1   ? SEVERITY_HIGH
                  : s->severity == 2 ? SEVERITY_MEDIUM
                                     : SEVERITY_LOW;
    r->alert.gid = 1;
    r->alert.sid = s->sid;
    r->alert.signature = "Something <script>";
    r->alert.source = "rule";
    r->ts_ns = base_ns + s->minute * 60 * CLOCK_S;
    r->event_id = f->next_event++;
    r->group_id = s->sid * 10 + (strcmp(s->src, CAMERA) == 0);
    end_of(&r->src, s->src);
    end_of(&r->dst, s->dst);
}

static enum err note(void *ctx, struct store *store, const struct incident *incident,
                     const char *kind)
{
    struct fixture *f = ctx;

    assert_true(store_in_batch(store));
    if (!kind)
        return ERR_OK;
    assert_true(f->n_told < TOLD_MAX);
    struct told *t = &f->told[f->n_told++];
    t->id = incident->id;
    t->revision = incident->revision;
    snprintf(t->kind, sizeof(t->kind), "%s", kind);
    return ERR_OK;
}

static enum err put(void *ctx, const char *name, struct slice bytes)
{
    return db_checkpoints_put(ctx, name, bytes);
}

static enum err drop(void *ctx, const char *name)
{
    return db_checkpoints_delete(ctx, name);
}

#define BASE_NS (UINT64_C(1790000000) * CLOCK_S)

static void run_batch(struct fixture *f, const struct step *steps, uint32_t n, uint64_t base_ns)
{
    struct batch batch;
    struct correlate_sink sink = {put, drop, f->store};

    batch_init(&batch);
    for (uint32_t i = 0; i < n; i++)
        add_alert(f, &batch, &steps[i], base_ns);
    assert_int_equal(store_begin(f->store), ERR_OK);
    book_begin(f->book, f->store, BASE_NS);
    correlate_batch(f->c, &batch, book_hit, f->book);
    book_records(f->book, &batch);
    assert_int_equal(book_end(f->book, note, f), ERR_OK);
    for (uint32_t i = 0; i < batch.n; i++) {
        struct group_add add = {&batch.records[i],
                                batch.records[i].severity,
                                batch.records[i].ts_ns,
                                batch.records[i].ts_ns,
                                1,
                                1};
        assert_int_equal(db_groups_add(f->store, &add, 1), ERR_OK);
    }
    assert_int_equal(book_mark_groups(f->book), ERR_OK);
    assert_int_equal(correlate_save(f->c, &sink), ERR_OK);
    assert_int_equal(store_commit(f->store), ERR_OK);
    batch_fini(&batch);
}

static enum err restore(void *ctx, const char *name, struct slice bytes)
{
    struct fixture *f = ctx;
    assert_int_equal(correlate_restore(f->c, name, bytes), ERR_OK);
    return ERR_OK;
}

static void die_and_start(struct fixture *f)
{
    stop(f);
    start(f);
    assert_int_equal(db_checkpoints_each(f->store, "corr/", restore, f), ERR_OK);
    assert_int_equal(book_load(f->book, f->store), ERR_OK);
}

static uint32_t list(struct fixture *f, struct incident **rows)
{
    struct incidents_query query = {.text = ""};
    uint32_t n = 0;
    assert_int_equal(db_incidents_list(f->store, &query, &f->arena, rows, &n), ERR_OK);
    return n;
}

/* The one incident that is not merged, with all seven stages in its lanes. */
static void check_story(struct fixture *f)
{
    struct incident *rows;
    struct json *why = NULL;
    uint32_t n = list(f, &rows);
    uint32_t stages = 0;

    assert_int_equal(n, 1);
    assert_string_equal(rows[0].title_en, "IoT commands OT");
    assert_string_equal(rows[0].title_vi, "IoT ra lệnh OT");
    assert_int_equal(rows[0].severity, SEVERITY_CRITICAL);
    assert_string_equal(rows[0].entity_ip, CAMERA);
    assert_int_equal(rows[0].n_groups, STEPS);
    assert_int_equal(rows[0].n_events, STEPS);
    assert_true(rows[0].first_ns == BASE_NS);
    assert_true(rows[0].last_ns == BASE_NS + 45 * 60 * CLOCK_S);
    assert_int_equal(json_parse(slice_of_str(rows[0].why_json), &why, NULL), ERR_OK);
    for (const struct json *s = json_first(json_get(why, "stages")); s; s = json_next(s))
        stages++;
    assert_int_equal(stages, STEPS);
    assert_string_equal(json_str(json_path(why, "stages.0.src"), ""), ATTACKER);
    assert_string_equal(json_str(json_path(why, "stages.6.lane"), ""), "ot");
    assert_string_equal(json_str(json_path(why, "tree.children.0.children.0.matches.0.buffer"), ""),
                        "http.uri");
    assert_int_equal(json_count(json_path(why, "tree.children.0.children")), 3);
    assert_true(json_count(json_get(why, "reasons")) >= 3);
    json_free(&why);
}

static void the_story_is_one_incident_with_all_its_stages(void **state)
{
    struct fixture *f = *state;

    run_batch(f, story, STEPS, BASE_NS);
    check_story(f);
    assert_int_equal(f->n_told, 1);
    assert_string_equal(f->told[0].kind, "opened");
}

static void the_story_event_by_event_is_the_same_incident_with_rising_revisions(void **state)
{
    struct fixture *f = *state;

    for (uint32_t i = 0; i < STEPS; i++)
        run_batch(f, &story[i], 1, BASE_NS);
    check_story(f);
    assert_int_equal(f->n_told, 3);
    for (uint32_t i = 0; i < f->n_told; i++)
        assert_int_equal(f->told[i].revision, i + 1);
}

static void dying_after_each_event_changes_nothing(void **state)
{
    struct fixture *f = *state;

    for (uint32_t i = 0; i < STEPS; i++) {
        run_batch(f, &story[i], 1, BASE_NS);
        die_and_start(f);
    }
    check_story(f);
    assert_int_equal(f->n_told, 3);
}

/* Late delivery: the same story in another order of arrival. */
static void the_order_of_arrival_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct step shuffled[STEPS];
    uint64_t seed = 5;

    for (uint32_t round = 0; round < 40; round++) {
        memcpy(shuffled, story, sizeof(story));
        for (uint32_t i = STEPS; i > 1; i--) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            uint32_t k = (uint32_t)(seed >> 33) % i;
            struct step swap = shuffled[i - 1];
            shuffled[i - 1] = shuffled[k];
            shuffled[k] = swap;
        }
        for (uint32_t i = 0; i < STEPS; i++)
            run_batch(f, &shuffled[i], 1, BASE_NS);
        check_story(f);
        teardown(state);
        setup(state);
        f = *state;
    }
}

static void the_groups_of_an_incident_know_it(void **state)
{
    struct fixture *f = *state;
    struct groups_query query = {.incident_id = 1, .text = ""};
    struct group_row *rows;
    uint32_t n = 0;

    for (uint32_t i = 0; i < STEPS; i++)
        run_batch(f, &story[i], 1, BASE_NS);
    assert_int_equal(db_groups_list(f->store, &query, &f->arena, &rows, &n), ERR_OK);
    assert_int_equal(n, STEPS);
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(rows[i].incident_id, 1);
}

static void other_hosts_and_other_days_are_other_incidents(void **state)
{
    struct fixture *f = *state;
    static const struct step other[] = {{1, "10.20.4.99", ATTACKER, 4, 2},
                                        {2, "10.20.4.99", ATTACKER, 5, 2}};
    struct incident *rows;

    run_batch(f, story, STEPS, BASE_NS);
    run_batch(f, other, 2, BASE_NS);
    assert_int_equal(list(f, &rows), 2);
    run_batch(f, story, STEPS, BASE_NS + 3 * 86400 * CLOCK_S);
    assert_int_equal(list(f, &rows), 3);
}

static void an_incident_of_added_up_evidence_is_named_by_its_worst_alert(void **state)
{
    struct fixture *f = *state;
    static const struct step one[] = {{1, CAMERA, ATTACKER, 900, 1}};
    struct incident *rows;

    run_batch(f, one, 1, BASE_NS);
    assert_int_equal(list(f, &rows), 1);
    assert_string_equal(rows[0].title_en, "Something <script>");
    die_and_start(f);
    run_batch(f, one, 1, BASE_NS + 60 * CLOCK_S);
    assert_int_equal(list(f, &rows), 1);
    assert_string_equal(rows[0].title_en, "Something <script>");
}

static void what_one_login_says_of_both_its_ends_is_one_incident(void **state)
{
    struct fixture *f = *state;
    static const struct step one[] = {{1, CAMERA, PUMP, 901, 1}};
    static const struct step other[] = {{2, "10.20.4.99", "10.30.1.9", 901, 1}};
    struct incident *rows;

    run_batch(f, one, 1, BASE_NS);
    assert_int_equal(list(f, &rows), 1);
    die_and_start(f);
    run_batch(f, one, 1, BASE_NS + 60 * CLOCK_S);
    assert_int_equal(list(f, &rows), 1);
    run_batch(f, other, 1, BASE_NS);
    assert_int_equal(list(f, &rows), 2);
}

static void a_hit_that_shares_hosts_with_two_incidents_makes_them_one(void **state)
{
    struct fixture *f = *state;
    static const struct step pump[] = {{1, PUMP, ATTACKER, 4, 2}, {2, PUMP, ATTACKER, 5, 2}};
    static const struct step camera[] = {{3, CAMERA, ATTACKER, 4, 2}, {4, CAMERA, ATTACKER, 5, 2}};
    static const struct step both[] = {{8, CAMERA, PUMP, 6, 2}, {9, CAMERA, PUMP, 7, 1}};
    struct incident *rows;
    struct incident row;

    run_batch(f, pump, 2, BASE_NS);
    run_batch(f, camera, 2, BASE_NS);
    assert_int_equal(list(f, &rows), 2);
    run_batch(f, both, 2, BASE_NS);
    assert_int_equal(db_incidents_get(f->store, 2, &f->arena, &row), ERR_OK);
    assert_int_equal(row.state, INCIDENT_MERGED);
    assert_int_equal(row.merged_into, 1);
    assert_int_equal(db_incidents_get(f->store, 1, &f->arena, &row), ERR_OK);
    assert_int_equal(row.n_groups, 6);
    assert_string_equal(f->told[f->n_told - 1].kind, "closed");
    die_and_start(f);
    assert_int_equal(book_count(f->book), 1);
}

static void after_an_incident_was_closed_a_new_one_opens(void **state)
{
    struct fixture *f = *state;
    struct incident row;
    struct incident *rows;
    struct incident_entry entries[INCIDENT_CHANGE_ENTRIES_MAX];
    struct incident_change change = {.actor = "lan",
                                     .now_ns = BASE_NS,
                                     .has_state = true,
                                     .has_disposition = true,
                                     .state = INCIDENT_CLOSED,
                                     .disposition = DISPOSITION_TRUE_IMPACT};
    uint32_t n = 0;

    run_batch(f, story, 3, BASE_NS);
    assert_int_equal(db_incidents_get(f->store, 1, &f->arena, &row), ERR_OK);
    assert_int_equal(incident_change_apply(&row, &change, &f->arena, entries, &n), ERR_OK);
    assert_int_equal(db_incidents_put(f->store, &row), ERR_OK);
    run_batch(f, story + 3, STEPS - 3, BASE_NS);
    assert_int_equal(list(f, &rows), 2);
    assert_int_equal(db_incidents_get(f->store, 1, &f->arena, &row), ERR_OK);
    assert_int_equal(row.state, INCIDENT_CLOSED);
}

static void what_a_person_set_stays(void **state)
{
    struct fixture *f = *state;
    struct incident row;
    struct incident_entry entries[INCIDENT_CHANGE_ENTRIES_MAX];
    struct incident_change change = {.actor = "lan",
                                     .now_ns = BASE_NS,
                                     .has_severity = true,
                                     .severity = SEVERITY_LOW,
                                     .assignee = "lan",
                                     .has_state = true,
                                     .state = INCIDENT_IN_PROGRESS};
    uint32_t n = 0;

    run_batch(f, story, 3, BASE_NS);
    assert_int_equal(db_incidents_get(f->store, 1, &f->arena, &row), ERR_OK);
    assert_int_equal(incident_change_apply(&row, &change, &f->arena, entries, &n), ERR_OK);
    assert_int_equal(db_incidents_put(f->store, &row), ERR_OK);
    run_batch(f, story + 3, STEPS - 3, BASE_NS);
    assert_int_equal(db_incidents_get(f->store, 1, &f->arena, &row), ERR_OK);
    assert_int_equal(row.severity, SEVERITY_LOW);
    assert_int_equal(row.state, INCIDENT_IN_PROGRESS);
    assert_string_equal(row.assignee, "lan");
    assert_string_equal(row.title_en, "IoT commands OT");
}

static void a_thousand_alerts_of_one_kind_are_one_group_of_one_incident(void **state)
{
    struct fixture *f = *state;
    struct step flood[100];
    struct incident row;

    run_batch(f, story, STEPS, BASE_NS);
    for (uint32_t i = 0; i < 100; i++)
        flood[i] = (struct step){50, CAMERA, PUMP, 9, 2};
    for (uint32_t i = 0; i < 10; i++)
        run_batch(f, flood, 100, BASE_NS);
    assert_int_equal(db_incidents_get(f->store, 1, &f->arena, &row), ERR_OK);
    assert_int_equal(row.n_groups, STEPS + 1);
    assert_int_equal(row.n_events, STEPS + 1000);
    assert_true(row.score <= 100);
    assert_true(f->n_told <= 2);
}

/* Alerts of one group before, in and after the batch that opens the story. */
static void where_batches_are_cut_changes_no_count(void **state)
{
    enum { TIMES = 2, ALL = STEPS * TIMES };
    struct step steps[ALL];
    (void)state;

    for (uint32_t i = 0; i < ALL; i++)
        steps[i] = story[i / TIMES];
    for (uint32_t cut = 0; cut < ALL * ALL; cut++) {
        uint32_t first = cut / ALL, second = cut % ALL;
        struct incident *rows;
        void *own = NULL;

        if (second < first)
            continue;
        setup(&own);
        struct fixture *f = own;
        run_batch(f, steps, first, BASE_NS);
        run_batch(f, steps + first, second - first, BASE_NS);
        run_batch(f, steps + second, ALL - second, BASE_NS);
        assert_int_equal(list(f, &rows), 1);
        assert_int_equal(rows[0].n_groups, STEPS);
        assert_int_equal(rows[0].n_events, ALL);
        teardown(&own);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_story_is_one_incident_with_all_its_stages),
        TEST(the_story_event_by_event_is_the_same_incident_with_rising_revisions),
        TEST(dying_after_each_event_changes_nothing),
        TEST(the_order_of_arrival_changes_nothing),
        TEST(the_groups_of_an_incident_know_it),
        TEST(other_hosts_and_other_days_are_other_incidents),
        TEST(an_incident_of_added_up_evidence_is_named_by_its_worst_alert),
        TEST(what_one_login_says_of_both_its_ends_is_one_incident),
        TEST(a_hit_that_shares_hosts_with_two_incidents_makes_them_one),
        TEST(after_an_incident_was_closed_a_new_one_opens),
        TEST(what_a_person_set_stays),
        TEST(a_thousand_alerts_of_one_kind_are_one_group_of_one_incident),
        TEST(where_batches_are_cut_changes_no_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

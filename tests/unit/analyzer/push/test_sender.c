/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connectors of a configuration, the outbox in a real SQLite store, and a receiver that is played.
 */
#include "analyzer/push/sender.h"
#include "analyzer/store/store.h"
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

enum { GOT_MAX = 128 };

/** The receiver: answers as told, remembers what it took. */
struct receiver {
    enum push_outcome answer;
    uint64_t retry_after_ns;
    char got[GOT_MAX][96]; /* keys, in order */
    uint32_t n;
    uint32_t asked;
};

static void play_send(void *self, const struct connector *c, const char *key, const char *kind,
                      struct slice payload, uint64_t now_ns, struct push_answer *answer)
{
    struct receiver *r = self;

    (void)c;
    (void)kind;
    (void)now_ns;
    assert_true(payload.len > 0);
    r->asked++;
    answer->outcome = r->answer;
    answer->retry_after_ns = r->retry_after_ns;
    snprintf(answer->text, sizeof(answer->text), "played");
    if (r->answer == PUSH_SENT && r->n < GOT_MAX)
        snprintf(r->got[r->n++], 96, "%s", key);
}

static const struct push_def played = {.name = "played", .send = play_send};

struct fixture {
    char dir[64];
    struct store *store;
    struct conf *conf;
    struct connectors *connectors;
    struct strbuf report;
    struct receiver receiver;
    struct connector connector;
    struct sender_pass pass;
    struct arena arena;
};

static void configure(struct fixture *f, const char *yaml)
{
    char path[96];

    snprintf(path, sizeof(path), "%s/c.yaml", f->dir);
    FILE *file = fopen(path, "w");
    CHECK(file);
    fputs(yaml, file);
    fclose(file);
    connectors_free(&f->connectors);
    conf_free(&f->conf);
    f->conf = conf_new();
    conf_add(f->conf, connectors_options);
    assert_int_equal(conf_load(f->conf, path, &f->report), ERR_OK);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char fault[200] = "";

    CHECK(f);
    snprintf(f->dir, sizeof(f->dir), "/tmp/tramgac-push-XXXXXX");
    CHECK(mkdtemp(f->dir));
    CHECK(store_open_at("sqlite", f->dir, &f->store, fault, sizeof(fault)) == ERR_OK);
    strbuf_init(&f->report, 0);
    arena_init(&f->arena, 65536, 0);
    f->connector = (struct connector){.name = "ioc", .def = &played};
    f->pass =
        (struct sender_pass){.connector = &f->connector, .store = f->store, .link = &f->receiver};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];

    connectors_free(&f->connectors);
    conf_free(&f->conf);
    store_close(&f->store);
    strbuf_fini(&f->report);
    arena_fini(&f->arena);
    snprintf(command, sizeof(command), "rm -rf %s", f->dir);
    CHECK(system(command) == 0);
    free(f);
    return 0;
}

static void queue(struct fixture *f, int64_t incident, int64_t revision)
{
    char payload[64];
    struct outbox_row row = {.connector = "ioc",
                             .incident_id = incident,
                             .revision = revision,
                             .kind = "updated",
                             .payload = payload};

    snprintf(payload, sizeof(payload), "{\"specversion\":\"1.0\",\"id\":\"INC-%lld/%lld\"}",
             (long long)incident, (long long)revision);
    assert_int_equal(db_outbox_add(f->store, &row), ERR_OK);
}

static int64_t waiting(struct fixture *f)
{
    int64_t n = -1;
    assert_int_equal(db_outbox_waiting(f->store, NULL, &n), ERR_OK);
    return n;
}

static void revisions_of_one_incident_arrive_in_order(void **state)
{
    struct fixture *f = *state;

    for (int64_t revision = 1; revision <= 3; revision++) {
        queue(f, 1, revision);
        queue(f, 2, revision);
    }
    while (sender_once(&f->pass, CLOCK_S))
        ;
    assert_int_equal(f->receiver.n, 6);
    uint32_t one = 0;
    for (uint32_t i = 0; i < 6; i++) {
        if (strncmp(f->receiver.got[i], "INC-1/", 6) == 0)
            assert_int_equal(f->receiver.got[i][6], '1' + (char)one++);
    }
    assert_int_equal(one, 3);
    assert_int_equal(waiting(f), 0);
}

static void a_receiver_that_is_down_gets_everything_once_when_it_is_back(void **state)
{
    struct fixture *f = *state;
    uint64_t now = CLOCK_S;

    for (int64_t i = 1; i <= 20; i++)
        queue(f, i, 1);
    f->receiver.answer = PUSH_LATER;
    for (uint32_t i = 0; i < 1000; i++) {
        sender_once(&f->pass, now);
        now += CLOCK_S;
    }
    assert_true(f->receiver.asked < 40); /* it was left alone in between */
    assert_int_equal(waiting(f), 20);
    f->receiver.answer = PUSH_SENT;
    for (uint32_t i = 0; i < 2000; i++) {
        sender_once(&f->pass, now);
        now += CLOCK_S;
    }
    assert_int_equal(f->receiver.n, 20);
    assert_int_equal(waiting(f), 0);
}

static void a_failed_revision_holds_back_the_next_of_its_incident_only(void **state)
{
    struct fixture *f = *state;

    queue(f, 1, 1);
    f->receiver.answer = PUSH_LATER;
    sender_once(&f->pass, CLOCK_S);
    queue(f, 1, 2);
    queue(f, 2, 1);
    f->receiver.answer = PUSH_SENT;
    sender_once(&f->pass, 2 * CLOCK_S);
    assert_int_equal(f->receiver.n, 1);
    assert_string_equal(f->receiver.got[0], "INC-2/1");
    while (sender_once(&f->pass, 60 * CLOCK_S))
        ;
    assert_string_equal(f->receiver.got[1], "INC-1/1");
    assert_string_equal(f->receiver.got[2], "INC-1/2");
}

static void the_wish_to_wait_is_kept(void **state)
{
    struct fixture *f = *state;

    queue(f, 1, 1);
    f->receiver = (struct receiver){.answer = PUSH_LATER, .retry_after_ns = 120 * CLOCK_S};
    sender_once(&f->pass, CLOCK_S);
    f->receiver.answer = PUSH_SENT;
    assert_int_equal(sender_once(&f->pass, 100 * CLOCK_S), 0);
    assert_int_equal(sender_once(&f->pass, 122 * CLOCK_S), 1);
}

static void a_refused_message_is_given_up_and_the_next_goes(void **state)
{
    struct fixture *f = *state;
    struct outbox_row *rows;
    uint32_t n = 0;

    queue(f, 1, 1);
    queue(f, 1, 2);
    f->receiver.answer = PUSH_REFUSED;
    sender_once(&f->pass, CLOCK_S);
    f->receiver.answer = PUSH_SENT;
    sender_once(&f->pass, CLOCK_S);
    assert_string_equal(f->receiver.got[0], "INC-1/2");
    assert_int_equal(db_outbox_list(f->store, 1, 10, &f->arena, &rows, &n), ERR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(rows[1].state, OUTBOX_GIVEN_UP);
    assert_string_equal(rows[1].answer, "played");
    assert_int_equal(f->pass.refused, 1);
}

static void tries_end_where_the_configuration_says(void **state)
{
    struct fixture *f = *state;

    f->connector.max_tries = 3;
    queue(f, 1, 1);
    f->receiver.answer = PUSH_LATER;
    for (uint64_t s = 1; s < 200; s++)
        sender_once(&f->pass, s * CLOCK_S);
    assert_int_equal(f->receiver.asked, 3);
    assert_int_equal(waiting(f), 0);
}

static void a_configuration_says_what_is_wrong_with_each_connector(void **state)
{
    struct fixture *f = *state;

    configure(f, "push:\n"
                 "  - {name: good, type: cloudevents-http, url: 'http://127.0.0.1:9/x'}\n"
                 "  - {name: 'bad name', type: cloudevents-http, url: 'http://x/'}\n"
                 "  - {name: a, type: pigeon}\n"
                 "  - {name: b, type: cloudevents-mqtt}\n"
                 "  - {name: c, type: cloudevents-http, url: 'http://x/', min_severity: huge}\n"
                 "  - {name: d, type: cloudevents-http, url: 'http://x/', colour: red}\n"
                 "  - {name: good, type: cloudevents-http, url: 'http://x/'}\n");
    assert_int_equal(connectors_new(f->conf, &f->connectors, &f->report), ERR_INPUT);
    assert_int_equal(connectors_count(f->connectors), 1);
    static const char *const reasons[] = {"letters",      "no such type", "host: is missing",
                                          "min_severity", "colour",       "used twice"};
    for (uint32_t i = 0; i < 6; i++) {
        if (!strstr(f->report.at, reasons[i]))
            fail_msg("\"%s\" is not in: %s", reasons[i], f->report.at);
    }
}

static struct incident incident_of(int64_t id, int64_t revision, enum severity severity,
                                   const char *site)
{
    return (struct incident){.id = id,
                             .revision = revision,
                             .severity = severity,
                             .site = site,
                             .title_en = "t",
                             .title_vi = "t",
                             .entity_ip = "",
                             .techniques = "",
                             .tactics = "",
                             .tlp = "",
                             .why_json = "{}"};
}

static void each_connector_is_told_what_concerns_it_and_then_all_of_it(void **state)
{
    struct fixture *f = *state;
    struct outbox_row *rows;
    uint32_t n = 0;

    configure(f, "push:\n"
                 "  - {name: city, type: cloudevents-http, url: 'http://x/', min_severity: high}\n"
                 "  - {name: district, type: cloudevents-mqtt, host: x, sites: [binh-thuy]}\n");
    assert_int_equal(connectors_new(f->conf, &f->connectors, &f->report), ERR_OK);
    struct incident low = incident_of(1, 1, SEVERITY_MEDIUM, "ninh-kieu");
    assert_int_equal(connectors_queue(f->connectors, f->store, &low, "opened", 1), ERR_OK);
    assert_int_equal(waiting(f), 0);
    struct incident high = incident_of(1, 2, SEVERITY_HIGH, "ninh-kieu");
    assert_int_equal(connectors_queue(f->connectors, f->store, &high, "updated", 1), ERR_OK);
    assert_int_equal(connectors_queue(f->connectors, f->store, &high, "updated", 1), ERR_OK);
    struct incident closed = incident_of(1, 3, SEVERITY_LOW, "ninh-kieu");
    closed.state = INCIDENT_CLOSED;
    assert_int_equal(connectors_queue_change(f->connectors, f->store, &closed, 1), ERR_OK);
    assert_int_equal(db_outbox_list(f->store, 1, 10, &f->arena, &rows, &n), ERR_OK);
    assert_int_equal(n, 2);
    assert_string_equal(rows[1].kind, "opened");
    assert_string_equal(rows[0].kind, "closed");
    assert_string_equal(rows[0].connector, "city");
    struct incident other = incident_of(2, 1, SEVERITY_MEDIUM, "binh-thuy");
    assert_int_equal(connectors_queue(f->connectors, f->store, &other, "opened", 1), ERR_OK);
    assert_int_equal(db_outbox_list(f->store, 2, 10, &f->arena, &rows, &n), ERR_OK);
    assert_int_equal(n, 1);
    assert_string_equal(rows[0].connector, "district");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(revisions_of_one_incident_arrive_in_order),
        TEST(a_receiver_that_is_down_gets_everything_once_when_it_is_back),
        TEST(a_failed_revision_holds_back_the_next_of_its_incident_only),
        TEST(the_wish_to_wait_is_kept),
        TEST(a_refused_message_is_given_up_and_the_next_goes),
        TEST(tries_end_where_the_configuration_says),
        TEST(a_configuration_says_what_is_wrong_with_each_connector),
        TEST(each_connector_is_told_what_concerns_it_and_then_all_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An empty store of each engine, and rows to fill it with. For the suites that all engines pass.
 * PostgreSQL runs as a server of its own for the suite; where it is not installed, this is said.
 */
#ifndef TRAMGAC_TESTS_CONTRACT_ANALYZER_FIXTURE_H
#define TRAMGAC_TESTS_CONTRACT_ANALYZER_FIXTURE_H

#include "analyzer/store/db_events.h"
#include "analyzer/store/db_groups.h"
#include "analyzer/store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define OK(call) assert_int_equal(call, ERR_OK)

struct fixture {
    char dir[64];
    char server[64]; /* directory of the database server; "" = the engine needs none */
    char place[128];
    uint32_t n; /* stores opened */
    const char *engine;
    struct store *store;
    struct arena arena;
    struct batch batch;
};

static struct fixture fixture;

/* Exit status of tests/lib/postgres. */
static int server(const char *verb, const char *name)
{
    char command[512];
    snprintf(command, sizeof(command), "%s/tests/lib/postgres %s %s %s", TRAMGAC_SOURCE_DIR, verb,
             fixture.server, name);
    return WEXITSTATUS(system(command));
}

static void choose_place(void)
{
    char name[24];
    strcpy(fixture.place, fixture.dir);
    if (!*fixture.server)
        return;
    snprintf(name, sizeof(name), "t%u", ++fixture.n);
    assert_int_equal(server("new", name), 0);
    snprintf(fixture.place, sizeof(fixture.place), "host=%s user=postgres dbname=%s",
             fixture.server, name);
}

static int open_store(void **state)
{
    char fault[256] = "";
    strcpy(fixture.dir, "/tmp/tramgac-store-XXXXXX");
    assert_non_null(mkdtemp(fixture.dir));
    choose_place();
    if (store_open_at(fixture.engine, fixture.place, &fixture.store, fault, sizeof(fault)))
        fail_msg("%s", fault);
    arena_init(&fixture.arena, 65536, 0);
    batch_init(&fixture.batch);
    *state = &fixture;
    return 0;
}

static int close_store(void **state)
{
    struct fixture *f = *state;
    char command[128];
    store_close(&f->store);
    arena_fini(&f->arena);
    batch_fini(&f->batch);
    snprintf(command, sizeof(command), "rm -rf %s", f->dir);
    return system(command);
}

static struct record *alert(struct fixture *f, int64_t event, int64_t group, uint64_t ts)
{
    struct record *r = batch_add(&f->batch);
    r->event_id = event;
    r->group_id = group;
    r->ts_ns = ts;
    r->kind = RECORD_ALERT;
    r->is_alert = true;
    r->event_type = "alert";
    r->severity = SEVERITY_HIGH;
    r->sensor = "s1";
    r->site = "ct";
    strcpy(r->src.addr_text, "10.20.4.12");
    strcpy(r->dst.addr_text, "10.30.1.11");
    r->src.name = "cam-ninh-kieu";
    r->dst.name = "Trạm bơm Cái Khế";
    r->dst.criticality = 5;
    r->alert.gid = 1;
    r->alert.sid = 9000001;
    r->alert.signature = "Modbus write from a stranger";
    r->technique_words = "T0855";
    r->flow_id = 77;
    r->raw = SLICE_LIT("{\"event_type\":\"alert\",\"note\":\"Percent 100%_\"}");
    return r;
}

static inline struct group_add sum_of(const struct record *r, int64_t n)
{
    return (struct group_add){r, r->severity, r->ts_ns, r->ts_ns, n, 1};
}

#define T(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)

/* False: the engine cannot be had here. */
static bool start_server(void)
{
    fixture.server[0] = '\0';
    if (strcmp(fixture.engine, "postgres") != 0)
        return true;
    strcpy(fixture.server, "/tmp/tramgac-pg-XXXXXX");
    assert_non_null(mkdtemp(fixture.server));
    int status = server("start", "");
    if (status && status != 77)
        printf("the PostgreSQL server does not start\n");
    return status != 77;
}

static int stop_server(void)
{
    char command[128];
    if (!*fixture.server)
        return 0;
    int status = server("stop", "");
    snprintf(command, sizeof(command), "rm -rf %s", fixture.server);
    return system(command) + status;
}

/** Runs the tests with every engine; the number of failures. */
#define EACH_ENGINE(tests) each_engine(tests, sizeof(tests) / sizeof((tests)[0]))

static int each_engine(const struct CMUnitTest *tests, size_t n)
{
    int failed = 0;

    for (uint32_t i = 0; store_rows[i]; i++) {
        fixture.engine = store_rows[i]->name;
        if (!start_server()) {
            printf("%s: skipped, it is not installed\n", fixture.engine);
            continue;
        }
        failed += _cmocka_run_group_tests(store_rows[i]->name, tests, n, NULL, NULL);
        failed += stop_server();
    }
    return failed;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/incident/incident_change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct incident fresh(void)
{
    return (struct incident){.id = 7,
                             .version = 3,
                             .revision = 2,
                             .state = INCIDENT_NEW,
                             .assignee = "",
                             .severity = SEVERITY_HIGH};
}

static enum err apply(struct incident *incident, struct incident_change change, uint32_t *n)
{
    struct incident_entry entries[INCIDENT_CHANGE_ENTRIES_MAX];
    struct arena arena;

    arena_init(&arena, 4096, 0);
    change.actor = "lan";
    change.now_ns = 99;
    enum err err = incident_change_apply(incident, &change, &arena, entries, n);
    incident->assignee = ""; /* its text goes with the arena */
    arena_fini(&arena);
    return err;
}

static void closing_needs_a_conclusion(void **state)
{
    (void)state;
    struct incident incident = fresh();
    uint32_t n = 0;

    assert_int_equal(
        apply(&incident, (struct incident_change){.has_state = true, .state = INCIDENT_CLOSED}, &n),
        ERR_INPUT);
    assert_int_equal(incident.state, INCIDENT_NEW);
    assert_int_equal(apply(&incident,
                           (struct incident_change){.has_state = true,
                                                    .state = INCIDENT_CLOSED,
                                                    .has_disposition = true,
                                                    .disposition = DISPOSITION_FALSE_POSITIVE},
                           &n),
                     ERR_OK);
    assert_int_equal(incident.state, INCIDENT_CLOSED);
    assert_int_equal(incident.closed_ns, 99);
    assert_int_equal(n, 2);
}

static void a_merged_incident_stays_merged(void **state)
{
    (void)state;
    for (int to = 0; to < INCIDENT_STATES; to++)
        assert_true(incident_change_allowed(INCIDENT_MERGED, (enum incident_state)to) ==
                    (to == INCIDENT_MERGED));
}

static void nobody_merges_by_hand(void **state)
{
    (void)state;
    for (int from = 0; from < INCIDENT_STATES; from++)
        if (from != INCIDENT_MERGED)
            assert_false(incident_change_allowed((enum incident_state)from, INCIDENT_MERGED));
}

static void a_comment_is_no_news_for_operations_centres_a_state_is(void **state)
{
    (void)state;
    struct incident incident = fresh();
    uint32_t n = 0;

    assert_int_equal(apply(&incident, (struct incident_change){.comment = "đã gọi trạm bơm"}, &n),
                     ERR_OK);
    assert_int_equal(incident.revision, 2);
    assert_int_equal(n, 1);
    assert_int_equal(apply(&incident,
                           (struct incident_change){.has_state = true, .state = INCIDENT_ESCALATED},
                           &n),
                     ERR_OK);
    assert_int_equal(incident.revision, 3);
}

static void reopening_forgets_the_conclusion(void **state)
{
    (void)state;
    struct incident incident = fresh();
    uint32_t n = 0;

    incident.state = INCIDENT_CLOSED;
    incident.disposition = DISPOSITION_LEGITIMATE;
    incident.closed_ns = 50;
    assert_int_equal(
        apply(&incident, (struct incident_change){.has_state = true, .state = INCIDENT_IN_PROGRESS},
              &n),
        ERR_OK);
    assert_int_equal(incident.disposition, DISPOSITION_NONE);
    assert_int_equal(incident.closed_ns, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closing_needs_a_conclusion),
        cmocka_unit_test(a_merged_incident_stays_merged),
        cmocka_unit_test(nobody_merges_by_hand),
        cmocka_unit_test(a_comment_is_no_news_for_operations_centres_a_state_is),
        cmocka_unit_test(reopening_forgets_the_conclusion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

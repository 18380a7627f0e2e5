/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked for follows from rules and event types.
 */
#include "sensor/run/settings.h"
#include "sensor/run/wants.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the three above */
#include <cmocka.h>

static struct wants wants_of(const char *setting, bool rules)
{
    struct conf *conf = settings_new();
    struct strbuf report;
    struct wants wants;

    strbuf_init(&report, 1024);
    if (setting)
        assert_int_equal(conf_set(conf, setting, &report), ERR_OK);
    wants_read(conf, rules, &wants);
    strbuf_fini(&report);
    conf_free(&conf);
    return wants;
}

static void by_default_everything_is_asked_for(void **state)
{
    (void)state;
    struct wants wants = wants_of(NULL, false);

    assert_true(wants.content && wants.notes && wants.devices);
}

static void flow_records_ask_for_nothing_else(void **state)
{
    (void)state;
    struct wants wants = wants_of("event.types=flow,netflow,stats,visibility", false);

    assert_false(wants.content || wants.notes || wants.devices);
}

static void rules_ask_for_everything(void **state)
{
    (void)state;
    struct wants wants = wants_of("event.types=flow", true);

    assert_true(wants.content && wants.notes && wants.devices);
}

static void one_protocol_asks_for_contents_but_not_for_hosts(void **state)
{
    (void)state;
    struct wants wants = wants_of("event.types=flow,dns", false);

    assert_true(wants.content);
    assert_false(wants.notes || wants.devices);
}

static void deviations_ask_for_contents_too(void **state)
{
    (void)state;
    struct wants wants = wants_of("event.types=deviation", false);

    assert_true(wants.content && wants.devices);
}

static void notes_summed_up_ask_for_parsers(void **state)
{
    (void)state;
    struct wants wants = wants_of("event.types=anomaly_summary", false);

    assert_true(wants.content && wants.notes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_default_everything_is_asked_for),
        cmocka_unit_test(flow_records_ask_for_nothing_else),
        cmocka_unit_test(rules_ask_for_everything),
        cmocka_unit_test(one_protocol_asks_for_contents_but_not_for_hosts),
        cmocka_unit_test(deviations_ask_for_contents_too),
        cmocka_unit_test(notes_summed_up_ask_for_parsers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of the engine in sums: by host, by hour of packet time.
 */
#include "common/clock.h"
#include "sensor/run/hourly.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
/* cmocka needs the three above */
#include <cmocka.h>

static void note(struct hourly *h, const char *host, const char *event, uint64_t s)
{
    struct item item = {.kind = ITEM_NOTE, .layer = "decode", .note = event, .ts_ns = s * CLOCK_S};

    addr_parse(slice_of_str(host), &item.src);
    hourly_note(h, &item, &item.src);
}

static void an_hour_is_told_when_it_is_over(void **state)
{
    struct hourly *h = hourly_new();
    struct strbuf text;
    struct addr host;

    (void)state;
    assert_non_null(h);
    strbuf_init(&text, 0);
    assert_false(hourly_due(h, UINT64_MAX, true)); /* nothing was counted */
    note(h, "10.0.0.2", "ipv4.trunc_pkt", 7300);
    note(h, "10.0.0.1", "udp.hlen_invalid", 7301);
    note(h, "10.0.0.1", "ipv4.trunc_pkt", 7302);
    note(h, "10.0.0.1", "ipv4.trunc_pkt", 7303);
    assert_false(hourly_due(h, 10799 * CLOCK_S, false));
    assert_true(hourly_due(h, 10799 * CLOCK_S, true));
    assert_true(hourly_due(h, 10800 * CLOCK_S, false));
    assert_true(hourly_next(h, &host, &text));
    assert_non_null(strstr(text.at, "\"host\":\"10.0.0.1\""));
    assert_non_null(strstr(text.at, "\"total\":3"));
    assert_non_null(strstr(text.at, "\"events\":[{\"type\":\"decode\",\"event\":\"ipv4.trunc_pkt\","
                                    "\"count\":2},{\"type\":\"decode\","
                                    "\"event\":\"udp.hlen_invalid\",\"count\":1}]"));
    assert_true(hourly_next(h, &host, &text));
    assert_non_null(strstr(text.at, "\"host\":\"10.0.0.2\""));
    assert_false(hourly_next(h, &host, &text));
    assert_false(hourly_due(h, UINT64_MAX, true)); /* told once */
    note(h, "10.0.0.2", "ipv4.trunc_pkt", 10900);
    assert_true(hourly_next(h, &host, &text));
    assert_non_null(strstr(text.at, "\"total\":1"));
    hourly_free(&h);
    strbuf_fini(&text);
}

static void what_has_no_room_is_counted_without_a_name(void **state)
{
    struct hourly *h = hourly_new();
    struct strbuf text;
    struct addr host;
    char name[32];
    uint32_t hosts = 0;

    (void)state;
    assert_non_null(h);
    strbuf_init(&text, 0);
    for (uint32_t i = 0; i < HOURLY_ROWS + 5; i++) {
        snprintf(name, sizeof(name), "10.1.%u.%u", i >> 8, i & 255);
        note(h, name, "ipv4.trunc_pkt", 1);
    }
    while (hourly_next(h, &host, &text))
        if (++hosts == HOURLY_ROWS)
            assert_non_null(strstr(text.at, "\"not_counted_by_host\":5"));
    assert_int_equal(hosts, HOURLY_ROWS);
    hourly_free(&h);
    strbuf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_hour_is_told_when_it_is_over),
        cmocka_unit_test(what_has_no_room_is_counted_without_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

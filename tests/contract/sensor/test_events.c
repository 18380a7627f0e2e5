/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every row of the events table: documented, and valid JSON whatever the texts are.
 */
#include "event_world.h"

#include "common/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void every_event_says_what_it_is_and_what_it_carries(void **state)
{
    (void)state;
    for (uint32_t i = 0; ev_rows[i]; i++) {
        const struct event_def *e = ev_rows[i];
        assert_true(e->name && *e->name && e->doc && *e->doc && e->write);
        assert_true(e->schema && *e->schema);
        for (const char *line = e->schema; *line;) {
            size_t len = strcspn(line, "\n");
            char copy[256];
            snprintf(copy, sizeof(copy), "%.*s", (int)len, line);
            assert_int_equal(line[len], '\n');
            char *type = strchr(copy, '|');
            assert_non_null(type);
            char *doc = strchr(type + 1, '|');
            assert_non_null(doc);
            assert_true(type != copy && doc != type + 1 && doc[1]);
            line += len + 1;
        }
        for (uint32_t k = 0; k < i; k++)
            assert_string_not_equal(ev_rows[k]->name, e->name);
    }
}

static void every_event_is_valid_json_with_hostile_texts(void **state)
{
    (void)state;
    struct event_world w;

    event_world_open(&w);
    w.options.payload = w.options.payload_printable = w.options.packet = w.options.http_body = true;
    w.options.types = UINT32_MAX; /* also those that are off unless asked for */
    for (uint32_t i = 0; ev_rows[i]; i++) {
        struct strbuf out;
        struct json *tree = NULL;
        struct json_fault why = {0};
        strbuf_init(&out, 0);
        assert_true(event_write(ev_rows[i]->name, &w.ctx, &out));
        event_close(&out, &(struct event_tail){.devices = w.devices}, &w.fact.client,
                    &w.flow.server);
        if (json_parse(strbuf_view(&out), &tree, &why) != ERR_OK)
            fail_msg("%s: %s: %s", ev_rows[i]->name, why.text, out.at);
        assert_null(memchr(out.at, '\n', out.len));
        assert_null(memchr(out.at, 0x1b, out.len));
        const char *type = json_str(json_get(tree, "event_type"), "");
        assert_true(*type);
        json_free(&tree);
        strbuf_fini(&out);
    }
    event_world_close(&w);
}

static void every_event_can_do_without_a_flow_or_a_packet(void **state)
{
    (void)state;
    struct event_world w;

    event_world_open(&w);
    for (uint32_t i = 0; ev_rows[i]; i++) {
        struct strbuf out;
        struct json *tree = NULL;
        w.ctx.packet = NULL;
        w.ctx.flow = ev_rows[i]->ends == EVENT_ENDS_CLIENT ? &w.flow : NULL;
        strbuf_init(&out, 0);
        if (event_write(ev_rows[i]->name, &w.ctx, &out)) {
            event_close(&out, &(struct event_tail){0}, NULL, NULL);
            assert_int_equal(json_parse(strbuf_view(&out), &tree, NULL), ERR_OK);
            json_free(&tree);
        }
        strbuf_fini(&out);
    }
    event_world_close(&w);
}

static void every_detector_and_kind_of_evidence_is_documented(void **state)
{
    (void)state;
    const char *a, *b, *c;
    char sid[16];
    char seen[64][16];
    uint32_t n = 0;

    for (; devices_detector(n, &a, sid, &b, &c); n++) {
        assert_true(*a && *b && *c);
        for (uint32_t k = 0; k < n; k++)
            assert_string_not_equal(seen[k], sid);
        snprintf(seen[n], sizeof(seen[n]), "%s", sid);
    }
    assert_true(n > 10);
    for (n = 0; devices_evidence(n, &a, &b); n++)
        assert_true(*a && *b);
    assert_true(n >= 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_says_what_it_is_and_what_it_carries),
        cmocka_unit_test(every_event_is_valid_json_with_hostile_texts),
        cmocka_unit_test(every_event_can_do_without_a_flow_or_a_packet),
        cmocka_unit_test(every_detector_and_kind_of_evidence_is_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

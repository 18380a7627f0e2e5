/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules on frames: which bytes they see, when they fire, and that each frame counts once.
 */
#include "detect_kit.h"
#include "sensor/app/app_flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A flow whose protocol is known, without a parser. */
static void open_as(struct kit *kit, const char *rules, const char *name)
{
    static struct app app;

    for (uint32_t i = 0; proto_rows[i]; i++)
        app.proto = strcmp(proto_rows[i]->name, name) == 0 ? proto_rows[i] : app.proto;
    assert_true(kit_open(kit, rules));
    if (!ruleset_rules(kit->rules))
        fail_msg("%s", kit_reason(kit));
    kit_tcp(kit, 1883);
    kit->flow.app_name = name;
    kit->flow.ext[FLOW_EXT_APP] = &app;
}

static void a_frame_is_looked_at_by_itself(void **state)
{
    struct kit kit;
    uint32_t n;

    (void)state;
    open_as(&kit,
            "alert mqtt any any -> any any (frame:data; content:\"ab\"; startswith; sid:1;)\n",
            "mqtt");
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("\x30\x02xy\x30\x02")), 0);
    assert_int_equal(kit_segment(&kit, TO_SERVER,
                                 SLICE_LIT("ab\x30\x02"
                                           "ab")),
                     2);
    const struct hit *hit = detect_hits(kit.detect, &n);
    assert_string_equal(hit->frame.type, "data");
    assert_int_equal(hit->frame.id, 2);
    assert_int_equal(hit->frame.at, 6);
    assert_int_equal(hit->frame.length, 2);
    assert_true(hit->frame.complete);
    assert_true(slice_eq(hit->frame.bytes, SLICE_LIT("ab")));
    kit_close(&kit);
}

static void a_message_is_looked_at_when_it_is_whole(void **state)
{
    struct kit kit;

    (void)state;
    open_as(&kit,
            "alert tcp any any -> any any (frame:mqtt.data; content:\"ab\"; endswith; sid:1;)\n"
            "alert tcp any any -> any any (frame:mqtt.data; content:\"ab\"; sid:2;)\n"
            "alert tcp any any -> any any (frame:mqtt.data; bsize:4; sid:3;)\n",
            "mqtt");
    assert_int_equal(kit_segment(&kit, TO_SERVER,
                                 SLICE_LIT("\x30\x04"
                                           "ab")),
                     0);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("ab")), 3);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("\x30\x01z")), 0);
    kit_close(&kit);
}

static void a_rule_of_another_protocol_sees_nothing(void **state)
{
    struct kit kit;

    (void)state;
    open_as(&kit, "alert tcp any any -> any any (frame:dns.pdu; content:\"ab\"; sid:1;)\n", "mqtt");
    assert_int_equal(kit_segment(&kit, TO_SERVER,
                                 SLICE_LIT("\x30\x04"
                                           "abab")),
                     0);
    kit_close(&kit);
}

static void a_gap_inside_a_frame_is_named_and_ends_what_is_inspected(void **state)
{
    struct kit kit;
    uint32_t n;

    (void)state;
    open_as(&kit,
            "alert mqtt any any -> any any (frame:data; content:\"ab\"; sid:1;)\n"
            "alert mqtt any any -> any any (frame:data; content:\"yz\"; sid:2;)\n",
            "mqtt");
    kit_segment(&kit, TO_SERVER, SLICE_LIT("\x30\x09xxx"));
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("ab")), 0);
    kit.sent[TO_SERVER] += 2;
    kit.chunk.gap = 2;
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("yz\x30\x02yz")), 2);
    const struct hit *hits = detect_hits(kit.detect, &n);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(hits[i].rule->sid, i + 1);
        assert_int_equal(hits[i].frame.id, i + 1);
    }
    kit_close(&kit);
}

static void rules_that_cannot_be_are_put_aside(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(
        &kit, "alert tcp any any -> any any (frame:pdu; content:\"a\"; sid:1;)\n"
              "alert tls any any -> any any (frame:nothing; content:\"a\"; sid:2;)\n"
              "alert tls any any -> any any (frame:dns.pdu; content:\"a\"; sid:3;)\n"
              "alert udp any any -> any any (frame:tls.pdu; content:\"a\"; sid:4;)\n"
              "alert tls any any -> any any (content:\"b\"; frame:pdu; content:\"a\"; sid:5;)\n"));
    assert_int_equal(ruleset_rules(kit.rules), 0);
    kit_close(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_is_looked_at_by_itself),
        cmocka_unit_test(a_message_is_looked_at_when_it_is_whole),
        cmocka_unit_test(a_rule_of_another_protocol_sees_nothing),
        cmocka_unit_test(a_gap_inside_a_frame_is_named_and_ends_what_is_inspected),
        cmocka_unit_test(rules_that_cannot_be_are_put_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

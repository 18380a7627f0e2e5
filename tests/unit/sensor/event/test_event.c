/* SPDX-License-Identifier: Apache-2.0 */
#include "event_world.h"

#include "common/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Writes and closes an event; the caller frees the tree. */
static struct json *event(struct event_world *w, const char *name)
{
    struct strbuf out;
    struct json *tree = NULL;

    strbuf_init(&out, 0);
    assert_true(event_write(name, &w->ctx, &out));
    event_close(&out, &(struct event_tail){.devices = w->devices}, &w->fact.client, NULL);
    assert_int_equal(json_parse(strbuf_view(&out), &tree, NULL), ERR_OK);
    strbuf_fini(&out);
    return tree;
}

static const char *text(const struct json *tree, const char *path)
{
    return json_str(json_path(tree, path), "");
}

static void an_alert_keeps_the_direction_of_its_packet(void **state)
{
    (void)state;
    struct event_world w;

    event_world_open(&w);
    struct json *e = event(&w, "alert");
    assert_string_equal(text(e, "event_type"), "alert");
    assert_string_equal(text(e, "timestamp"), "1970-01-01T00:00:11.000000+0000");
    assert_string_equal(text(e, "src_ip"), "192.0.2.80");
    assert_int_equal(json_i64(json_get(e, "dest_port"), 0), 40000);
    assert_int_equal(json_i64(json_get(e, "pcap_cnt"), 0), 5);
    assert_int_equal(json_i64(json_path(e, "vlan.0"), 0), 12);
    assert_int_equal(json_i64(json_path(e, "alert.signature_id"), 0), 4711);
    assert_string_equal(text(e, "alert.target.ip"), "192.0.2.1");
    assert_string_equal(text(e, "alert.source.ip"), "192.0.2.80");
    assert_string_equal(text(e, "alert.metadata.k.0"), "v");
    assert_string_equal(text(e, "alert.reason.0.buffer"), "http.uri");
    assert_string_equal(text(e, "direction"), "to_client");
    assert_string_equal(text(e, "flow.src_ip"), "192.0.2.1");
    assert_int_equal(json_i64(json_path(e, "demo.inner.number"), 0), 9);
    assert_int_equal(json_i64(json_path(e, "files.0.size"), 0), 100);
    assert_null(json_get(e, "payload"));
    assert_string_equal(text(e, "device.src.id"), "ip:10.0.0.7");
    json_free(&e);
    event_world_close(&w);
}

static void devices_are_told_in_full_or_in_brief_and_as_they_are_now(void **state)
{
    (void)state;
    struct event_world w;
    struct strbuf out, room;
    struct fact name = {.kind = FACT_DHCP, .text = "camera"};
    struct closings *kept = closings_new();

    event_world_open(&w);
    strbuf_init(&out, 0);
    strbuf_init(&room, 0);
    for (uint32_t i = 0; i < 6; i++) {
        if (i == 4) {
            name.client = w.fact.client;
            devices_fact(w.devices, &name);
        }
        strbuf_clear(&out);
        struct event_tail tail = {.devices = w.devices, .brief = i % 2};
        event_close(&out, &tail, &w.fact.client, NULL);
        struct slice text = event_closing(kept, &room, &tail, &w.fact.client, NULL);
        assert_true(slice_eq(text, strbuf_view(&out)));
        assert_int_equal(text.at == (const uint8_t *)room.at, i < 2 || i > 3); /* then it is kept */
        assert_non_null(strstr(out.at, "\"device\":{\"src\":{\"id\":\"ip:10.0.0.7\""));
        assert_int_equal(strstr(out.at, "\"name\":\"camera\"") != NULL, i > 3);
        assert_int_equal(strstr(out.at, "\"state\":") != NULL, i % 2 == 0);
    }
    strbuf_fini(&out);
    strbuf_fini(&room);
    closings_free(&kept);
    event_world_close(&w);
}

/* The same event with and without what is kept of heads. */
static void expect_same(struct event_world *w, struct heads *heads, const char *name)
{
    struct strbuf first, again;

    strbuf_init(&first, 0);
    strbuf_init(&again, 0);
    w->ctx.heads = NULL;
    assert_true(event_write(name, &w->ctx, &first));
    w->ctx.heads = heads;
    for (uint32_t i = 0; i < 2; i++) {
        strbuf_clear(&again);
        assert_true(event_write(name, &w->ctx, &again));
        assert_string_equal(first.at, again.at);
    }
    strbuf_fini(&first);
    strbuf_fini(&again);
}

static void the_head_of_a_flow_is_the_same_when_it_was_kept(void **state)
{
    (void)state;
    static const char *const names[] = {"flow", "alert", "fileinfo", "tx"};
    struct event_world w;
    struct heads *heads = heads_new();
    const struct packet *packet;

    event_world_open(&w);
    packet = w.ctx.packet;
    /* what the text is made of changes, one after the other */
    for (uint32_t i = 0; i < 64; i++) {
        w.flow.vlan[0] = (uint16_t)(7 + i / 16);
        w.flow.app_name = i / 32 ? "demo" : "other";
        w.flow.app_orig = i % 16 > 11 ? "first" : NULL;
        w.flow.swapped = i % 16 > 13;
        w.ctx.dir = i % 8 > 3 ? TO_SERVER : TO_CLIENT;
        w.ctx.iface = i % 16 > 7 ? "eth0" : NULL;
        w.ctx.packet = i % 3 ? packet : NULL;
        w.ctx.ts_ns += 1001001000;
        expect_same(&w, heads, names[i % 4]);
    }
    heads_free(&heads);
    event_world_close(&w);
}

static void payload_and_packet_come_only_when_asked_for(void **state)
{
    (void)state;
    struct event_world w;

    event_world_open(&w);
    w.options.payload = w.options.payload_printable = w.options.packet = true;
    struct json *e = event(&w, "alert");
    assert_string_equal(text(e, "payload_printable"), "GET / HTTP/1.1\r\n");
    assert_string_equal(text(e, "payload"), "R0VUIC8gSFRUUC8xLjENCg==");
    assert_int_equal(json_i64(json_path(e, "packet_info.linktype"), 0), 1);
    json_free(&e);
    event_world_close(&w);
}

static void flows_and_transactions_run_from_client_to_server(void **state)
{
    (void)state;
    static const char *const names[] = {"flow", "tx"};
    struct event_world w;

    event_world_open(&w);
    w.ctx.packet = NULL;
    for (uint32_t i = 0; i < 2; i++) {
        struct json *e = event(&w, names[i]);
        assert_string_equal(text(e, "event_type"), i ? "demo" : "flow");
        assert_string_equal(text(e, "src_ip"), "192.0.2.1");
        assert_string_equal(text(e, "app_proto"), "demo");
        json_free(&e);
    }
    w.options.packet_ends = true;
    struct json *sent = event(&w, "tx");
    assert_string_equal(text(sent, "src_ip"), "192.0.2.80");
    json_free(&sent);
    struct json *e = event(&w, "fileinfo");
    assert_string_equal(text(e, "src_ip"), "192.0.2.80");
    assert_string_equal(text(e, "fileinfo.yara.0"), "Rule_A");
    json_free(&e);
    event_world_close(&w);
}

static void a_flow_says_how_it_ended_and_what_was_not_seen(void **state)
{
    (void)state;
    struct event_world w;

    event_world_open(&w);
    w.flow.midstream = true;
    w.flow.pkts[TO_CLIENT] = 0;
    w.flow.gaps[TO_SERVER] = 2;
    struct json *e = event(&w, "flow");
    assert_string_equal(text(e, "flow.state"), "established");
    assert_string_equal(text(e, "flow.reason"), "timeout");
    assert_int_equal(json_i64(json_path(e, "flow.age"), 0), 2);
    assert_string_equal(text(e, "tcp.tcp_flags"), "12");
    assert_true(json_bool(json_path(e, "tcp.syn"), false));
    assert_true(json_bool(json_path(e, "visibility.midstream"), false));
    assert_string_equal(text(e, "visibility.only_seen"), "to_server");
    assert_int_equal(json_i64(json_path(e, "visibility.gaps_toserver"), 0), 2);
    json_free(&e);
    event_world_close(&w);
}

static void findings_and_yara_hits_are_alerts_with_numbers_of_their_own(void **state)
{
    (void)state;
    struct event_world w;

    event_world_open(&w);
    struct json *e = event(&w, "deviation");
    assert_int_equal(json_i64(json_path(e, "alert.gid"), 0), 9101);
    assert_string_equal(text(e, "src_ip"), "10.0.0.7");
    assert_string_equal(text(e, "deviation.device.id"), "ip:10.0.0.7");
    json_free(&e);
    e = event(&w, "yara");
    assert_string_equal(text(e, "event_type"), "alert");
    assert_int_equal(json_i64(json_path(e, "alert.gid"), 0), 9102);
    assert_int_equal(json_i64(json_path(e, "alert.severity"), 0), 2);
    assert_string_equal(text(e, "alert.signature"), "Botnet loader");
    assert_string_equal(json_str(json_first(json_path(e, "alert.metadata.title_vi")), ""),
                        "Trình nạp botnet");
    json_free(&e);
    event_world_close(&w);
}

static void types_can_be_chosen_and_switched_off(void **state)
{
    (void)state;
    struct event_world w;
    struct strbuf out, report;

    event_world_open(&w);
    strbuf_init(&out, 0);
    strbuf_init(&report, 0);
    assert_int_equal(conf_set(w.conf, "event.types=alert,dns", &report), ERR_OK);
    event_options_read(w.conf, &w.options);
    assert_true(event_write("alert", &w.ctx, &out));
    assert_false(event_write("flow", &w.ctx, &out));
    assert_int_equal(conf_set(w.conf, "event.types=alert,stats", &report), ERR_OK);
    event_options_read(w.conf, &w.options);
    assert_true(event_write("alert", &w.ctx, &out));
    assert_false(event_write("tx", &w.ctx, &out));
    assert_int_equal(conf_set(w.conf, "event.types=all", &report), ERR_OK);
    assert_int_equal(conf_set(w.conf, "event.off=flow", &report), ERR_OK);
    event_options_read(w.conf, &w.options);
    assert_false(event_write("flow", &w.ctx, &out));
    assert_true(event_write("tx", &w.ctx, &out));
    assert_false(event_write("no such event", &w.ctx, &out));
    strbuf_fini(&out);
    strbuf_fini(&report);
    event_world_close(&w);
}

static void a_packet_without_a_flow_is_enough(void **state)
{
    (void)state;
    struct event_world w;

    event_world_open(&w);
    w.ctx.flow = NULL;
    w.ctx.finding = NULL;
    w.ctx.tx = NULL;
    w.hit.tx = NULL;
    w.hit.file = NULL;
    w.packet.proto = 1;
    w.packet.icmp_type = 8;
    struct json *e = event(&w, "alert");
    assert_null(json_get(e, "flow_id"));
    assert_null(json_get(e, "src_port"));
    assert_string_equal(text(e, "proto"), "ICMP");
    assert_int_equal(json_i64(json_get(e, "icmp_type"), 0), 8);
    json_free(&e);
    event_world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_keeps_the_direction_of_its_packet),
        cmocka_unit_test(devices_are_told_in_full_or_in_brief_and_as_they_are_now),
        cmocka_unit_test(the_head_of_a_flow_is_the_same_when_it_was_kept),
        cmocka_unit_test(payload_and_packet_come_only_when_asked_for),
        cmocka_unit_test(flows_and_transactions_run_from_client_to_server),
        cmocka_unit_test(a_flow_says_how_it_ended_and_what_was_not_seen),
        cmocka_unit_test(findings_and_yara_hits_are_alerts_with_numbers_of_their_own),
        cmocka_unit_test(types_can_be_chosen_and_switched_off),
        cmocka_unit_test(a_packet_without_a_flow_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

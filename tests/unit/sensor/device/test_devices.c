/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole lives of devices from synthetic facts. One step of the tests is a second of learning: with
 * device.learn=72s the novelty clock ticks once a second.
 */
#include "common/clock.h"
#include "common/json.h"
#include "common/jsonw.h"
#include "sensor/device/device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { FOUND_MAX = 64, START_S = 1000000 };

struct found {
    char class_[24];
    char rule[48];
    bool is_change;
    uint32_t sid;
    uint8_t severity;
    char en[512], vi[512];
};

struct world {
    struct conf *conf;
    struct stats stats;
    struct devices *devices;
    uint64_t now_ns;
    struct found found[FOUND_MAX];
    uint32_t n;
};

static const struct field baseline_field = {.name = "test", .uses = IN_BASELINE};

static void open_world(struct world *w, const char *state)
{
    struct strbuf report;
    char set[256];

    *w = (struct world){.now_ns = START_S * CLOCK_S};
    strbuf_init(&report, 0);
    w->conf = conf_new();
    conf_add(w->conf, device_options);
    static const char *const settings[] = {"device.learn=72s", "device.observe=0",
                                           "device.profiles=" TRAMGAC_SOURCE_DIR "/iot-profiles",
                                           "device.oui="};
    for (uint32_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        assert_int_equal(conf_set(w->conf, settings[i], &report), ERR_OK);
    snprintf(set, sizeof(set), "device.state=%s", state);
    assert_int_equal(conf_set(w->conf, set, &report), ERR_OK);
    assert_int_equal(devices_new(w->conf, &w->stats, &w->devices, &report), ERR_OK);
    assert_int_equal(report.len, 0);
    strbuf_fini(&report);
}

static void close_world(struct world *w)
{
    devices_free(&w->devices);
    stats_fini(&w->stats);
    conf_free(&w->conf);
}

static void copy(char *out, size_t room, struct slice text)
{
    snprintf(out, room, "%.*s", (int)text.len, text.len ? (const char *)text.at : "");
}

static void take_rule(struct found *f, struct slice detail)
{
    struct strbuf text;
    struct json *tree = NULL;

    strbuf_init(&text, 0);
    strbuf_fmt(&text, "{%.*s}", (int)detail.len, detail.len ? (const char *)detail.at : "");
    assert_int_equal(json_parse(strbuf_view(&text), &tree, NULL), ERR_OK);
    snprintf(f->rule, sizeof(f->rule), "%s", json_str(json_get(tree, "rule"), ""));
    json_free(&tree);
    strbuf_fini(&text);
}

static void give(struct world *w, struct fact *fact)
{
    struct finding finding;

    fact->ts_ns = w->now_ns;
    devices_fact(w->devices, fact);
    while (devices_next(w->devices, &finding)) {
        assert_true(w->n < FOUND_MAX);
        struct found *f = &w->found[w->n++];
        *f = (struct found){
            .is_change = finding.is_change, .sid = finding.sid, .severity = finding.severity};
        snprintf(f->class_, sizeof(f->class_), "%s", finding.class_);
        copy(f->en, sizeof(f->en), finding.reason_en);
        copy(f->vi, sizeof(f->vi), finding.reason_vi);
        assert_true(finding.reason_en.len > 0 && finding.reason_vi.len > 0);
        take_rule(f, finding.detail_json);
    }
}

static struct addr ip(const char *text)
{
    struct addr a;

    assert_true(addr_parse(slice_of_str(text), &a));
    return a;
}

static void hello(struct world *w, const char *addr, const char *mac)
{
    struct fact f = {.kind = FACT_ARP, .client = ip(addr), .has_mac = true};

    assert_true(mac_parse(slice_of_str(mac), &f.client_mac));
    give(w, &f);
}

static void contact(struct world *w, enum fact_kind kind, const char *client, const char *server,
                    uint8_t proto, uint16_t port)
{
    struct fact f = {.kind = kind,
                     .client = ip(client),
                     .server = ip(server),
                     .proto = proto,
                     .server_port = port,
                     .pkts = {2, kind == FACT_OPEN}};

    give(w, &f);
}

static void said(struct world *w, const char *client, const char *server, const char *name,
                 const char *value)
{
    struct fact f = {.kind = FACT_FIELD,
                     .client = ip(client),
                     .server = ip(server),
                     .proto = 6,
                     .from_client = true,
                     .field = &baseline_field};

    snprintf(f.text, sizeof(f.text), "%s", name);
    snprintf(f.text2, sizeof(f.text2), "%s", value);
    give(w, &f);
}

static uint32_t deviations(const struct world *w, const char *class_)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < w->n; i++)
        n += !w->found[i].is_change && (!class_ || strcmp(w->found[i].class_, class_) == 0);
    return n;
}

static uint32_t rules(const struct world *w, const char *rule)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < w->n; i++)
        n += strcmp(w->found[i].rule, rule) == 0;
    return n;
}

static void pass(struct world *w, uint32_t seconds)
{
    w->now_ns += seconds * CLOCK_S;
}

/* A sensor that sends to its server each step until it has learnt. */
static void learn(struct world *w)
{
    hello(w, "10.1.1.5", "02:00:00:00:00:05");
    hello(w, "10.1.1.9", "02:00:00:00:00:09");
    for (uint32_t i = 0; i < 80; i++) {
        contact(w, FACT_OPEN, "10.1.1.5", "10.1.1.9", 6, 8080);
        pass(w, 1);
    }
    assert_int_equal(deviations(w, NULL), 0);
    w->n = 0;
}

static void what_was_learnt_is_quiet_and_news_is_reported_with_its_figures(void **state)
{
    (void)state;
    struct world w;

    open_world(&w, "");
    learn(&w);
    contact(&w, FACT_OPEN, "10.1.1.5", "10.1.1.9", 6, 8080);
    assert_int_equal(deviations(&w, NULL), 0);
    contact(&w, FACT_OPEN, "10.1.1.5", "198.51.100.7", 6, 4444);
    assert_int_equal(deviations(&w, NULL), 1);
    assert_non_null(strstr(w.found[0].en, "10.1.1.5"));
    assert_non_null(strstr(w.found[0].en, "bits"));
    assert_non_null(strstr(w.found[0].vi, "lần đầu tiên"));
    close_world(&w);
}

static void what_alerted_is_never_learnt(void **state)
{
    (void)state;
    struct world w;

    open_world(&w, "");
    learn(&w);
    for (uint32_t hour = 0; hour < 30; hour++) {
        for (uint32_t i = 0; i < 6; i++) {
            contact(&w, FACT_OPEN, "10.1.1.5", "198.51.100.7", 6, 4444);
            pass(&w, 600);
        }
    }
    /* still reported after 30 hours, once an hour */
    assert_in_range(deviations(&w, NULL), 25, 31);
    close_world(&w);
}

static void a_scan_is_found_from_minute_0(void **state)
{
    (void)state;
    struct world w;
    char target[32];

    open_world(&w, "");
    hello(&w, "10.1.1.5", "02:00:00:00:00:05");
    for (uint32_t i = 10; i < 40; i++) {
        snprintf(target, sizeof(target), "10.1.2.%u", i);
        contact(&w, FACT_REFUSED, "10.1.1.5", target, 6, 23);
    }
    assert_int_equal(deviations(&w, "scan"), 1);
    assert_non_null(strstr(w.found[w.n - 1].en, "7 first contacts failed"));
    close_world(&w);
}

static void many_addresses_asked_for_are_a_sweep(void **state)
{
    (void)state;
    struct world w;

    open_world(&w, "");
    for (uint32_t i = 1; i < 100; i++) {
        struct fact f = {.kind = FACT_ARP,
                         .client = ip("10.1.1.5"),
                         .has_mac = true,
                         .client_mac = {{2, 0, 0, 0, 0, 5}},
                         .server = {.family = 4, .b = {10, 1, 3, (uint8_t)i}}};
        give(&w, &f);
    }
    assert_int_equal(deviations(&w, "sweep"), 1);
    close_world(&w);
}

/* Modbus on port 502 and the maker's prefix make it an RTU. */
static void make_rtu(struct world *w)
{
    hello(w, "10.1.1.11", "00:80:f4:00:00:11");
    hello(w, "10.1.1.5", "02:00:00:00:00:05");
    contact(w, FACT_OPEN, "10.1.1.5", "10.1.1.11", 6, 502);
}

static void a_profile_brings_its_policy_and_hard_rules(void **state)
{
    (void)state;
    struct world w;

    open_world(&w, "");
    make_rtu(&w);
    assert_int_equal(deviations(&w, NULL), 0); /* its first master is learnt */
    said(&w, "10.1.1.5", "10.1.1.11", "modbus.command", "fc=3 unit=1 addr=0-9");
    said(&w, "10.1.1.5", "10.1.1.11", "modbus.command", "fc=6 unit=1 addr=16-16");
    assert_int_equal(deviations(&w, NULL), 0);
    said(&w, "10.1.1.5", "10.1.1.11", "modbus.command", "fc=6 unit=1 addr=99-99");
    assert_int_equal(deviations(&w, "command"), 1);
    said(&w, "10.1.1.5", "10.1.1.11", "modbus.command", "fc=8 unit=1");
    assert_int_equal(rules(&w, "modbus-diagnostics"), 1);
    contact(&w, FACT_OPEN, "203.0.113.9", "10.1.1.11", 6, 502);
    assert_int_equal(rules(&w, "rtu-internet"), 1);
    contact(&w, FACT_OPEN, "10.1.1.11", "10.1.1.5", 6, 8080);
    assert_int_equal(rules(&w, "default-deny"), 1);
    close_world(&w);
}

static void a_second_master_after_learning_is_a_stranger(void **state)
{
    (void)state;
    struct world w;

    open_world(&w, "");
    make_rtu(&w);
    for (uint32_t i = 0; i < 80; i++) {
        contact(&w, FACT_OPEN, "10.1.1.5", "10.1.1.11", 6, 502);
        pass(&w, 1);
    }
    assert_int_equal(deviations(&w, NULL), 0);
    hello(&w, "10.1.1.66", "02:00:00:00:00:66");
    contact(&w, FACT_OPEN, "10.1.1.66", "10.1.1.11", 6, 502);
    assert_int_equal(deviations(&w, "policy"), 1);
    said(&w, "10.1.1.66", "10.1.1.11", "modbus.command", "fc=5 unit=1 addr=1-1");
    assert_int_equal(rules(&w, "modbus-write-stranger"), 1);
    said(&w, "10.1.1.5", "10.1.1.11", "modbus.command", "fc=5 unit=1 addr=1-1");
    assert_int_equal(rules(&w, "modbus-write-stranger"), 1);
    close_world(&w);
}

static void the_same_thing_is_said_once_an_hour(void **state)
{
    (void)state;
    struct world w;

    open_world(&w, "");
    make_rtu(&w);
    for (uint32_t i = 0; i < 120; i++) {
        contact(&w, FACT_OPEN, "203.0.113.9", "10.1.1.11", 6, 502);
        pass(&w, 60);
    }
    assert_int_equal(rules(&w, "rtu-internet"), 2);
    bool counted = false;
    for (uint32_t i = 0; i < w.n; i++)
        counted = counted || strstr(w.found[i].en, "59 more times");
    assert_true(counted);
    close_world(&w);
}

static void hosts_behind_a_router_are_devices_of_their_own(void **state)
{
    (void)state;
    struct world w;
    char addr[32];
    struct jsonw out;
    struct strbuf text;

    open_world(&w, "");
    strbuf_init(&text, 0);
    for (uint32_t i = 1; i < 30; i++) {
        snprintf(addr, sizeof(addr), "10.9.%u.7", i);
        struct fact f = {.kind = FACT_PACKET,
                         .client = ip(addr),
                         .has_mac = true,
                         .client_mac = {{0, 0x1b, 0x67, 0, 0, 1}}};
        give(&w, &f);
        contact(&w, FACT_OPEN, addr, "10.9.9.9", 6, 80);
    }
    struct addr last = ip("10.9.29.7");
    assert_non_null(devices_find(w.devices, &last, NULL));
    jsonw_init(&out, &text);
    jsonw_obj_open(&out, NULL);
    devices_write(devices_find(w.devices, &last, NULL), false, &out);
    jsonw_obj_close(&out);
    assert_non_null(strstr(text.at, "\"id\":\"ip:10.9.29.7\""));
    strbuf_fini(&text);
    close_world(&w);
}

static void two_claims_to_one_address_are_a_conflict(void **state)
{
    (void)state;
    struct world w;

    open_world(&w, "");
    hello(&w, "10.1.1.1", "02:00:00:00:00:01");
    pass(&w, 5);
    hello(&w, "10.1.1.1", "02:00:00:00:00:66");
    assert_int_equal(deviations(&w, "arp"), 1);
    pass(&w, 3600);
    hello(&w, "10.1.1.1", "02:00:00:00:00:77"); /* long after: a lease that changed hands */
    assert_int_equal(deviations(&w, "arp"), 1);
    close_world(&w);
}

static void a_device_that_comes_late_is_news(void **state)
{
    (void)state;
    struct world w;

    open_world(&w, "");
    learn(&w);
    hello(&w, "10.1.1.77", "02:00:00:00:00:77");
    assert_int_equal(deviations(&w, "new-device"), 1);
    close_world(&w);
}

static void invented_sources_neither_make_noise_nor_push_out_what_is_known(void **state)
{
    (void)state;
    struct world w;

    open_world(&w, "");
    learn(&w);
    for (uint32_t i = 0; i < 30000; i++) {
        struct fact f = {.kind = FACT_PACKET,
                         .client = {.family = 4, .b = {10, 200, (uint8_t)(i >> 8), (uint8_t)i}}};
        f.client.b[1] = (uint8_t)(100 + (i >> 16));
        give(&w, &f);
    }
    assert_int_equal(w.n, 0);
    struct addr known = ip("10.1.1.5");
    struct addr early = ip("10.100.0.1");
    struct addr late = ip("10.100.117.47");
    assert_non_null(devices_find(w.devices, &known, NULL));
    assert_null(devices_find(w.devices, &early, NULL));
    assert_non_null(devices_find(w.devices, &late, NULL));
    contact(&w, FACT_OPEN, "10.1.1.5", "10.1.1.9", 6, 8080);
    assert_int_equal(deviations(&w, NULL), 0);
    close_world(&w);
}

static void a_storm_of_new_devices_is_bounded(void **state)
{
    (void)state;
    struct world w;
    uint32_t reported = 0;

    open_world(&w, "");
    learn(&w);
    for (uint32_t i = 0; i < 30000; i++) {
        struct fact f = {.kind = FACT_ARP,
                         .client = {.family = 4, .b = {10, 50, (uint8_t)(i >> 8), (uint8_t)i}},
                         .has_mac = true,
                         .client_mac = {{2, 1, 1, 1, (uint8_t)(i >> 8), (uint8_t)i}}};
        give(&w, &f);
        reported += deviations(&w, NULL);
        w.n = 0;
    }
    assert_in_range(reported, 50, 110);
    close_world(&w);
}

static void without_a_handshake_roles_are_not_guessed(void **state)
{
    (void)state;
    struct world w;

    open_world(&w, "");
    make_rtu(&w);
    struct fact f = {.kind = FACT_OPEN,
                     .client = ip("10.1.1.11"),
                     .server = ip("10.1.1.5"),
                     .proto = 6,
                     .server_port = 39412,
                     .midstream = true,
                     .pkts = {5, 5}};
    give(&w, &f);
    assert_int_equal(deviations(&w, NULL), 0);
    close_world(&w);
}

static void far_more_than_usual_is_reported_once_with_the_figures(void **state)
{
    (void)state;
    struct world w;

    open_world(&w, "");
    hello(&w, "10.1.1.5", "02:00:00:00:00:05");
    for (uint32_t i = 0; i < 400; i++) {
        contact(&w, FACT_OPEN, "10.1.1.5", "10.1.1.9", 6, 8080);
        pass(&w, 150);
    }
    assert_int_equal(deviations(&w, NULL), 0);
    for (uint32_t i = 0; i < 500; i++)
        contact(&w, FACT_OPEN, "10.1.1.5", "10.1.1.9", 6, 8080);
    assert_int_equal(deviations(&w, "volume"), 2); /* of either end */
    assert_non_null(strstr(w.found[w.n - 2].en, "contacts opened within 5 minutes"));
    close_world(&w);
}

static void the_same_news_on_a_whole_segment_is_one_report(void **state)
{
    (void)state;
    struct world w;
    char addr[32];

    open_world(&w, "");
    for (uint32_t step = 0; step < 80; step++) {
        for (uint32_t i = 1; i <= 20; i++) {
            snprintf(addr, sizeof(addr), "10.1.7.%u", i);
            contact(&w, FACT_OPEN, addr, "10.1.1.9", 6, 8080);
        }
        pass(&w, 1);
        w.n = 0;
    }
    for (uint32_t i = 1; i <= 20; i++) {
        snprintf(addr, sizeof(addr), "10.1.7.%u", i);
        contact(&w, FACT_OPEN, addr, "198.51.100.7", 6, 4444);
        pass(&w, 5);
    }
    assert_int_equal(deviations(&w, "fleet"), 1);
    assert_int_equal(deviations(&w, NULL), 3);
    assert_non_null(strstr(w.found[w.n - 1].en, "3 devices of 10.1.7.0/24"));
    close_world(&w);
}

/* A life with all kinds of facts; `cut` = step after which the state is saved and loaded. */
static void live(struct world *w, uint32_t cut, const char *path, struct strbuf *out)
{
    char addr[32];

    for (uint32_t i = 0; i < 300; i++) {
        if (i == cut) {
            uint64_t now = w->now_ns;
            close_world(w);
            open_world(w, path);
            w->now_ns = now;
        }
        if (i == 0) {
            make_rtu(w);
            hello(w, "10.1.1.7", "02:00:00:00:00:07");
        }
        contact(w, FACT_OPEN, "10.1.1.5", "10.1.1.11", 6, 502);
        contact(w, FACT_OPEN, "10.1.1.7", "10.1.1.5", 17, (uint16_t)(i % 50 ? 514 : 1000 + i));
        snprintf(addr, sizeof(addr), "10.2.%u.%u", i % 7, i % 11 + 1);
        contact(w, i % 3 ? FACT_REFUSED : FACT_OPEN, "10.1.1.7", addr, 6, 23);
        snprintf(addr, sizeof(addr), "fc=%u unit=1 addr=%u-%u", i % 9 + 1, i % 4, i % 4);
        said(w, i % 20 ? "10.1.1.5" : "10.1.1.7", "10.1.1.11", "modbus.command", addr);
        for (uint32_t k = 0; k < w->n; k++)
            strbuf_fmt(out, "%u %s %s %s\n", i, w->found[k].class_, w->found[k].rule,
                       w->found[k].en);
        w->n = 0;
        pass(w, i % 10 ? 2 : 90);
    }
}

static void saving_and_loading_in_the_middle_changes_nothing(void **state)
{
    (void)state;
    struct strbuf whole;
    struct world w;
    char path[] = "/tmp/tramgac-devices-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    close(fd);
    strbuf_init(&whole, 0);
    open_world(&w, "");
    live(&w, 1000, "", &whole);
    close_world(&w);
    assert_true(whole.len > 1000);
    for (uint32_t cut = 1; cut < 300; cut += 37) {
        struct strbuf halves;
        strbuf_init(&halves, 0);
        unlink(path);
        open_world(&w, path);
        live(&w, cut, path, &halves);
        close_world(&w);
        assert_string_equal(halves.at, whole.at);
        strbuf_fini(&halves);
    }
    unlink(path);
    strbuf_fini(&whole);
}

static void a_damaged_state_file_is_reported_and_learning_begins_anew(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "{", "[]", "{\"v\":7}", "\xff\xfe"};
    char path[] = "/tmp/tramgac-devices-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    close(fd);
    for (uint32_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(texts[i], file);
        fclose(file);
        struct strbuf report;
        struct stats stats = {0};
        struct devices *devices = NULL;
        struct conf *conf = conf_new();
        char set[128];
        strbuf_init(&report, 0);
        conf_add(conf, device_options);
        snprintf(set, sizeof(set), "device.state=%s", path);
        conf_set(conf, set, &report);
        conf_set(conf, "device.oui=", &report);
        assert_int_equal(devices_new(conf, &stats, &devices, &report), ERR_OK);
        assert_non_null(strstr(report.at, path));
        assert_non_null(devices);
        devices_free(&devices);
        stats_fini(&stats);
        conf_free(&conf);
        strbuf_fini(&report);
    }
    unlink(path);
    char aside[64];
    snprintf(aside, sizeof(aside), "%s.damaged", path);
    assert_int_equal(unlink(aside), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_learnt_is_quiet_and_news_is_reported_with_its_figures),
        cmocka_unit_test(what_alerted_is_never_learnt),
        cmocka_unit_test(a_scan_is_found_from_minute_0),
        cmocka_unit_test(many_addresses_asked_for_are_a_sweep),
        cmocka_unit_test(a_profile_brings_its_policy_and_hard_rules),
        cmocka_unit_test(a_second_master_after_learning_is_a_stranger),
        cmocka_unit_test(the_same_thing_is_said_once_an_hour),
        cmocka_unit_test(hosts_behind_a_router_are_devices_of_their_own),
        cmocka_unit_test(two_claims_to_one_address_are_a_conflict),
        cmocka_unit_test(a_device_that_comes_late_is_news),
        cmocka_unit_test(invented_sources_neither_make_noise_nor_push_out_what_is_known),
        cmocka_unit_test(a_storm_of_new_devices_is_bounded),
        cmocka_unit_test(far_more_than_usual_is_reported_once_with_the_figures),
        cmocka_unit_test(the_same_news_on_a_whole_segment_is_one_report),
        cmocka_unit_test(without_a_handshake_roles_are_not_guessed),
        cmocka_unit_test(saving_and_loading_in_the_middle_changes_nothing),
        cmocka_unit_test(a_damaged_state_file_is_reported_and_learning_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/normalise/normalise.h"
#include "analyzer/record/utf8.h"
#include "common/clock.h"
#include "common/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct batch batch;
static uint64_t counters[NORMALISE_COUNTERS];

static int start(void **state)
{
    (void)state;
    memset(counters, 0, sizeof(counters));
    batch_init(&batch);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    batch_fini(&batch);
    return 0;
}

static struct record *read_bytes(const void *bytes, size_t len)
{
    struct record_id id = {"s1", "ct", 1, 2, 3};
    return normalise_line(&batch, &id, 5000, (struct slice){bytes, (uint32_t)len}, counters);
}

static struct record *read_text(const char *line)
{
    return read_bytes(line, strlen(line));
}

static void an_alert_of_suricata_becomes_a_record(void **state)
{
    (void)state;
    struct record *r = read_text(
        "{\"timestamp\":\"2026-11-20T10:00:00.123456+0700\",\"flow_id\":1234567,"
        "\"event_type\":\"alert\",\"src_ip\":\"10.20.4.12\",\"src_port\":40000,"
        "\"dest_ip\":\"2001:db8::1\",\"dest_port\":502,\"proto\":\"TCP\",\"app_proto\":\"modbus\","
        "\"alert\":{\"action\":\"allowed\",\"gid\":1,\"signature_id\":2000001,\"rev\":7,"
        "\"signature\":\"ET X\",\"category\":\"Misc\",\"severity\":2,\"metadata\":{"
        "\"mitre_technique_id\":[\"T1110\",\"t1110\"],\"mitre_tactic_id\":[\"TA0006\"]}}}");
    assert_non_null(r);
    assert_int_equal(r->ts_ns, UINT64_C(1795143600123456000));
    assert_int_equal(r->kind, RECORD_ALERT);
    assert_true(r->is_alert);
    assert_int_equal(r->flow_id, 1234567);
    assert_string_equal(r->src.addr_text, "10.20.4.12");
    assert_string_equal(r->dst.addr_text, "2001:db8::1");
    assert_true(r->src.internal);
    assert_int_equal(r->alert.sid, 2000001);
    assert_string_equal(r->alert.source, "rule");
    assert_int_equal(r->severity, SEVERITY_MEDIUM);
    assert_int_equal(r->n_techniques, 1);
    assert_string_equal(r->technique_words, "T1110");
    assert_string_equal(r->tactic_words, "TA0006");
    assert_string_equal(r->sensor, "s1");
    assert_string_equal(r->site, "ct");
}

static void a_deviation_is_an_alert_about_its_device(void **state)
{
    (void)state;
    struct record *r = read_text(
        "{\"timestamp\":\"2026-11-20T03:00:00.000000+0000\",\"event_type\":\"deviation\","
        "\"src_ip\":\"10.0.0.1\",\"dest_ip\":\"10.0.0.2\",\"device\":{\"dst\":{\"id\":\"mac:2\"}},"
        "\"alert\":{\"gid\":9101,\"signature_id\":4,\"signature\":\"New peer\",\"severity\":2},"
        "\"deviation\":{\"class\":\"peer\",\"device\":{\"id\":\"mac:1\",\"mac\":\"00:11:22:33:44:"
        "55\",\"name\":\"cam\"},\"reason_en\":\"It talks.\",\"reason_vi\":\"Nó nói.\","
        "\"attack\":{\"tactic\":\"TA0011\",\"technique\":\"T1071\"}}}");
    assert_non_null(r);
    assert_int_equal(r->kind, RECORD_DEVIATION);
    assert_true(r->is_alert);
    assert_string_equal(r->alert.source, "deviation");
    assert_string_equal(r->src.device, "mac:1");
    assert_string_equal(r->src.name, "cam");
    assert_string_equal(r->dst.device, "mac:2");
    assert_string_equal(r->alert.reason_vi, "Nó nói.");
    assert_string_equal(r->technique_words, "T1071");
}

static void a_protocol_event_names_devices_by_their_id_only(void **state)
{
    (void)state;
    struct record *r =
        read_text("{\"timestamp\":\"2026-11-20T03:00:00.000000+0000\",\"event_type\":\"mqtt\","
                  "\"src_ip\":\"10.0.0.1\",\"dest_ip\":\"10.0.0.2\",\"device\":{"
                  "\"src\":{\"id\":\"mac:00:11:22:33:44:55\",\"name\":\"cam\"},"
                  "\"dst\":{\"id\":\"mac:<b>\"}}}");
    assert_non_null(r);
    assert_string_equal(r->src.device, "mac:00:11:22:33:44:55");
    assert_string_equal(r->src.mac, "00:11:22:33:44:55");
    assert_string_equal(r->src.name, "cam");
    assert_string_equal(r->dst.mac, "");
}

static void severity_follows_the_rules_own_words(void **state)
{
    (void)state;
    static const struct {
        const char *alert;
        enum severity severity;
    } cases[] = {
        {"\"severity\":1", SEVERITY_HIGH},
        {"\"severity\":3", SEVERITY_LOW},
        {"\"severity\":255", SEVERITY_LOW},
        {"\"severity\":-7", SEVERITY_LOW},
        {"\"severity\":\"high\"", SEVERITY_LOW},
        {"\"severity\":4,\"metadata\":{\"signature_severity\":[\"Critical\"]}", SEVERITY_CRITICAL},
        {"\"severity\":1,\"metadata\":{\"signature_severity\":[\"Informational\"]}", SEVERITY_INFO},
        {"\"severity\":1,\"metadata\":{\"signature_severity\":[\"Major\"],\"confidence\":[\"Low\"]"
         "}",
         SEVERITY_MEDIUM},
        {"\"severity\":1,\"metadata\":\"Critical\"", SEVERITY_HIGH},
    };
    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char line[512];
        snprintf(line, sizeof(line), "{\"event_type\":\"alert\",\"alert\":{%s}}", cases[i].alert);
        struct record *r = read_text(line);
        assert_non_null(r);
        assert_int_equal(r->severity, cases[i].severity);
    }
}

static void lines_that_are_no_events_are_counted(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "   ",
                                      "x",
                                      "[1]",
                                      "{\"event_type\":5}",
                                      "{}",
                                      "{\"event_type\":\"\"}",
                                      "{\"event_type\":\"alert\"",
                                      "{\"event_type\":\"alert\"} {}"};
    for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_null(read_text(bad[i]));
    assert_int_equal(batch.n, 0);
    assert_int_equal(counters[NORMALISE_BAD_JSON] + counters[NORMALISE_BAD_EVENT], 9);
}

static void wrong_types_everywhere_are_as_if_absent(void **state)
{
    (void)state;
    struct record *r = read_text(
        "{\"timestamp\":17,\"event_type\":\"alert\",\"src_ip\":[1],\"src_port\":\"x\","
        "\"dest_ip\":\"999.1.1.1\",\"dest_port\":70000,\"proto\":{},\"flow_id\":-3,"
        "\"device\":7,\"sensor\":null,\"site\":false,\"alert\":{\"signature_id\":\"a\","
        "\"signature\":{},\"severity\":[],\"metadata\":{\"mitre_technique_id\":[1,{},\"T1\","
        "\"Txyz\",\"T1071; DROP TABLE\"]}}}");
    assert_non_null(r);
    assert_int_equal(r->ts_ns, 5000); /* time of arrival */
    assert_int_equal(r->src.addr.family, 0);
    assert_int_equal(r->dst.port, 0);
    assert_int_equal(r->flow_id, 0);
    assert_int_equal(r->n_techniques, 0);
    assert_int_equal(counters[NORMALISE_BAD_TIME], 1);
}

static void impossible_times_become_the_time_of_arrival(void **state)
{
    (void)state;
    static const char *const times[] = {"0001-01-01T00:00:00.0+0000", "9999-12-31T23:59:59.0+0000",
                                        "2026-13-45T99:99:99.0+0000", "NaN",
                                        "1970-01-01T00:00:00Z"};
    for (uint32_t i = 0; i < 5; i++) {
        char line[128];
        snprintf(line, sizeof(line), "{\"event_type\":\"dns\",\"timestamp\":\"%s\"}", times[i]);
        assert_int_equal(read_text(line)->ts_ns, 5000);
    }
}

static void bytes_that_are_no_utf8_are_replaced_once_for_all(void **state)
{
    (void)state;
    static const char line[] = "{\"event_type\":\"alert\",\"alert\":{\"signature\":\"a\xff\xc0\xaf"
                               "\xed\xa0\x80z\"}}";
    struct record *r = read_text(line);
    assert_non_null(r);
    assert_true(utf8_ok(r->raw));
    assert_true(utf8_ok(slice_of_str(r->alert.signature)));
    assert_int_equal(r->alert.signature[0], 'a');
    assert_int_equal(counters[NORMALISE_REPAIRED], 1);
}

static void a_zero_in_a_text_hides_nothing(void **state)
{
    (void)state;
    struct record *r =
        read_text("{\"event_type\":\"alert\",\"alert\":{\"signature\":\"a\\u0000b\\\\u0000c\"}}");
    assert_non_null(r);
    assert_string_equal(r->alert.signature, "a\xef\xbf\xbd"
                                            "b\\u0000c");
}

static void long_names_are_cut_at_a_character(void **state)
{
    (void)state;
    struct strbuf line;
    strbuf_init(&line, 0);
    strbuf_str(&line, "{\"event_type\":\"alert\",\"alert\":{\"signature\":\"");
    for (int i = 0; i < 65536 / 3; i++)
        strbuf_str(&line, "\xe1\xba\xa1"); /* ạ */
    strbuf_str(&line, "\"}}");
    struct record *r = read_bytes(line.at, line.len);
    assert_non_null(r);
    assert_true(strlen(r->alert.signature) <= RECORD_TEXT_MAX);
    assert_true(utf8_ok(slice_of_str(r->alert.signature)));
    assert_int_equal(r->raw.len, line.len);
    strbuf_fini(&line);
}

static void deep_and_huge_lines_are_refused(void **state)
{
    (void)state;
    struct strbuf line;
    strbuf_init(&line, 0);
    for (int i = 0; i < 100000; i++)
        strbuf_char(&line, '[');
    assert_null(read_bytes(line.at, line.len));
    strbuf_clear(&line);
    strbuf_str(&line, "{\"event_type\":\"dns\",\"x\":\"");
    while (line.len < WIRE_LINE_MAX)
        strbuf_str(&line, "xxxxxxxxxxxxxxxx");
    strbuf_str(&line, "\"}");
    assert_null(read_bytes(line.at, line.len));
    assert_int_equal(counters[NORMALISE_BAD_JSON], 2);
    strbuf_fini(&line);
}

static void random_bytes_never_trip_anything(void **state)
{
    (void)state;
    static const char seed[] = "{\"timestamp\":\"2026-11-20T03:00:00.0Z\",\"event_type\":\"alert\","
                               "\"src_ip\":\"10.0.0.1\",\"alert\":{\"signature\":\"\\u0041\\\\\","
                               "\"severity\":1,\"metadata\":{\"confidence\":[\"Low\"]}}}";
    char line[sizeof(seed)];
    srand(11);
    for (int i = 0; i < 20000; i++) {
        memcpy(line, seed, sizeof(seed));
        for (int k = rand() % 6; k >= 0; k--)
            line[(size_t)rand() % (sizeof(seed) - 1)] = (char)rand();
        struct record *r = read_bytes(line, (size_t)rand() % sizeof(seed));
        if (r)
            assert_true(utf8_ok(r->raw));
        if (batch.n == 1000)
            batch_clear(&batch);
    }
}

#define T(test) cmocka_unit_test_setup_teardown(test, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_alert_of_suricata_becomes_a_record),
        T(a_deviation_is_an_alert_about_its_device),
        T(a_protocol_event_names_devices_by_their_id_only),
        T(severity_follows_the_rules_own_words),
        T(lines_that_are_no_events_are_counted),
        T(wrong_types_everywhere_are_as_if_absent),
        T(impossible_times_become_the_time_of_arrival),
        T(bytes_that_are_no_utf8_are_replaced_once_for_all),
        T(a_zero_in_a_text_hides_nothing),
        T(long_names_are_cut_at_a_character),
        T(deep_and_huge_lines_are_refused),
        T(random_bytes_never_trip_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

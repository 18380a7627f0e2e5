/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threat intelligence: the four forms of files, what is found in which event, and the swap.
 */
#include "analyzer/enrich/enrich.h"
#include "analyzer/enrich/intel.h"
#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];

static void put_file(const char *text)
{
    strcpy(path, "/tmp/tramgac-intel-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static struct intel *read_text(const char *text)
{
    struct strbuf report;
    struct intel *intel = intel_new();

    put_file(text);
    strbuf_init(&report, 4096);
    if (intel_read(intel, path, 60, &report) != ERR_OK)
        fail_msg("%s", report.at);
    strbuf_fini(&report);
    unlink(path);
    return intel;
}

static const struct indicator *by_addr(const struct intel *intel, const char *text)
{
    struct addr addr;
    assert_true(addr_parse(slice_of_str(text), &addr));
    return intel_addr(intel, &addr, 1000);
}

static void plain_lists_hold_any_kind(void **state)
{
    (void)state;
    struct intel *intel = read_text("# comment\n203.0.113.7\n198.51.100.0/24 , why\n"
                                    "Evil.Example.  # name\n0.0.0.0 ads.example\n"
                                    "http://bad.example/a/b?q=1\n"
                                    "d41d8cd98f00b204e9800998ecf8427e\n2001:db8::/32\n!!\n\n");
    assert_int_equal(intel_count(intel), 7);
    assert_int_equal(intel_skipped(intel), 1);
    assert_non_null(by_addr(intel, "203.0.113.7"));
    assert_null(by_addr(intel, "203.0.113.8"));
    assert_string_equal(by_addr(intel, "198.51.100.9")->value, "198.51.100.0/24");
    assert_non_null(by_addr(intel, "2001:db8::5"));
    assert_non_null(intel_domain(intel, SLICE_LIT("a.b.EVIL.example"), 0));
    assert_null(intel_domain(intel, SLICE_LIT("notevil.example"), 0));
    assert_non_null(intel_domain(intel, SLICE_LIT("ads.example"), 0));
    assert_non_null(intel_url(intel, SLICE_LIT("BAD.example"), SLICE_LIT("/a/b?q=1"), 0));
    assert_null(intel_url(intel, SLICE_LIT("bad.example"), SLICE_LIT("/a/b"), 0));
    assert_non_null(intel_hash(intel, SLICE_LIT("D41D8CD98F00B204E9800998ECF8427E"), 0));
    intel_free(&intel);
}

static void zeek_files_are_read_by_their_columns(void **state)
{
    (void)state;
    struct intel *intel =
        read_text("#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n"
                  "203.0.113.7\tIntel::ADDR\tcert\tbotnet\n10.1.0.0/16\tIntel::SUBNET\t-\t-\n"
                  "evil.example\tIntel::DOMAIN\tcert\t-\nbob@x.example\tIntel::EMAIL\tcert\t-\n");
    assert_int_equal(intel_count(intel), 3);
    assert_int_equal(intel_skipped(intel), 1);
    const struct indicator *in = by_addr(intel, "203.0.113.7");
    assert_string_equal(in->source, "cert");
    assert_string_equal(in->about, "botnet");
    assert_int_equal(in->confidence, 60);
    assert_non_null(by_addr(intel, "10.1.2.3"));
    intel_free(&intel);
}

static void misp_events_give_attributes_and_objects(void **state)
{
    (void)state;
    struct intel *intel = read_text(
        "{\"response\":[{\"Event\":{\"info\":\"Campaign\",\"Orgc\":{\"name\":\"NCSC\"},"
        "\"Attribute\":[{\"type\":\"ip-dst|port\",\"value\":\"203.0.113.7|443\",\"to_ids\":true},"
        "{\"type\":\"domain\",\"value\":\"seen.example\",\"to_ids\":false},"
        "{\"type\":\"mutex\",\"value\":\"x\",\"to_ids\":true}],"
        "\"Object\":[{\"Attribute\":[{\"type\":\"filename|md5\",\"comment\":\"dropper\","
        "\"value\":\"a.exe|d41d8cd98f00b204e9800998ecf8427e\"}]}]}}]}");
    assert_int_equal(intel_count(intel), 2);
    assert_int_equal(intel_skipped(intel), 1);
    assert_string_equal(by_addr(intel, "203.0.113.7")->source, "NCSC");
    const struct indicator *in =
        intel_hash(intel, SLICE_LIT("d41d8cd98f00b204e9800998ecf8427e"), 0);
    assert_string_equal(in->about, "dropper");
    intel_free(&intel);
}

static void stix_patterns_of_one_comparison_each_are_read(void **state)
{
    (void)state;
    struct intel *intel = read_text(
        "{\"type\":\"bundle\",\"objects\":["
        "{\"type\":\"identity\",\"id\":\"identity--1\",\"name\":\"VNCERT\"},"
        "{\"type\":\"indicator\",\"created_by_ref\":\"identity--1\",\"name\":\"C2\","
        "\"confidence\":85,\"valid_until\":\"2030-01-01T00:00:00Z\",\"pattern_type\":\"stix\","
        "\"pattern\":\"[ipv4-addr:value = '203.0.113.7' OR domain-name:value = 'evil.example']\"},"
        "{\"type\":\"indicator\",\"pattern\":\"[file:hashes.'SHA-256' = '"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'] OR "
        "[url:value='http://a."
        "example/x OR y']\"},"
        "{\"type\":\"indicator\",\"pattern\":\"[ipv4-addr:value ISSUBSET '198.51.100.0/24']\"},"
        "{\"type\":\"indicator\",\"revoked\":true,\"pattern\":\"[domain-name:value = "
        "'r.example']\"},"
        "{\"type\":\"indicator\",\"pattern\":\"[domain-name:value = 'a.example' AND url:value = "
        "'b']\"}]}");
    assert_int_equal(intel_count(intel), 5);
    assert_int_equal(intel_skipped(intel), 1);
    const struct indicator *in = by_addr(intel, "203.0.113.7");
    assert_string_equal(in->source, "VNCERT");
    assert_int_equal(in->confidence, 85);
    assert_non_null(by_addr(intel, "198.51.100.1"));
    assert_non_null(intel_url(intel, SLICE_LIT("a.example"), SLICE_LIT("/x OR y"), 0));
    struct addr addr;
    assert_true(addr_parse(SLICE_LIT("203.0.113.7"), &addr));
    assert_null(intel_addr(intel, &addr, UINT64_C(1900000000) * CLOCK_S)); /* it has ended */
    intel_free(&intel);
}

static void the_more_confident_of_two_stays(void **state)
{
    (void)state;
    struct intel *intel = intel_new();
    struct indicator in = {INTEL_DOMAIN, "a.example", "low", "", 20, 0};
    assert_true(intel_add(intel, &in));
    in.source = "high";
    in.confidence = 90;
    assert_true(intel_add(intel, &in));
    in.source = "mid";
    in.confidence = 50;
    assert_true(intel_add(intel, &in));
    assert_string_equal(intel_domain(intel, SLICE_LIT("a.example"), 0)->source, "high");
    intel_free(&intel);
}

static void an_event_with_an_indicator_becomes_an_alert(void **state)
{
    (void)state;
    struct conf *conf = conf_new();
    struct strbuf report;
    struct enrich *enrich = NULL;
    struct batch batch;
    struct json *eve = NULL;
    char option[100];

    put_file("evil.example\n");
    for (uint32_t i = 0; enr_rows[i]; i++)
        conf_add(conf, enr_rows[i]->options);
    strbuf_init(&report, 4096);
    snprintf(option, sizeof(option), "intel.files=%s", path);
    assert_int_equal(conf_set(conf, option, &report), ERR_OK);
    conf_set(conf, "enrich.attack=" TRAMGAC_SOURCE_DIR "/rules/attack/attack.json", &report);
    conf_set(conf, "enrich.site=" TRAMGAC_SOURCE_DIR "/iot-profiles/site.yaml", &report);
    if (enrich_new(conf, &enrich, &report))
        fail_msg("%s", report.at);
    batch_init(&batch);
    struct record *r = batch_add(&batch);
    assert_int_equal(json_parse(SLICE_LIT("{\"dns\":{\"rrname\":\"x.evil.example\"}}"), &eve, NULL),
                     ERR_OK);
    r->eve = eve;
    r->kind = RECORD_TX;
    enrich_record(enrich, &batch, r);
    assert_true(r->is_alert);
    assert_int_equal(r->alert.gid, 9103);
    assert_int_equal(r->severity, SEVERITY_MEDIUM);
    assert_string_equal(r->alert.signature, "Known bad domain: evil.example");
    assert_int_equal(record_field(r, "intel.confidence").number, 60);
    assert_true(slice_eq(record_field(r, "intel.where").text, SLICE_LIT("dns.rrname")));
    r->eve = NULL;
    json_free(&eve);
    enrich_free(&enrich);
    batch_fini(&batch);
    strbuf_fini(&report);
    conf_free(&conf);
    unlink(path);
}

static void any_bytes_are_read_without_harm(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"type\":\"bundle\",\"objects\":[{\"type\":\"indicator\",\"pattern\":\"['\"}]}",
        "#fields\t\n\t\t\t\n",
        "0.0.0.0",
        "1.2.3.4/999\n/\n.\n",
        "[[[[",
        "\xff\xfe\n\xff.\xff\n",
        "{\"Event\":{\"Attribute\":[{\"type\":\"|||\",\"value\":\"|\"}]}}"};

    for (uint32_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct strbuf report;
        struct intel *intel = intel_new();
        put_file(texts[i]);
        strbuf_init(&report, 4096);
        (void)intel_read(intel, path, 60, &report);
        assert_true(intel_count(intel) < 3);
        strbuf_fini(&report);
        intel_free(&intel);
        unlink(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_lists_hold_any_kind),
        cmocka_unit_test(zeek_files_are_read_by_their_columns),
        cmocka_unit_test(misp_events_give_attributes_and_objects),
        cmocka_unit_test(stix_patterns_of_one_comparison_each_are_read),
        cmocka_unit_test(the_more_confident_of_two_stays),
        cmocka_unit_test(an_event_with_an_indicator_becomes_an_alert),
        cmocka_unit_test(any_bytes_are_read_without_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

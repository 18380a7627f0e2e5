/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search language: what fits, and what is refused with a reason.
 */
#include "analyzer/search/match.h"
#include "analyzer/search/search.h"
#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the three above */
#include <cmocka.h>
#include <stdio.h>

#define NOW (UINT64_C(1795230310) * CLOCK_S) /* 2026-11-21T03:05:10Z */

static const char eve[] =
    "{\"event_type\":\"alert\",\"src_ip\":\"10.20.4.17\",\"src_port\":40000,\"dest_ip\":"
    "\"2001:db8::9\",\"dest_port\":502,\"proto\":\"TCP\",\"app_proto\":\"modbus\",\"flow_id\":77,"
    "\"alert\":{\"signature_id\":9100001,\"gid\":1,\"signature\":\"Trạm bơm: ghi "
    "thanh "
    "ghi\"},\"dns\":{\"rrname\":\"evil.example\",\"ttl\":300,\"answers\":[\"a\",\"b\"]},\"flag\":"
    "true}";

struct fixture {
    struct arena arena;
    struct batch batch;
    struct record *r;
};

static int setup(void **state)
{
    static struct fixture f;

    arena_init(&f.arena, 65536, 0);
    batch_init(&f.batch);
    f.r = batch_add(&f.batch);
    assert_non_null(f.r);
    assert_int_equal(json_parse_in(SLICE_LIT(eve), &f.batch.arena, &f.r->eve, NULL), ERR_OK);
    f.r->raw = SLICE_LIT(eve);
    f.r->ts_ns = NOW - 3600 * CLOCK_S;
    f.r->is_alert = true;
    f.r->severity = SEVERITY_HIGH;
    f.r->event_type = "alert";
    f.r->proto = "TCP";
    f.r->app_proto = "modbus";
    f.r->flow_id = 77;
    f.r->alert.sid = 9100001;
    f.r->site = "can-tho";
    f.r->sensor = "s1";
    f.r->technique_words = "T0846 T1110.001";
    f.r->alert.signature = "Trạm bơm: ghi thanh ghi";
    snprintf(f.r->src.addr_text, sizeof(f.r->src.addr_text), "10.20.4.17");
    snprintf(f.r->dst.addr_text, sizeof(f.r->dst.addr_text), "2001:db8::9");
    f.r->src.port = 40000;
    f.r->dst.port = 502;
    f.r->src.zone = "camera";
    f.r->dst.zone = "pumps";
    f.r->src.name = "Camera Ninh Kiều";
    f.r->dst.criticality = 5;
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    batch_fini(&f->batch);
    arena_fini(&f->arena);
    return 0;
}

static bool fits(struct fixture *f, const char *text)
{
    struct search search;
    struct search_fault fault;

    if (search_parse(text, NOW, &f->arena, &search, &fault) != ERR_OK)
        fail_msg("%s: %s", text, fault.en);
    return match_record(search.root, f->r);
}

static void all_fit(struct fixture *f, const char *const *texts, bool expected)
{
    for (; *texts; texts++) {
        if (fits(f, *texts) != expected)
            fail_msg("%s: %s", *texts, expected ? "does not fit" : "fits");
    }
}

static void words_are_found_whatever_their_case_and_diacritics(void **state)
{
    const char *const yes[] = {
        "tram bom", "TRẠM", "\"trạm bơm: ghi\"", "modb*s", "evil.example", "2001:db8::9", "", NULL};
    const char *const no[] = {"\"bom tram\"", "zzz", "tram zzz", "\"modb*s\"", NULL};

    all_fit(*state, yes, true);
    all_fit(*state, no, false);
}

static void fields_compare_as_their_kind_does(void **state)
{
    const char *const yes[] = {"src:10.20.4.17",
                               "src:10.20.0.0/16",
                               "ip:2001:db8::/32",
                               "@ip:10.20.4.17",
                               "dport:502",
                               "port:500..510",
                               "port:>=502",
                               "port:<503",
                               "sid:9100001",
                               "@sid:9100001",
                               "severity:high",
                               "severity:>=medium",
                               "severity:medium..critical",
                               "sig:bom",
                               "@sig:\"Trạm bơm\"",
                               "zone:pumps",
                               "zone:camera",
                               "name:ninh",
                               "site:Can-Tho",
                               "technique:t0846",
                               "technique:T1110*",
                               "criticality:5",
                               "type:alert",
                               "app:modbus",
                               "flow:77",
                               NULL};
    const char *const no[] = {"src:10.21.0.0/16", "dport:503", "port:>40000", "severity:critical",
                              "severity:<high",   "zone:pump", "site:cantho", "technique:T1110",
                              "type:flow",        NULL};

    all_fit(*state, yes, true);
    all_fit(*state, no, false);
}

static void any_path_of_the_event_is_a_field(void **state)
{
    const char *const yes[] = {"dns.rrname:EVIL.example",
                               "dns.rrname:*.example",
                               "dns.ttl:300",
                               "dns.ttl:>299",
                               "dns.ttl:100..300",
                               "dns.answers:b",
                               "dns.rrname:*",
                               "dns.rrname:(x,evil.example)",
                               "flag:true",
                               "-tls.sni:*",
                               NULL};
    const char *const no[] = {"dns.rrname:evil", "dns.ttl:>300",      "tls.sni:*",
                              "dns.answers:c",   "dns.rrname:(x, y)", NULL};

    all_fit(*state, yes, true);
    all_fit(*state, no, false);
}

static void logic_binds_as_expected(void **state)
{
    const char *const yes[] = {"zzz OR tram",
                               "tram OR zzz zzz",
                               "tram AND (zzz OR port:502)",
                               "NOT zzz",
                               "-zzz",
                               "!zzz tram",
                               "-(zzz OR yyy)",
                               "NOT NOT tram",
                               "dport:(22,502)",
                               NULL};
    const char *const no[] = {"tram -modbus", "(tram OR zzz) zzz", "NOT tram", "-dport:(22,502)",
                              NULL};

    all_fit(*state, yes, true);
    all_fit(*state, no, false);
}

static void times_are_absolute_or_back_from_now(void **state)
{
    const char *const yes[] = {"@from:-2h",
                               "@from:-2h @to:now",
                               "@after:2026-11-21",
                               "@from:2026",
                               "@from:2026-11 @to:2027",
                               "@from:2026-11-21T00",
                               "@from:2026-11-21T00:00",
                               "time:>now-2h",
                               "@before:2026-11-21T03:00:00Z",
                               "@to:-10m",
                               NULL};
    const char *const no[] = {"@from:-30m", "@to:-2h", "@from:2026-11-22", "@to:2026", NULL};

    all_fit(*state, yes, true);
    all_fit(*state, no, false);
}

static void pipes_say_what_is_made_of_the_rows(void **state)
{
    struct fixture *f = *state;
    struct search s;
    struct search_fault fault;

    assert_int_equal(
        search_parse("tram | groupby src_ip, dns.rrname | top 5", NOW, &f->arena, &s, &fault),
        ERR_OK);
    assert_int_equal(s.shape, SEARCH_GROUPBY);
    assert_int_equal(s.n_by, 2);
    assert_string_equal(s.by[0], "src");
    assert_string_equal(s.by[1], "dns.rrname");
    assert_int_equal(s.top, 5);
    assert_int_equal(search_parse("| top 20 @ip", NOW, &f->arena, &s, &fault), ERR_OK);
    assert_string_equal(s.by[0], "ip");
    assert_int_equal(s.top, 20);
    assert_int_equal(search_parse("tram | histogram 1h", NOW, &f->arena, &s, &fault), ERR_OK);
    assert_int_equal(s.shape, SEARCH_HISTOGRAM);
    assert_true(s.step_ns == 3600 * CLOCK_S);
}

static void a_wrong_search_says_where_and_what(void **state)
{
    struct fixture *f = *state;
    const char *const wrong[] = {"(a",
                                 "a)",
                                 "\"a",
                                 "src:10.20.4",
                                 "port:x",
                                 "src:",
                                 "| what",
                                 "a | top 5",
                                 "a OR",
                                 "OR a",
                                 "a AND",
                                 "port:>x",
                                 "@from:soon",
                                 "| histogram x",
                                 "sid:(1 2)",
                                 "src:(1,",
                                 "((((((((((((((((((((((((a))))))))))))))))))))))))",
                                 NULL};
    struct search s;
    struct search_fault fault;

    for (uint32_t i = 0; wrong[i]; i++) {
        if (search_parse(wrong[i], NOW, &f->arena, &s, &fault) != ERR_INPUT)
            fail_msg("taken: %s", wrong[i]);
        assert_non_null(strstr(fault.en, "Character "));
    }
    search_parse("src:10.20.4.17 port:x", NOW, &f->arena, &s, &fault);
    assert_string_equal(fault.en, "Character 22: \"x\" is no number, severity or time");
    assert_string_equal(fault.vi, "Ký tự thứ 22: \"x\" không phải là số, mức độ hay thời điểm");
}

static void random_texts_never_break_it(void **state)
{
    struct fixture *f = *state;
    static const char pieces[][12] = {
        "a",   "(", ")",    "\"",  ":",          "-",       "!",         "OR",     "AND",
        "NOT", " ", "src:", "|",   "top",        "..",      ">=",        "@from:", "*",
        "ạ",   ",", "\\",   "ip:", "10.0.0.0/8", "groupby", "histogram", "1h"};
    uint64_t seed = 7;

    for (uint32_t i = 0; i < 20000; i++) {
        char text[200] = "";
        struct search_fault fault;
        struct search s;
        size_t len = 0;
        for (uint32_t k = 0; k < 12; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            const char *piece = pieces[(seed >> 33) % (sizeof(pieces) / sizeof(pieces[0]))];
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", piece);
        }
        if (search_parse(text, NOW, &f->arena, &s, &fault) == ERR_OK)
            match_record(s.root, f->r);
        arena_reset(&f->arena);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(words_are_found_whatever_their_case_and_diacritics),
        TEST(fields_compare_as_their_kind_does),
        TEST(any_path_of_the_event_is_a_field),
        TEST(logic_binds_as_expected),
        TEST(times_are_absolute_or_back_from_now),
        TEST(pipes_say_what_is_made_of_the_rows),
        TEST(a_wrong_search_says_where_and_what),
        TEST(random_texts_never_break_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a receiver may know, and the forms that no other reader is asked about in the tests of the
 * whole system.
 */
#include "analyzer/push/cap.h"
#include "analyzer/push/cef.h"
#include "analyzer/push/exercise.h"
#include "analyzer/push/mail.h"
#include "analyzer/push/ngsi.h"
#include "analyzer/push/stix.h"
#include "analyzer/push/told.h"
#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the three above */
#include <cmocka.h>

static const struct connector open_book = {.name = "ioc",
                                           .secret = "",
                                           .source = "urn:soc:cantho:analyzer-1",
                                           .context = "",
                                           .from = "soc@cantho.example",
                                           .to = {"a@cantho.example\r\nBcc: x@evil.example", NULL},
                                           .enterprise = 32473,
                                           .details = true};
static const struct connector masked = {.name = "isac",
                                        .secret = "k",
                                        .source = "urn:soc:cantho:analyzer-1",
                                        .context = "",
                                        .from = "soc@cantho.example",
                                        .to = {"a@b.example", NULL},
                                        .enterprise = 32473,
                                        .mask_internal = true,
                                        .details = true};

static const struct incident sample = {
    .id = 7,
    .revision = 2,
    .site = "ninh kieu\"]",
    .entity = "May bom 3 10.20.4.17",
    .entity_ip = "10.20.4.17",
    .title_en = "May bom 3 (10.20.4.17): scans | probes = fd00::7\nand 203.0.113.9.",
    .title_vi = "May bom 3 bị quét từ 10.20.4.99",
    .severity = SEVERITY_CRITICAL,
    .score = 91,
    .state = INCIDENT_IN_PROGRESS,
    .tlp = "amber",
    .first_ns = UINT64_C(1795230310) * CLOCK_S,
    .last_ns = UINT64_C(1795230320) * CLOCK_S,
    .opened_ns = UINT64_C(1795230330) * CLOCK_S,
    .updated_ns = UINT64_C(1795230340123) * CLOCK_MS,
    .techniques = "T0846 T1110.001",
    .tactics = "TA0102",
    .n_events = 3,
    .why_json =
        "{\"stages\":[{\"time\":1795230310000000000,\"severity\":\"low\",\"src\":\"10.20.4.99\","
        "\"dst\":\"10.20.4.17\"},{\"time\":1795230311000000000,\"severity\":\"high\","
        "\"src\":\"203.0.113.9\",\"dst\":\"10.20.4.17\",\"dst_port\":502,\"text\":{\"en\":"
        "\"write to May bom 3\",\"vi\":\"ghi vào May bom 3\"}}],\"entities\":[{\"ip\":"
        "\"10.20.4.17\",\"name\":\"May bom 3\"}]}"};

static struct telling telling_of(const struct connector *c)
{
    return (struct telling){c, &sample, "updated", ""};
}

static void own_names_and_addresses_in_texts_become_pseudonyms_and_strangers_stay(void **state)
{
    (void)state;
    struct told told;
    struct telling telling = telling_of(&masked);

    told_open(&told, &telling);
    assert_null(strstr(told.title_en, "May bom"));
    assert_null(strstr(told.title_en, "10.20.4.17"));
    assert_null(strstr(told.title_en, "fd00::7"));
    assert_non_null(strstr(told.title_en, "203.0.113.9."));
    assert_non_null(strstr(told.title_vi, " bị quét từ host-"));
    assert_string_equal(told.src, "203.0.113.9");
    assert_int_equal(strncmp(told.dst, "host-", 5), 0);
    told_close(&told);
}

static void no_form_tells_a_masked_connector_what_is_masked(void **state)
{
    (void)state;
    void (*const forms[])(const struct telling *, struct strbuf *) = {
        ngsi_alert, cef_incident, stix_bundle, stix_envelope, cap_incident, mail_incident};
    struct telling telling = telling_of(&masked);

    for (uint32_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct strbuf out;
        strbuf_init(&out, 0);
        forms[i](&telling, &out);
        assert_true(out.len > 100);
        assert_null(strstr(out.at, "10.20.4."));
        assert_null(strstr(out.at, "May bom"));
        assert_null(strstr(out.at, "fd00"));
        strbuf_fini(&out);
    }
}

static void the_most_severe_stage_is_who_did_it_to_whom(void **state)
{
    (void)state;
    struct told told;
    struct telling telling = telling_of(&open_book);

    told_open(&told, &telling);
    assert_string_equal(told.src, "203.0.113.9");
    assert_string_equal(told.dst, "10.20.4.17");
    assert_string_equal(told.entity, "May bom 3 10.20.4.17");
    told_close(&told);
}

static void a_reason_that_cannot_be_read_leaves_the_head(void **state)
{
    (void)state;
    struct incident broken = sample;
    struct telling telling = {&open_book, &broken, "opened", ""};
    struct strbuf out;

    broken.why_json = "{";
    strbuf_init(&out, 0);
    cef_incident(&telling, &out);
    assert_non_null(strstr(out.at, "externalId=INC-2026-000007"));
    assert_null(strstr(out.at, " src="));
    strbuf_fini(&out);
}

static void cef_and_structured_data_are_escaped(void **state)
{
    (void)state;
    struct telling telling = telling_of(&open_book);
    struct strbuf out;

    strbuf_init(&out, 0);
    cef_incident(&telling, &out);
    assert_int_equal(
        strncmp(out.at, "<106>1 2026-11-21T03:05:40.123Z analyzer-1 tramgac - INCIDENT ",
                strlen("<106>1 2026-11-21T03:05:40.123Z analyzer-1 tramgac - INCIDENT ")),
        0);
    assert_non_null(strstr(out.at, "site=\"ninh kieu\\\"\\]\"]"));
    assert_non_null(strstr(out.at, "|INC-UPDATE|May bom 3 (10.20.4.17): scans \\| probes = fd00"));
    assert_non_null(strstr(out.at, " dpt=502 "));
    assert_null(strchr(out.at, '\n'));
    strbuf_fini(&out);
}

static void a_recipient_never_begins_another_header(void **state)
{
    (void)state;
    struct telling telling = telling_of(&open_book);
    struct strbuf out;

    strbuf_init(&out, 0);
    mail_incident(&telling, &out);
    assert_null(strstr(out.at, "\nBcc:"));
    assert_non_null(strstr(out.at, "Message-ID: <INC-2026-000007.2.ioc@cantho.example>"));
    strbuf_fini(&out);
}

static void a_cap_update_refers_to_the_message_before(void **state)
{
    (void)state;
    struct telling telling = telling_of(&open_book);
    struct strbuf out;

    telling.before = "<alert><identifier>INC-1.1</identifier><sender>urn:s</sender>"
                     "<sent>2026-11-21T03:05:10-00:00</sent></alert>";
    strbuf_init(&out, 0);
    cap_incident(&telling, &out);
    assert_non_null(strstr(out.at, "<msgType>Update</msgType>"));
    assert_non_null(
        strstr(out.at, "<references>urn:s,INC-1.1,2026-11-21T03:05:10-00:00</references>"));
    assert_non_null(strstr(out.at, "<severity>Extreme</severity>"));
    telling.kind = "closed";
    strbuf_clear(&out);
    cap_incident(&telling, &out);
    assert_non_null(strstr(out.at, "<msgType>Cancel</msgType>"));
    strbuf_fini(&out);
}

/* Each form by the connector that has it; nothing of it can be taken for an incident. */
static void an_exercise_says_in_every_form_that_it_is_one(void **state)
{
    (void)state;
    uint64_t now_ns = UINT64_C(1795230340) * CLOCK_S;
    uint32_t n = 0;

    for (const struct push_def *const *row = push_rows; *row; row++, n++) {
        struct connector c = open_book;
        struct strbuf out;
        c.def = *row;
        c.type_prefix = "vn.example";
        c.content_type = "application/json";
        c.template = "{\"id\": \"{{subject}}\", \"title\": \"{{data.title.vi}}\"}";
        strbuf_init(&out, 0);
        exercise_render(&c, now_ns, &out);
        assert_non_null(strstr(out.at, "TEST-20261121T030540Z"));
        assert_null(strstr(out.at, "INC-"));
        assert_null(strstr(out.at, "<status>Actual"));
        if (strcmp((*row)->name, "mail") !=
            0) /* coded there: the test of the whole system reads it */
            assert_non_null(strstr(out.at, "[DIỄN TẬP]"));
        strbuf_fini(&out);
    }
    assert_true(n >= 9);
}

static void ids_of_stix_follow_from_what_they_name(void **state)
{
    (void)state;
    struct telling telling = telling_of(&open_book);
    struct strbuf out;

    strbuf_init(&out, 0);
    stix_bundle(&telling, &out);
    /* UUID version 5 of {"value":"203.0.113.9"} in the namespace of the specification */
    assert_non_null(strstr(out.at, "ipv4-addr--d21ff893-fc1f-550e-95d7-ce17fb6eb4b9"));
    assert_non_null(strstr(out.at, "https://attack.mitre.org/techniques/T1110/001"));
    assert_non_null(strstr(out.at, "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"));
    strbuf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_names_and_addresses_in_texts_become_pseudonyms_and_strangers_stay),
        cmocka_unit_test(no_form_tells_a_masked_connector_what_is_masked),
        cmocka_unit_test(the_most_severe_stage_is_who_did_it_to_whom),
        cmocka_unit_test(a_reason_that_cannot_be_read_leaves_the_head),
        cmocka_unit_test(cef_and_structured_data_are_escaped),
        cmocka_unit_test(a_recipient_never_begins_another_header),
        cmocka_unit_test(a_cap_update_refers_to_the_message_before),
        cmocka_unit_test(an_exercise_says_in_every_form_that_it_is_one),
        cmocka_unit_test(ids_of_stix_follow_from_what_they_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

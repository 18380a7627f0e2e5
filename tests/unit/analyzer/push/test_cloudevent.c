/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/push/cloudevent.h"
#include "analyzer/push/told.h"
#include "common/clock.h"
#include "common/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the three above */
#include <cmocka.h>

static const struct connector plain = {.name = "ioc",
                                       .secret = "",
                                       .source = "urn:soc:cantho:analyzer-1",
                                       .type_prefix = "vn.cantho.soc",
                                       .details = true};

static const struct incident sample = {
    .id = 123,
    .revision = 3,
    .site = "can-tho",
    .entity = "cam-17 10.20.4.17",
    .entity_ip = "10.20.4.17",
    .title_en = "Camera \"scans\"\n<b>",
    .title_vi = "Camera quét",
    .severity = SEVERITY_HIGH,
    .score = 86,
    .state = INCIDENT_IN_PROGRESS,
    .tlp = "amber",
    .first_ns = UINT64_C(1795230310) * CLOCK_S,
    .last_ns = UINT64_C(1795230320) * CLOCK_S,
    .opened_ns = UINT64_C(1795230330) * CLOCK_S,
    .updated_ns = UINT64_C(1795230310123) * CLOCK_MS,
    .techniques = "T0846 T1110",
    .tactics = "TA0102",
    .why_json = "{\"stages\":[{\"time\":1795230310000000000,\"src\":\"203.0.113.9\",\"dst\":"
                "\"10.20.4.17\",\"text\":{\"en\":\"a\",\"vi\":\"b\"}}],\"entities\":[{\"ip\":"
                "\"10.20.4.17\",\"name\":\"cam-17\",\"criticality\":4}]}"};

static struct json *render(const struct connector *c, struct strbuf *text)
{
    struct json *v = NULL;

    strbuf_init(text, 0);
    cloudevent_incident(&(struct telling){c, &sample, "updated", ""}, text);
    assert_int_equal(json_parse(strbuf_view(text), &v, NULL), ERR_OK);
    return v;
}

static void assert_text(const struct json *v, const char *path, const char *expected)
{
    assert_string_equal(json_str(json_path(v, path), "(missing)"), expected);
}

static void an_event_has_the_attributes_of_the_specification(void **state)
{
    (void)state;
    struct strbuf text;
    struct json *v = render(&plain, &text);

    assert_text(v, "specversion", "1.0");
    assert_text(v, "id", "INC-2026-000123/3");
    assert_text(v, "source", "urn:soc:cantho:analyzer-1");
    assert_text(v, "type", "vn.cantho.soc.incident.updated.v1");
    assert_text(v, "subject", "INC-2026-000123");
    assert_text(v, "time", "2026-11-21T03:05:10.123Z");
    assert_text(v, "datacontenttype", "application/json");
    assert_text(v, "data.incident_id", "INC-2026-000123");
    assert_int_equal(json_i64(json_path(v, "data.revision"), 0), 3);
    assert_text(v, "data.severity", "high");
    assert_text(v, "data.status", "in_progress");
    assert_text(v, "data.title.en", "Camera \"scans\"\n<b>");
    assert_text(v, "data.techniques.1", "T1110");
    assert_text(v, "data.stages.0.dst", "10.20.4.17");
    json_free(&v);
    strbuf_fini(&text);
}

static void masked_own_hosts_are_nowhere_and_strangers_stay(void **state)
{
    (void)state;
    struct connector c = plain;
    struct strbuf text;
    char mask[TOLD_HOST_MAX];

    c.mask_internal = true;
    c.secret = "k";
    struct json *v = render(&c, &text);
    told_mask(&c, "10.20.4.17", mask);
    assert_null(strstr(text.at, "10.20.4.17"));
    assert_null(strstr(text.at, "cam-17"));
    assert_text(v, "data.entity", mask);
    assert_text(v, "data.stages.0.dst", mask);
    assert_text(v, "data.stages.0.src", "203.0.113.9");
    json_free(&v);
    strbuf_fini(&text);
}

static void without_details_only_the_head_is_told(void **state)
{
    (void)state;
    struct connector c = plain;
    struct strbuf text;

    c.details = false;
    struct json *v = render(&c, &text);
    assert_null(json_path(v, "data.stages"));
    assert_null(json_path(v, "data.entities"));
    json_free(&v);
    strbuf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_has_the_attributes_of_the_specification),
        cmocka_unit_test(masked_own_hosts_are_nowhere_and_strangers_stay),
        cmocka_unit_test(without_details_only_the_head_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

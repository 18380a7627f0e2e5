/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/settings.h"
#include "sensor/run/suricata_app.h"
#include "sensor/run/suricata_yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct rig {
    struct conf *conf;
    struct strbuf report;
};

static void rig_open(struct rig *rig, const char *text)
{
    char path[] = "/tmp/tramgac-yaml.XXXXXX.yaml";
    int fd = mkstemps(path, 5);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    rig->conf = settings_new();
    strbuf_init(&rig->report, 4096);
    struct suricata_source source = {.path = path};
    assert_int_equal(suricata_yaml_load(rig->conf, &source, NULL, &rig->report), ERR_OK);
    unlink(path);
}

static void rig_close(struct rig *rig)
{
    conf_free(&rig->conf);
    strbuf_fini(&rig->report);
}

static void expect_list(const struct conf *conf, const char *key, const char *expected)
{
    char joined[512] = "";
    const char *item;

    for (uint32_t i = 0; (item = conf_item(conf, key, i)); i++) {
        strcat(joined, i ? "," : "");
        strcat(joined, item);
    }
    assert_string_equal(joined, expected);
}

static void protocols_are_on_off_or_only_named(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, "suricata-version: \"7.0\"\n"
                   "app-layer:\n  protocols:\n"
                   "    http: {enabled: no}\n"
                   "    imap: {enabled: detection-only}\n"
                   "    dns:\n      tcp: {enabled: yes}\n      udp: {enabled: no}\n"
                   "    sip:\n"
                   "    smtp: {enabled: on}\n"
                   "    modbus: {enabled: no}\n");
    expect_list(rig.conf, "app.off", "http,dns/udp");
    expect_list(rig.conf, "app.name-only", "imap");
    rig_close(&rig);
}

static void settings_of_parsers_are_taken_over(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, "suricata-version: \"7.0\"\n"
                   "action-order: [alert, pass]\n"
                   "app-layer:\n  protocols:\n"
                   "    http:\n      libhtp:\n        default-config:\n"
                   "          request-body-limit: 1mb\n          response-body-limit: 0\n"
                   "          double-decode-path: yes\n          personality: IDS\n"
                   "          lzma-enabled: yes\n"
                   "    smtp:\n      raw-extraction: on\n"
                   "      mime: {decode-mime: no, decode-base64: no, header-value-depth: 100}\n");
    assert_int_equal(conf_size(rig.conf, "http.request-body"), 1 << 20);
    assert_int_equal(conf_size(rig.conf, "http.response-body"), 0);
    assert_true(conf_bool(rig.conf, "http.twice.path"));
    assert_false(conf_bool(rig.conf, "http.twice.query"));
    assert_false(conf_bool(rig.conf, "http.twice.note"));
    assert_true(conf_bool(rig.conf, "smtp.raw"));
    assert_false(conf_bool(rig.conf, "smtp.mime"));
    assert_false(conf_bool(rig.conf, "smtp.decode_base64"));
    assert_true(conf_bool(rig.conf, "smtp.decode_quoted"));
    assert_int_equal(conf_size(rig.conf, "smtp.value_bytes"), 100);
    expect_list(rig.conf, "action-order", "alert,pass");
    assert_string_equal(conf_text(rig.conf, "http.personality"), "IDS");
    assert_non_null(strstr(rig.report.at, "http.libhtp.default-config.lzma-enabled"));
    assert_null(strstr(rig.report.at, "personality"));
    assert_null(strstr(rig.report.at, "request-body-limit"));
    rig_close(&rig);
}

static void options_of_alerts_are_taken_over(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, "outputs:\n  - eve-log:\n      types:\n        - alert:\n"
                   "            tagged-packets: yes\n            verdict: yes\n"
                   "            http-body-printable: yes\n"
                   "            metadata: {flow: no, rule: {metadata: no}}\n"
                   "        - smtp: {md5: [body]}\n");
    assert_true(conf_bool(rig.conf, "event.alert.metadata"));
    assert_false(conf_bool(rig.conf, "event.alert.flow"));
    assert_false(conf_bool(rig.conf, "event.alert.rule_metadata"));
    assert_true(conf_bool(rig.conf, "event.alert.http_body_printable"));
    assert_true(conf_bool(rig.conf, "event.alert.verdict"));
    assert_true(conf_bool(rig.conf, "smtp.body_md5"));
    expect_list(rig.conf, "event.types", "device,deviation,visibility,yara,alert,packet,smtp");
    rig_close(&rig);
}

static void metadata_switched_off_leaves_nothing_around_an_alert(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, "outputs:\n  - eve-log:\n      types:\n        - alert: {metadata: no}\n");
    assert_false(conf_bool(rig.conf, "event.alert.metadata"));
    assert_false(conf_bool(rig.conf, "event.alert.flow"));
    assert_false(conf_bool(rig.conf, "event.alert.rule_metadata"));
    rig_close(&rig);
}

static void names_of_suricata_are_understood_one_by_one(void **state)
{
    struct conf *conf = settings_new();

    (void)state;
    assert_true(suricata_app_set(
        conf, "app-layer.protocols.http.libhtp.default-config.request-body-limit=7"));
    assert_int_equal(conf_size(conf, "http.request-body"), 7);
    assert_false(suricata_app_set(conf, "app-layer.protocols.http.enabled=no"));
    assert_false(suricata_app_set(conf, "stats.interval=1s"));
    conf_free(&conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(protocols_are_on_off_or_only_named),
        cmocka_unit_test(settings_of_parsers_are_taken_over),
        cmocka_unit_test(options_of_alerts_are_taken_over),
        cmocka_unit_test(metadata_switched_off_leaves_nothing_around_an_alert),
        cmocka_unit_test(names_of_suricata_are_understood_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

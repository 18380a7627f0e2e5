/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/settings.h"
#include "sensor/run/suricata_stream.h"
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

static struct rig *read_yaml(const char *text)
{
    static struct rig rig;
    char path[] = "/tmp/tramgac-yaml.XXXXXX.yaml";
    int fd = mkstemps(path, 5);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    rig.conf = settings_new();
    strbuf_init(&rig.report, 4096);
    struct suricata_source source = {.path = path};
    assert_int_equal(suricata_yaml_load(rig.conf, &source, NULL, &rig.report), ERR_OK);
    unlink(path);
    return &rig;
}

static void rig_free(struct rig *rig)
{
    conf_free(&rig->conf);
    strbuf_fini(&rig->report);
}

static void without_a_file_our_own_defaults_stay(void **state)
{
    struct conf *conf = settings_new();

    (void)state;
    assert_string_equal(conf_text(conf, "stream.midstream"), "yes");
    assert_int_equal(conf_size(conf, "stream.depth"), 0);
    assert_string_equal(conf_text(conf, "stream.urgent"), "oob");
    conf_free(&conf);
}

static void what_a_file_does_not_say_is_as_in_suricata(void **state)
{
    struct rig *rig = read_yaml("outputs: []\n");

    (void)state;
    assert_string_equal(conf_text(rig->conf, "stream.midstream"), "auto");
    assert_int_equal(conf_size(rig->conf, "stream.depth"), 0);
    assert_string_equal(conf_text(rig->conf, "stream.urgent"), "inline");
    assert_string_equal(conf_text(rig->conf, "stream.inline"), "no");
    rig_free(rig);
}

static void tunnels_have_the_ports_of_the_file(void **state)
{
    struct rig *rig = read_yaml("vars: {port-groups: {GENEVE_PORTS: '[6081, 6082]'}}\n"
                                "outputs: []\n"
                                "decoder:\n"
                                "  vxlan: {enabled: no, ports: [8472, 4789]}\n"
                                "  geneve: {enabled: true, ports: $GENEVE_PORTS}\n"
                                "  teredo: {ports: any}\n"
                                "  max-layers: 9\n"
                                "  dreams: 1\n");

    (void)state;
    assert_true(conf_bool(rig->conf, "decode.as-suricata"));
    assert_false(conf_bool(rig->conf, "decode.vxlan.enabled"));
    assert_string_equal(conf_item(rig->conf, "decode.vxlan.ports", 1), "4789");
    assert_true(conf_bool(rig->conf, "decode.geneve.enabled"));
    assert_string_equal(conf_item(rig->conf, "decode.geneve.ports", 0), "6081");
    assert_string_equal(conf_item(rig->conf, "decode.geneve.ports", 1), "6082");
    assert_null(conf_item(rig->conf, "decode.geneve.ports", 2));
    assert_string_equal(conf_item(rig->conf, "decode.teredo.ports", 0), "any");
    assert_int_equal(conf_int(rig->conf, "decode.max-layers"), 9);
    assert_non_null(strstr(rig->report.at, "decoder.dreams"));
    rig_free(rig);
}

static void settings_of_stream_and_defrag_are_taken(void **state)
{
    struct rig *rig =
        read_yaml("outputs: []\n"
                  "pcap-file: {checksum-checks: auto}\n"
                  "stream:\n"
                  "  memcap: 64mb\n"
                  "  midstream: false\n"
                  "  async-oneside: no\n"
                  "  checksum-validation: no\n"
                  "  prealloc-sessions: 32k\n"
                  "  reassembly:\n"
                  "    memcap: 16mb\n"
                  "    depth: 0\n"
                  "    toserver-chunk-size: 2560\n"
                  "    urgent: {policy: oob}\n"
                  "defrag: {memcap: 1mb, trackers: 1000, timeout: 30, prealloc: yes}\n");
    struct conf *conf = rig->conf;

    (void)state;
    assert_string_equal(conf_text(conf, "stream.midstream"), "no");
    assert_false(conf_bool(conf, "stream.async-oneside"));
    assert_string_equal(conf_text(conf, "capture.checksum-validation"), "none");
    assert_int_equal(conf_size(conf, "stream.memcap"), 16 << 20);
    assert_int_equal(conf_size(conf, "stream.depth"), 0);
    assert_true(conf_size(conf, "detect.stream-depth") > UINT32_MAX);
    assert_string_equal(conf_text(conf, "stream.urgent"), "oob");
    assert_int_equal(conf_int(conf, "defrag.trackers"), 13);
    assert_int_equal(conf_span_ns(conf, "defrag.timeout"), UINT64_C(30000000000));
    assert_non_null(strstr(rig->report.at, "stream.prealloc-sessions"));
    assert_non_null(strstr(rig->report.at, "stream.reassembly.toserver-chunk-size"));
    assert_non_null(strstr(rig->report.at, "defrag.prealloc"));
    assert_null(strstr(rig->report.at, "stream.midstream"));
    rig_free(rig);
}

static void what_changes_alerts_and_events_elsewhere_is_taken(void **state)
{
    struct rig *rig = read_yaml("outputs:\n"
                                "  - eve-log: {enabled: yes, community-id-seed: 7}\n"
                                "app-layer:\n"
                                "  protocols:\n"
                                "    tls: {enabled: yes, encryption-handling: full}\n"
                                "    dns: {tcp: {enabled: no}, udp: {enabled: no}}\n"
                                "    nfs: {tcp: {enabled: no}, udp: {enabled: yes}}\n");
    struct conf *conf = rig->conf;

    (void)state;
    assert_int_equal(conf_int(conf, "event.community_id_seed"), 7);
    assert_true(conf_bool(conf, "detect.encrypted"));
    assert_string_equal(conf_item(conf, "app.off", 0), "dns/tcp");
    assert_string_equal(conf_item(conf, "app.off", 1), "dns/udp");
    assert_string_equal(conf_item(conf, "app.off", 2), "nfs/tcp");
    assert_null(conf_item(conf, "app.off", 3));
    rig_free(rig);
}

static void names_of_suricata_can_be_set_one_by_one(void **state)
{
    struct conf *conf = settings_new();

    (void)state;
    assert_true(suricata_stream_set(conf, "stream.reassembly.depth=8kb"));
    assert_int_equal(conf_size(conf, "stream.depth"), 8192);
    assert_int_equal(conf_size(conf, "detect.stream-depth"), 8192);
    assert_true(suricata_stream_set(conf, "stream.midstream=false"));
    assert_string_equal(conf_text(conf, "stream.midstream"), "no");
    assert_true(suricata_stream_set(conf, "stream.inline=auto"));
    assert_string_equal(conf_text(conf, "stream.inline"), "no");
    assert_false(suricata_stream_set(conf, "stream.hole.bytes=1"));
    assert_false(suricata_stream_set(conf, "defrag.trackers=5"));
    conf_free(&conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_file_our_own_defaults_stay),
        cmocka_unit_test(what_a_file_does_not_say_is_as_in_suricata),
        cmocka_unit_test(tunnels_have_the_ports_of_the_file),
        cmocka_unit_test(settings_of_stream_and_defrag_are_taken),
        cmocka_unit_test(what_changes_alerts_and_events_elsewhere_is_taken),
        cmocka_unit_test(names_of_suricata_can_be_set_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

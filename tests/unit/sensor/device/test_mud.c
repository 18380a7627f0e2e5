/* SPDX-License-Identifier: Apache-2.0 */
#include "common/strbuf.h"
#include "sensor/device/mud.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* One thing the other end is; everything else it is not. */
struct peer {
    enum mud_peer kind;
    const char *text;
    enum mud_answer answer;
};

static enum mud_answer is(void *context, enum mud_peer kind, const char *text)
{
    const struct peer *peer = context;

    return kind == peer->kind && strcmp(text, peer->text) == 0 ? peer->answer : MUD_NO;
}

static struct mud *parse(const char *from, const char *to)
{
    struct strbuf text, report;
    struct mud *mud = NULL;

    strbuf_init(&text, 0);
    strbuf_init(&report, 0);
    strbuf_fmt(
        &text,
        "{\"ietf-mud:mud\":{\"mud-version\":1,\"mud-url\":\"https://maker.example/x\","
        "\"from-device-policy\":{\"access-lists\":{\"access-list\":[{\"name\":\"f\"}]}},"
        "\"to-device-policy\":{\"access-lists\":{\"access-list\":[{\"name\":\"t\"}]}}},"
        "\"ietf-access-control-list:acls\":{\"acl\":["
        "{\"name\":\"f\",\"aces\":{\"ace\":[%s]}},{\"name\":\"t\",\"aces\":{\"ace\":[%s]}}]}}",
        from, to);
    assert_int_equal(mud_parse(strbuf_view(&text), "test", &mud, &report), ERR_OK);
    strbuf_fini(&text);
    strbuf_fini(&report);
    return mud;
}

#define ACE(name, matches)                                                                         \
    "{\"name\":\"" name "\",\"matches\":{" matches "},\"actions\":{\"forwarding\":\"accept\"}}"

static enum mud_verdict judge(const struct mud *mud, bool client, uint8_t proto, uint16_t port,
                              struct peer peer)
{
    static const struct addr address = {.family = 4, .b = {192, 0, 2, 7}};
    const char *entry;
    struct mud_flow flow = {.ip_version = 4,
                            .proto = proto,
                            .device_is_client = client,
                            .start_seen = true,
                            .server_port = port,
                            .peer = &address,
                            .is = is,
                            .context = &peer};

    return mud_judge(mud, &flow, &entry);
}

static const struct peer nobody = {MUD_ANY, "", MUD_NO};

static void what_no_entry_accepts_is_denied(void **state)
{
    (void)state;
    struct mud *mud = parse(ACE("web", "\"ipv4\":{\"protocol\":6,\"ietf-acldns:dst-dnsname\":"
                                       "\"a.example\"},\"tcp\":{\"destination-port\":{\"operator\":"
                                       "\"eq\",\"port\":443}}"),
                            "");
    struct peer a = {MUD_DNS_NAME, "a.example", MUD_YES};
    struct peer unnamed = {MUD_DNS_NAME, "a.example", MUD_UNKNOWN};

    assert_int_equal(judge(mud, true, 6, 443, a), MUD_ALLOWED);
    assert_int_equal(judge(mud, true, 6, 443, unnamed), MUD_UNRESOLVED);
    assert_int_equal(judge(mud, true, 6, 443, nobody), MUD_DENIED);
    assert_int_equal(judge(mud, true, 6, 80, unnamed), MUD_DENIED);
    assert_int_equal(judge(mud, true, 17, 443, a), MUD_DENIED);
    assert_int_equal(judge(mud, false, 6, 443, a), MUD_DENIED);
    mud_free(&mud);
}

static void who_began_counts_only_when_the_start_was_seen(void **state)
{
    (void)state;
    struct mud *mud =
        parse(ACE("served", "\"ietf-mud:mud\":{\"controller\":\"urn:x\"},\"tcp\":{\"source-port\":{"
                            "\"operator\":\"eq\",\"port\":554},\"ietf-mud:direction-initiated\":"
                            "\"to-device\"}"),
              "");
    struct peer x = {MUD_CONTROLLER, "urn:x", MUD_YES};

    assert_int_equal(judge(mud, false, 6, 554, x), MUD_ALLOWED);
    assert_int_equal(judge(mud, true, 6, 554, x), MUD_DENIED);
    mud_free(&mud);
}

static void ranges_and_operators_are_understood(void **state)
{
    (void)state;
    struct mud *mud = parse(
        ACE("r",
            "\"udp\":{\"destination-port\":{\"operator\":\"range\",\"lower-port\":5000,"
            "\"upper-port\":5010}}") "," ACE("g",
                                             "\"tcp\":{\"destination-port\":{\"operator\":\"gte\","
                                             "\"port\":60000}}") "," ACE("n",
                                                                         "\"tcp\":{\"destination-"
                                                                         "port\":{\"operator\":"
                                                                         "\"lte\",\"port\":10}}"),
        "");

    assert_int_equal(judge(mud, true, 17, 5005, nobody), MUD_ALLOWED);
    assert_int_equal(judge(mud, true, 17, 5011, nobody), MUD_DENIED);
    assert_int_equal(judge(mud, true, 6, 60001, nobody), MUD_ALLOWED);
    assert_int_equal(judge(mud, true, 6, 59999, nobody), MUD_DENIED);
    assert_int_equal(judge(mud, true, 6, 9, nobody), MUD_ALLOWED);
    mud_free(&mud);
}

static void empty_members_protocol_0_and_link_layer_entries_are_taken(void **state)
{
    (void)state;
    struct mud *mud = parse(
        ACE("l", "\"ietf-mud:mud\":{\"local-networks\":[null]},\"ipv4\":{\"protocol\":0}") "," ACE(
            "e", "\"eth\":{\"ethertype\":\"0x888e\"}"),
        ACE("n", "\"ipv4\":{\"source-ipv4-network\":\"192.0.2.0/24\"},\"udp\":{}"));
    struct peer local = {MUD_LOCAL, "", MUD_YES};

    assert_int_equal(mud_entries(mud), 3);
    assert_int_equal(judge(mud, true, 6, 1, local), MUD_ALLOWED);
    assert_int_equal(judge(mud, true, 6, 1, nobody), MUD_DENIED); /* not by the entry for 802.1X */
    assert_int_equal(judge(mud, false, 17, 9, nobody), MUD_ALLOWED);
    assert_string_equal(mud_authority(mud), "maker.example");
    mud_free(&mud);
}

static void hostile_text_is_refused_or_noted_never_worse(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "[]",
        "{\"ietf-mud:mud\":1,\"ietf-access-control-list:acls\":[]}",
        "{\"ietf-mud:mud\":{},\"ietf-access-control-list:acls\":{\"acl\":7}}",
        "{\"ietf-mud:mud\":{\"from-device-policy\":{\"access-lists\":{\"access-list\":[{\"name\":"
        "\"a\"},{\"name\":\"missing\"},3]}}},\"ietf-access-control-list:acls\":{\"acl\":[{\"name\":"
        "\"a\",\"aces\":{\"ace\":[1,\"x\",{\"name\":5,\"matches\":{\"tcp\":[],\"ipv4\":{"
        "\"protocol\":\"x\"},\"udp\":{\"source-port\":{\"operator\":9,\"port\":-1}}}}]}}]}}",
    };

    for (uint32_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct strbuf report;
        struct mud *mud = NULL;
        strbuf_init(&report, 0);
        enum err err = mud_parse(slice_of_str(texts[i]), "hostile", &mud, &report);
        assert_true((err == ERR_OK) == (mud != NULL));
        assert_true(err == ERR_OK || report.len > 0);
        mud_free(&mud);
        strbuf_fini(&report);
    }
}

/* All real files at hand parse and give entries. */
static uint32_t parse_folder(const char *folder, uint32_t *entries)
{
    struct dirent **files = NULL;
    int n = scandir(folder, &files, NULL, alphasort);
    uint32_t parsed = 0;

    for (int i = 0; i < n; i++) {
        char path[1024];
        const char *name = files[i]->d_name;
        size_t len = strlen(name);
        snprintf(path, sizeof(path), "%s/%s", folder, name);
        if (*name != '.' && len > 5 && strcmp(name + len - 5, ".json") == 0) {
            struct strbuf report;
            struct mud *mud = NULL;
            strbuf_init(&report, 0);
            assert_int_equal(mud_load(path, &mud, &report), ERR_OK);
            *entries += mud_entries(mud);
            parsed++;
            mud_free(&mud);
            strbuf_fini(&report);
        } else if (*name != '.' && !strchr(name, '.')) {
            parsed += parse_folder(path, entries);
        }
        free(files[i]);
    }
    free(files);
    return parsed;
}

static void real_files_parse(void **state)
{
    (void)state;
    const char *shared = getenv("TRAMGAC_SHARED");
    uint32_t entries = 0;

    assert_true(parse_folder(TRAMGAC_SOURCE_DIR "/iot-profiles", &entries) >= 8);
    assert_true(entries > 20);
    if (!shared)
        return;
    char folder[1024];
    entries = 0;
    snprintf(folder, sizeof(folder), "%s/mud", shared);
    uint32_t parsed = parse_folder(folder, &entries);
    print_message("%u files, %u entries\n", parsed, entries);
    assert_true(parsed >= 39);
    assert_true(entries >= 800);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_entry_accepts_is_denied),
        cmocka_unit_test(who_began_counts_only_when_the_start_was_seen),
        cmocka_unit_test(ranges_and_operators_are_understood),
        cmocka_unit_test(empty_members_protocol_0_and_link_layer_entries_are_taken),
        cmocka_unit_test(hostile_text_is_refused_or_noted_never_worse),
        cmocka_unit_test(real_files_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

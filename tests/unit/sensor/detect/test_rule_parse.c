/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The syntax of rules, and what is said about those that are wrong.
 */
#include "detect_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void good_rules_are_accepted(void **state)
{
    static const char *const rules[] = {
        "alert tcp any any -> any any (msg:\"a\\;b\"; content:\"a|3b|b\"; sid:1;)",
        "alert ip [$HOME_NET,!10.0.0.1,[1.2.3.0/24,!1.2.3.4]] any -> any any (sid:1;)",
        "alert tcp any [80, 443 , 1000:2000] -> any ![22,23] (content:\"abcd\"; sid:1;)",
        "alert tcp any :1024 -> any 1024: (content:\"abcd\"; sid:1; rev:2;)",
        "alert tcp $HOME_NET any <> $EXTERNAL_NET $HTTP_PORTS (content:\"abcd\"; sid:1;)",
        "alert udp 2001:db8::/32 any -> any any (content:\"abcd\"; sid:1;)",
        "alert tcp any any -> any any (pcre:\"/a\\/b\\;c/i\"; sid:1;)",
        "alert tcp any any -> any any (flags:S,12; window:55808; sid:1;)",
        "alert icmp any any -> any any (itype:8; icode:0; sid:1;)",
        "alert tcp any any -> any any (content:\"|3 a20|\"; sid:1;)",
        "drop tcp any any -> any any (content:\"abcd\"; sid:1;)",
        "alert ip any any -> any any (tos:x2e; ipopts:RR; sid:1;)",
        "alert ip any any -> any any (priority:0; sid:1;)",
        "alert tcp any any -> any any (byte_test:2,=,2,0,bitmask 3ff; sid:1;)",
        "alert krb5 any any -> any any (krb5.ticket_encryption:!weak; sid:1;)",
        "alert mqtt any any -> any any (mqtt.connack.session_present:yes; sid:1;)",
        "alert tls any any -> any any (frame:tls.alert; content:\"|02|\"; sid:1;)",
        "alert tcp any any -> any any (flowbits:set,a|b; sid:1;)",
        "alert tcp any any -> any any (byte_test:0,=,0,20; sid:1;)",
        "alert tcp any any -> any any (pcre:\"m/abc/i\"; sid:1;)",
        "alert tcp any any -> any any (base64_decode:bytes 0; base64_data; content:\"x\"; sid:1;)",
        "alert http any any -> any any (urilen:9<>5; sid:1;)",
        "alert ip any any -> any any (priority:256; sid:1;)",
        "alert ip any any -> any any (threshold:type limit,track by_src,count 0,seconds 9; sid:1;)",
        "alert dcerpc any any -> any any (dcerpc.opnum:1-70000; sid:1;)",
    };

    (void)state;
    for (uint32_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        struct kit kit;
        assert_true(kit_open(&kit, rules[i]));
        if (ruleset_rules(kit.rules) != 1)
            fail_msg("%s: %s", rules[i], kit_reason(&kit));
        kit_close(&kit);
    }
}

static void bad_rules_say_where_and_why(void **state)
{
    static const struct {
        const char *rule;
        uint32_t column;
        const char *reason;
    } rows[] = {
        {"alarm tcp any any -> any any (sid:1;)", 1, "unknown action"},
        {"alert tcq any any -> any any (sid:1;)", 7, "no parser for the protocol"},
        {"alert tcp 10.0.0.300 any -> any any (sid:1;)", 11, "not an address"},
        {"alert tcp $NO_SUCH any -> any any (sid:1;)", 11, "unknown address variable"},
        {"alert tcp any 99999 -> any any (sid:1;)", 15, "not a port"},
        {"alert tcp any any <- any any (sid:1;)", 19, "swap both sides"},
        {"alert tcp any any -> any any sid:1;", 30, "in parentheses"},
        {"alert tcp any any -> any any (content:\"a\"; sid:1)", 44, "semicolon"},
        {"alert tcp any any -> any any (content:\"a\";)", 31, "no sid"},
        {"alert tcp any any -> any any (bogus:1; sid:1;)", 31, "unknown keyword \"bogus\""},
        {"alert tcp any any -> any any (content:\"|4|\"; sid:1;)", 31, "hexadecimal"},
        {"alert tcp any any -> any any (nocase; sid:1;)", 31, "needs a content before it"},
        {"alert tcp any any -> any any (pcre:\"/(/\"; sid:1;)", 31, "regular expression"},
        {"alert tcp any any -> any any (content:\"abc\"; depth:2; sid:1;)", 1, "depth 2 is less"},
        {"alert tcp any any -> any any (flow:sideways; sid:1;)", 31, "flow does not know"},
        {"alert http any any -> any any (urilen:many; sid:1;)", 32, "bad length"},
        {"alert tcp any any -> any any (detection_filter:track by_src, count 0, seconds 9; sid:1;)",
         31, "a count of one or more"},
        {"alert tcp [] any -> any any (sid:1;)", 11, ""},
        {"alert tcp any any -> any any (nocase:1; sid:1;)", 31, "takes no value"},
        {"alert ip any any -> any any (ttl:\"5\"; sid:1;)", 30, "without quotes"},
        {"alert ip any any -> any any (ttl:256; sid:1;)", 30, "is 255 at most"},
        {"alert ip any any -> any any (ttl:5-6; sid:1;)", 30, "the ends do not count"},
        {"alert ip any any -> any any (msg:\"a\"; msg:\"b\"; sid:1;)", 39, "stands twice"},
        {"alert tcp any any -> any any (content:\"a\"; depth:5; distance:1; sid:1;)", 53,
         "one of both"},
        {"alert http any any -> any any (http.uri; sid:1;)", 1, "no content"},
        {"alert http any any -> any any (http.uri; content:\"a\"; dsize:5; sid:1;)", 1,
         "set a flowbit"},
        {"alert dns any any -> any any (http.uri; content:\"a\"; sid:1;)", 1,
         "different protocols"},
        {"alert http any any -> any any (http.uri; content:\"abc\"; bsize:2; sid:1;)", 1,
         "2 at most"},
        {"alert http any any -> any any (http.host; content:\"Abc\"; sid:1;)", 43, "small letters"},
        {"alert udp any any -> any any (tcp.hdr; content:\"a\"; sid:1;)", 1, "begin it with"},
        {"alert tcp any any -> any any (base64_data; content:\"a\"; sid:1;)", 31,
         "base64_decode of its own"},
        {"alert tcp any any", 0, "the header ends early"},
    };

    (void)state;
    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct kit kit;
        uint32_t n;
        assert_true(kit_open(&kit, rows[i].rule));
        const struct quarantined *bad = ruleset_quarantined(kit.rules, &n);
        if (n != 1 || !strstr(bad->reason, rows[i].reason) ||
            (rows[i].column && bad->column != rows[i].column))
            fail_msg("%s: %u, column %u: %s", rows[i].rule, n, n ? bad->column : 0,
                     kit_reason(&kit));
        assert_int_equal(bad->line, 1);
        kit_close(&kit);
    }
}

static void comments_and_continued_lines_are_understood(void **state)
{
    struct kit kit;
    uint32_t n;

    (void)state;
    assert_true(kit_open(&kit, "# a comment\n\n"
                               "alert tcp any any -> any any ( \\\n"
                               "    content:\"abcd\"; \\\n"
                               "    sid:1;)\r\n"
                               "#alert tcp any any -> any any (sid:2;)\n"
                               "alert tcp any any -> any any (oops; sid:3;)\n"));
    assert_int_equal(ruleset_rules(kit.rules), 1);
    assert_int_equal(ruleset_rule(kit.rules, 0)->line, 3);
    const struct quarantined *bad = ruleset_quarantined(kit.rules, &n);
    assert_int_equal(n, 1);
    assert_int_equal(bad->line, 7);
    assert_int_equal(bad->sid, 3);
    kit_close(&kit);
}

static void of_two_rules_with_one_sid_the_newer_stays(void **state)
{
    struct kit kit;
    uint32_t n;

    (void)state;
    assert_true(kit_open(&kit, "alert tcp any any -> any any (msg:\"old\"; sid:1; rev:1;)\n"
                               "alert tcp any any -> any any (msg:\"new\"; sid:1; rev:3;)\n"
                               "alert tcp any any -> any any (msg:\"mid\"; sid:1; rev:2;)\n"));
    assert_int_equal(ruleset_rules(kit.rules), 1);
    assert_string_equal(ruleset_rule(kit.rules, 0)->msg, "new");
    ruleset_quarantined(kit.rules, &n);
    assert_int_equal(n, 1);
    kit_close(&kit);
}

static void what_a_rule_says_about_itself_is_kept(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(&kit, "alert tcp any any -> any any (msg:\"a \\\"b\\\"\"; priority:2; "
                               "reference:cve,2016-1; reference:url,x.vn/?a=b; metadata:k v, k w; "
                               "metadata:m n o; target:dest_ip; sid:7; rev:3;)\n"));
    const struct rule_info *r = ruleset_rule(kit.rules, 0);
    assert_string_equal(r->msg, "a \"b\"");
    assert_int_equal(r->sid, 7);
    assert_int_equal(r->rev, 3);
    assert_int_equal(r->priority, 2);
    assert_true(r->target_dst);
    assert_string_equal((const char *)r->metadata_json.at, "{\"k\":[\"w\",\"v\"],\"m\":[\"n o\"]}");
    assert_string_equal((const char *)r->references_json.at, "[\"cve,2016-1\",\"url,x.vn/?a=b\"]");
    kit_close(&kit);
}

static void rubbish_is_quarantined_not_followed(void **state)
{
    struct kit kit;
    char text[4000];

    (void)state;
    for (uint32_t i = 0; i + 1 < sizeof(text); i++)
        text[i] = (char)(i * 37 % 255 + 1);
    text[sizeof(text) - 1] = '\0';
    assert_true(kit_open(&kit, text));
    assert_int_equal(ruleset_rules(kit.rules), 0);
    kit_close(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_rules_are_accepted),
        cmocka_unit_test(bad_rules_say_where_and_why),
        cmocka_unit_test(comments_and_continued_lines_are_understood),
        cmocka_unit_test(of_two_rules_with_one_sid_the_newer_stays),
        cmocka_unit_test(what_a_rule_says_about_itself_is_kept),
        cmocka_unit_test(rubbish_is_quarantined_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

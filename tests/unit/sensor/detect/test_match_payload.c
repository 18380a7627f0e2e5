/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules on packets and on streams: which bytes they see, in which order, how often they fire.
 */
#include "detect_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_literal_across_two_segments_is_seen(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(&kit, "alert tcp any any -> any any (content:\"needle\"; sid:1;)\n"
                               "alert tcp-pkt any any -> any any (content:\"needle\"; sid:2;)\n"));
    kit_tcp(&kit, 23);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("xxxnee")), 0);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("dlexxx")), 1);
    assert_int_equal(kit_sid(&kit, 0), 1);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("yyyyyyy")), 0);
    kit_close(&kit);
}

static void a_rule_waits_for_what_comes_later_in_the_stream(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(&kit, "alert tcp any any -> any any (content:\"a long literal\"; "
                               "content:\"zz\"; distance:0; sid:1;)\n"));
    kit_tcp(&kit, 23);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("-- a long literal --")), 0);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("--------------------")), 0);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("zz")), 1);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("zz")), 0);
    kit_close(&kit);
}

static void each_direction_is_a_stream_of_its_own(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(
        &kit, "alert tcp any any -> any any (flow:to_client; content:\"needle\"; sid:1;)\n"));
    kit_tcp(&kit, 23);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("needle")), 0);
    assert_int_equal(kit_segment(&kit, TO_CLIENT, SLICE_LIT("nee")), 0);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("dle")), 0);
    assert_int_equal(kit_segment(&kit, TO_CLIENT, SLICE_LIT("dle")), 1);
    kit_close(&kit);
}

static void depth_counts_from_the_start_of_the_stream(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(&kit, "alert tcp-stream any any -> any any (content:\"needle\"; depth:10; "
                               "sid:1;)\n"));
    kit_tcp(&kit, 23);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("0123456789")), 0);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("needle")), 0);
    kit_close(&kit);
}

static void a_rule_with_depth_looks_at_packets_too(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(
        kit_open(&kit, "alert tcp any any -> any any (content:\"needle\"; depth:6; sid:1;)\n"));
    kit_tcp(&kit, 23);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("0123456789")), 0);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("needle")), 1);
    kit_close(&kit);
}

static void headers_are_compared(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(&kit,
                         "alert tcp $HOME_NET any -> any [23,2323] (content:\"abcd\"; sid:1;)\n"
                         "alert tcp $EXTERNAL_NET any -> any any (content:\"abcd\"; sid:2;)\n"
                         "alert tcp any any -> any !23 (content:\"abcd\"; sid:3;)\n"
                         "alert tcp any 23 -> any any (content:\"abcd\"; sid:4;)\n"
                         "alert tcp any 23 <> any any (content:\"abcd\"; sid:5;)\n"
                         "alert udp any any -> any any (content:\"abcd\"; sid:6;)\n"
                         "alert ip any any -> 192.168.0.2 any (content:\"abcd\"; sid:7;)\n"));
    kit_tcp(&kit, 23);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("abcd")), 3);
    assert_int_equal(kit_sid(&kit, 0), 1);
    assert_int_equal(kit_sid(&kit, 1), 5);
    assert_int_equal(kit_sid(&kit, 2), 7);
    kit_close(&kit);
}

static void address_rules_fire_once_per_direction(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(&kit, "alert ip [10.0.0.1,10.9.0.0/16] any -> any any (sid:1;)\n"
                               "alert ip any any -> [10.0.0.0/24,!10.0.0.1] any (sid:2;)\n"
                               "alert ip any any -> 10.0.0.0/8 any (sid:3;)\n"));
    kit_tcp(&kit, 80);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("x")), 1);
    assert_int_equal(kit_sid(&kit, 0), 1);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("x")), 0);
    assert_int_equal(kit_segment(&kit, TO_CLIENT, SLICE_LIT("x")), 1);
    assert_int_equal(kit_sid(&kit, 0), 3);
    assert_int_equal(kit_segment(&kit, TO_CLIENT, SLICE_LIT("x")), 0);
    kit_close(&kit);
}

static void flowbits_are_set_before_they_are_tested(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(&kit, "alert tcp any any -> any any (content:\"test\"; "
                               "flowbits:isset,seen; sid:1;)\n"
                               "alert tcp any any -> any any (content:\"mark\"; flowbits:set,seen; "
                               "flowbits:noalert; sid:2;)\n"
                               "alert tcp any any -> any any (content:\"undo\"; "
                               "flowbits:unset,seen; flowbits:noalert; sid:3;)\n"));
    kit_tcp(&kit, 23);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("test")), 0);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("test mark")), 1);
    assert_int_equal(kit_sid(&kit, 0), 1);
    assert_int_equal(kit_segment(&kit, TO_CLIENT, SLICE_LIT("undo")), 0);
    assert_int_equal(kit_segment(&kit, TO_CLIENT, SLICE_LIT("test")), 0);
    kit_close(&kit);
}

static void flowint_counts(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(&kit, "alert tcp any any -> any any (content:\"login\"; "
                               "flowint:tries,+,1; flowint:tries,>,1; sid:1;)\n"
                               "alert tcp any any -> any any (content:\"login\"; "
                               "flowint:all,+,1; noalert; sid:2;)\n"
                               "alert tcp any any -> any any (content:\"check\"; "
                               "flowint:all,==,2; sid:3;)\n"));
    kit_tcp(&kit, 23);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("login ")), 0);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("check ")), 0);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("login ")), 0);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("check ")), 1);
    kit_close(&kit);
}

static void a_pass_rule_silences_the_packet(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(&kit, "alert udp any any -> any any (content:\"evil\"; sid:1;)\n"
                               "pass udp any any -> any any (content:\"known\"; sid:2;)\n"));
    assert_int_equal(kit_datagram(&kit, SLICE_LIT("evil")), 1);
    assert_int_equal(kit_datagram(&kit, SLICE_LIT("evil known")), 0);
    kit_close(&kit);
}

static void the_most_severe_stay_when_a_packet_has_too_many(void **state)
{
    struct kit kit;
    struct strbuf text;

    (void)state;
    strbuf_init(&text, 0);
    for (uint32_t i = 1; i <= 20; i++)
        strbuf_fmt(&text, "alert udp any any -> any any (content:\"evil\"; priority:%u; sid:%u;)\n",
                   i == 20 ? 1 : 2, i);
    assert_true(kit_open(&kit, text.at));
    assert_int_equal(kit_datagram(&kit, SLICE_LIT("evil")), 15);
    assert_int_equal(kit_sid(&kit, 0), 20);
    strbuf_fini(&text);
    kit_close(&kit);
}

static void stream_size_and_established_are_the_flows(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(&kit, "alert tcp any any -> any any (flow:established; content:\"abcd\"; "
                               "sid:1;)\n"
                               "alert tcp any any -> any any (stream_size:client,>,8; "
                               "content:\"abcd\"; sid:2;)\n"));
    kit_tcp(&kit, 23);
    kit.flow.state = FLOW_NEW;
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("abcd")), 0);
    kit.flow.state = FLOW_ESTABLISHED;
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("abcd")), 2);
    kit_close(&kit);
}

static void what_an_expression_captures_is_known_to_other_rules(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(
        &kit, "alert tcp any any -> any any (pcre:\"/USER (?P<flow_user>[a-z]+)/\"; sid:1;)\n"
              "alert tcp any any -> any any (content:\"PASS\"; flowvar:user,\"oo\"; sid:2;)\n"
              "alert tcp any any -> any any (content:\"PASS\"; flowvar:user,\"rootx\"; sid:3;)\n"
              "alert tcp any any -> any any (pcre:\"/PASS (.)/,pkt:first\"; sid:4;)\n"
              "alert tcp any any -> any any (content:\"PASS\"; pktvar:first,\"|73|\"; sid:5;)\n"));
    kit_tcp(&kit, 21);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("USER root\r\n")), 1);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("PASS secret\r\n")), 3);
    assert_int_equal(kit_sid(&kit, 0), 2);
    assert_int_equal(kit_sid(&kit, 1), 4);
    assert_int_equal(kit_sid(&kit, 2), 5);
    kit_close(&kit);
}

static void a_capture_of_a_rule_that_does_not_match_is_not_kept(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(&kit,
                         "alert tcp any any -> any any (pcre:\"/USER (?P<flow_user>[a-z]+)/\"; "
                         "content:\"never\"; sid:1;)\n"
                         "alert tcp any any -> any any (content:\"PASS\"; flowvar:user,\"root\"; "
                         "sid:2;)\n"));
    kit_tcp(&kit, 21);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("USER root\r\n")), 0);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("PASS secret\r\n")), 0);
    kit_close(&kit);
}

/* A packet without payload that brings a chunk of the client's; says how many hits there are. */
static uint32_t brings_with(struct kit *kit, enum dir dir, const struct chunk *chunk,
                            struct slice payload)
{
    uint32_t n;

    kit_packet(kit, IPPROTO_TCP4, "10.0.0.1", 1000, "192.168.0.2", 23, payload);
    detect_run(kit->detect, &(struct detect_input){.packet = &kit->packet,
                                                   .flow = &kit->flow,
                                                   .dir = dir,
                                                   .by_ack = true,
                                                   .chunks = chunk,
                                                   .n_chunks = chunk ? 1 : 0});
    detect_hits(kit->detect, &n);
    return n;
}

static uint32_t brings(struct kit *kit, enum dir dir, const struct chunk *chunk)
{
    return brings_with(kit, dir, chunk, SLICE_NONE);
}

static void bytes_that_wait_on_both_sides_of_a_gap_are_all_looked_at(void **state)
{
    static const char text[] = "VERY[4 bytes missing]DATA";
    struct kit kit;
    uint32_t n;

    (void)state;
    assert_true(kit_open(&kit, "alert tcp-stream any any -> any any (content:\"VERY\"; sid:1;)\n"
                               "alert tcp-stream any any -> any any (content:\"DATA\"; sid:2;)\n"
                               "alert tcp-stream any any -> any any (content:\"MORE\"; sid:3;)\n"
                               "alert tcp-stream any any -> any any (content:\"YD\"; sid:4;)\n"));
    kit_tcp(&kit, 23);
    struct chunk very = {.data = SLICE_LIT("VERY"), .dir = TO_SERVER};
    struct chunk data = {.data = SLICE_LIT("DATA"), .dir = TO_SERVER, .offset = 8, .gap = 4};
    struct chunk more = {.data = SLICE_LIT("MORE"), .dir = TO_SERVER, .offset = 14, .gap = 2};
    assert_int_equal(brings(&kit, TO_CLIENT, &very), 0);
    assert_int_equal(brings(&kit, TO_CLIENT, &data), 0);
    assert_int_equal(brings(&kit, TO_CLIENT, &more), 0);
    assert_int_equal(brings(&kit, TO_SERVER, NULL), 0); /* too few bytes to look at */
    kit.flow.tcp_state = TCP_CLOSE_WAIT;
    assert_int_equal(brings(&kit, TO_SERVER, NULL), 3);
    const struct hit *hits = detect_hits(kit.detect, &n);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(kit_sid(&kit, i), i + 1);
        assert_int_equal(hits[i].payload.len, sizeof(text) - 1);
        assert_memory_equal(hits[i].payload.at, text, sizeof(text) - 1);
    }
    assert_int_equal(kit_sid(&kit, 2), 3);
    kit_close(&kit);
}

static void a_look_ends_at_a_gap(void **state)
{
    static uint8_t bytes[3000];
    struct kit kit;

    (void)state;
    memset(bytes, '.', sizeof(bytes));
    memcpy(bytes + 2600, "MORE", 4);
    assert_true(kit_open(&kit, "alert tcp-stream any any -> any any (content:\"VERY\"; sid:1;)\n"
                               "alert tcp-stream any any -> any any (content:\"DATA.\"; sid:2;)\n"
                               "alert tcp-stream any any -> any any (content:\"MORE\"; sid:3;)\n"
                               "alert tcp-stream any any -> any any (content:\"YD\"; sid:4;)\n"));
    kit_tcp(&kit, 23);
    struct chunk very = {.data = SLICE_LIT("VERY"), .dir = TO_SERVER};
    struct chunk data = {.data = SLICE_LIT("DATA"), .dir = TO_SERVER, .offset = 8, .gap = 4};
    struct chunk much = {.data = {bytes, sizeof(bytes)}, .dir = TO_SERVER, .offset = 12};
    struct chunk after = {.data = SLICE_LIT("!"), .dir = TO_SERVER, .offset = 3012};
    assert_int_equal(brings(&kit, TO_CLIENT, &very), 0);
    assert_int_equal(brings(&kit, TO_CLIENT, &data), 0);
    assert_int_equal(brings(&kit, TO_SERVER, &much), 1);
    assert_int_equal(kit_sid(&kit, 0), 1);
    assert_int_equal(brings(&kit, TO_SERVER, &after), 2);
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(kit_sid(&kit, i), i + 2);
    kit_close(&kit);
}

static void without_a_parser_a_stream_is_looked_at_in_pieces(void **state)
{
    static uint8_t bytes[3000];
    struct kit kit;

    (void)state;
    memset(bytes, '.', sizeof(bytes));
    memcpy(bytes, "head", 4);
    memcpy(bytes + 2600, "needle", 6);
    assert_true(kit_open(&kit,
                         "alert tcp-stream any any -> any any (content:\"needle\"; sid:1;)\n"
                         "alert tcp any any -> any any (content:\"head\"; depth:4; sid:2;)\n"));
    kit_tcp(&kit, 23);
    struct chunk few = {.data = SLICE_LIT("needle.needle."), .dir = TO_SERVER};
    struct chunk most = {.data = {bytes, 2560}, .dir = TO_SERVER, .offset = 14};
    struct chunk rest = {.data = {bytes + 2560, 440}, .dir = TO_SERVER, .offset = 2574};
    struct chunk next = {.data = {bytes, 2560}, .dir = TO_SERVER, .offset = 3014};
    assert_int_equal(brings(&kit, TO_CLIENT, &few), 0);
    assert_int_equal(brings(&kit, TO_SERVER, NULL), 0); /* 14 bytes */
    assert_int_equal(brings(&kit, TO_CLIENT, &most), 0);
    assert_int_equal(brings(&kit, TO_SERVER, NULL), 1); /* once, however often it is there */
    assert_int_equal(kit_sid(&kit, 0), 1);
    assert_int_equal(brings(&kit, TO_CLIENT, &rest), 0);
    assert_int_equal(brings(&kit, TO_SERVER, NULL), 0);
    kit.flow.tcp_state = TCP_CLOSE_WAIT;
    assert_int_equal(brings(&kit, TO_SERVER, NULL), 1); /* the second piece's */
    assert_int_equal(kit_sid(&kit, 0), 1);
    assert_int_equal(brings(&kit, TO_CLIENT, &next), 0);
    assert_int_equal(brings(&kit, TO_SERVER, NULL), 1); /* depth counts from the third's start */
    assert_int_equal(kit_sid(&kit, 0), 2);
    kit_close(&kit);
}

static void one_packet_gives_one_alert_of_a_rule_on_packets_and_streams(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(
        kit_open(&kit, "alert tcp any any -> any any (content:\"head\"; depth:4; sid:1;)\n"));
    kit_tcp(&kit, 23);
    struct chunk waits = {.data = SLICE_LIT("head, which waits"), .dir = TO_SERVER};
    assert_int_equal(brings(&kit, TO_CLIENT, &waits), 0);
    kit.flow.tcp_state = TCP_CLOSE_WAIT;
    assert_int_equal(brings_with(&kit, TO_SERVER, NULL, SLICE_LIT("head of the packet")), 1);
    kit_close(&kit);
}

static void a_hits_payload_stays_when_more_of_the_stream_follows(void **state)
{
    static uint8_t bytes[3000];
    struct kit kit;
    uint32_t n;

    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    memcpy(bytes + sizeof(bytes) - 6, "needle", 6);
    assert_true(
        kit_open(&kit, "alert tcp-stream any any -> any any (content:\"needle\"; sid:1;)\n"));
    kit_tcp(&kit, 23);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("head")), 0);
    struct chunk two[] = {
        {.data = {bytes, sizeof(bytes)}, .dir = TO_SERVER, .offset = 4},
        {.data = SLICE_LIT("tail"), .dir = TO_SERVER, .offset = 4 + sizeof(bytes)},
    };
    kit_packet(&kit, IPPROTO_TCP4, "10.0.0.1", 1000, "192.168.0.2", 23, SLICE_NONE);
    detect_run(kit.detect,
               &(struct detect_input){
                   .packet = &kit.packet, .flow = &kit.flow, .chunks = two, .n_chunks = 2});
    const struct hit *hits = detect_hits(kit.detect, &n);
    assert_int_equal(n, 1);
    assert_int_equal(hits[0].payload.len, 4 + sizeof(bytes));
    assert_memory_equal(hits[0].payload.at, "head", 4);
    assert_memory_equal(hits[0].payload.at + 4, bytes, sizeof(bytes));
    kit_close(&kit);
}

static void two_bytes_are_asked_where_something_else_tells_of_the_rule(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(
        &kit, "alert tcp any any -> any 23 (content:\"sh\"; sid:1;)\n"
              "alert tcp any any -> any any (dsize:>11; content:\"|7b 9e|\"; "
              "byte_jump:4,0,little,from_beginning,post_offset -1; isdataat:!2,relative; sid:2;)\n"
              "alert tcp any any -> any any (dsize:4; content:\"|18 00 00 00|\"; sid:3;)\n"
              "alert tcp any any -> any 24 (content:\"sh\"; sid:4;)\n"));
    kit_tcp(&kit, 23);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("s")), 0);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("h")), 1);
    assert_int_equal(kit_sid(&kit, 0), 1);
    assert_int_equal(kit_segment(&kit, TO_SERVER,
                                 SLICE_LIT("\x0e\0\0\0"
                                           "12345678\x7b\x9e")),
                     1);
    assert_int_equal(kit_sid(&kit, 0), 2);
    assert_int_equal(kit_segment(&kit, TO_CLIENT,
                                 SLICE_LIT("\x0f\0\0\0"
                                           "12345678\x7b\x9e")),
                     1);
    assert_int_equal(kit_sid(&kit, 0), 2);
    assert_int_equal(kit_segment(&kit, TO_CLIENT,
                                 SLICE_LIT("\x10\0\0\0"
                                           "12345678\x7b\x9e")),
                     0);
    assert_int_equal(kit_segment(&kit, TO_CLIENT,
                                 SLICE_LIT("\x0d\0\0\0"
                                           "12345678\x7b\x9e")),
                     0);
    assert_int_equal(kit_segment(&kit, TO_CLIENT,
                                 SLICE_LIT("\x0e\0\0\0"
                                           "123456789abc")),
                     0);
    assert_int_equal(kit_segment(&kit, TO_CLIENT, SLICE_LIT("\x18\0\0\0")), 1);
    assert_int_equal(kit_sid(&kit, 0), 3);
    assert_int_equal(kit_segment(&kit, TO_CLIENT, SLICE_LIT("\x18\0\0\1")), 0);
    kit_close(&kit);
}

static void a_short_payloads_literal_is_found_up_to_its_end(void **state)
{
    static uint8_t bytes[129];
    struct kit kit;

    (void)state;
    assert_true(kit_open(&kit, "alert tcp any any -> any any (dsize:128; content:\"needle\"; "
                               "sid:1;)\n"
                               "alert tcp any any -> any any (dsize:129; content:\"needle\"; "
                               "sid:2;)\n"));
    kit_tcp(&kit, 23);
    memset(bytes, '.', sizeof(bytes));
    memcpy(bytes + 122, "needle", 6);
    assert_int_equal(kit_segment(&kit, TO_SERVER, (struct slice){bytes, 128}), 1);
    assert_int_equal(kit_sid(&kit, 0), 1);
    memcpy(bytes + 122, ".needle", 7);
    assert_int_equal(kit_segment(&kit, TO_SERVER, (struct slice){bytes, 129}), 1);
    assert_int_equal(kit_sid(&kit, 0), 2);
    kit_close(&kit);
}

static void packets_of_a_connection_that_is_not_followed_are_looked_at(void **state)
{
    struct kit kit;
    uint32_t n;

    (void)state;
    assert_true(kit_open(&kit,
                         "alert tcp any any -> any any (content:\"needle\"; sid:1;)\n"
                         "alert tcp-stream any any -> any any (content:\"needle\"; sid:2;)\n"
                         "alert tcp any any -> any any (stream_size:either,>,0; sid:3;)\n"
                         "alert tcp any any -> any any (flow:only_stream; content:\"needle\"; "
                         "sid:4;)\n"));
    kit_tcp(&kit, 23);
    kit.flow.tcp_state = TCP_NONE;
    kit_packet(&kit, IPPROTO_TCP4, "10.0.0.1", 1000, "192.168.0.2", 23,
               SLICE_LIT("a literal that lies behind the head of the packet: needle"));
    detect_run(kit.detect, &(struct detect_input){.packet = &kit.packet, .flow = &kit.flow});
    (void)detect_hits(kit.detect, &n);
    assert_int_equal(n, 2);
    assert_int_equal(kit_sid(&kit, 0), 1);
    assert_int_equal(kit_sid(&kit, 1), 2);
    kit_close(&kit);
}

static void what_is_not_there_is_not_looked_for_in_nothing(void **state)
{
    struct kit kit;

    (void)state;
    assert_true(kit_open(&kit, "alert tcp any any -> any any (content:!\"a\"; startswith; sid:1;)\n"
                               "alert tcp any any -> any any (dsize:!9; sid:2;)\n"));
    kit_tcp(&kit, 23);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("")), 0);
    assert_int_equal(kit_segment(&kit, TO_SERVER, SLICE_LIT("bc")), 2);
    kit_close(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_expression_captures_is_known_to_other_rules),
        cmocka_unit_test(a_capture_of_a_rule_that_does_not_match_is_not_kept),
        cmocka_unit_test(bytes_that_wait_on_both_sides_of_a_gap_are_all_looked_at),
        cmocka_unit_test(a_look_ends_at_a_gap),
        cmocka_unit_test(a_hits_payload_stays_when_more_of_the_stream_follows),
        cmocka_unit_test(without_a_parser_a_stream_is_looked_at_in_pieces),
        cmocka_unit_test(one_packet_gives_one_alert_of_a_rule_on_packets_and_streams),
        cmocka_unit_test(a_literal_across_two_segments_is_seen),
        cmocka_unit_test(a_rule_waits_for_what_comes_later_in_the_stream),
        cmocka_unit_test(each_direction_is_a_stream_of_its_own),
        cmocka_unit_test(depth_counts_from_the_start_of_the_stream),
        cmocka_unit_test(a_rule_with_depth_looks_at_packets_too),
        cmocka_unit_test(headers_are_compared),
        cmocka_unit_test(address_rules_fire_once_per_direction),
        cmocka_unit_test(flowbits_are_set_before_they_are_tested),
        cmocka_unit_test(flowint_counts),
        cmocka_unit_test(a_pass_rule_silences_the_packet),
        cmocka_unit_test(the_most_severe_stay_when_a_packet_has_too_many),
        cmocka_unit_test(stream_size_and_established_are_the_flows),
        cmocka_unit_test(two_bytes_are_asked_where_something_else_tells_of_the_rule),
        cmocka_unit_test(a_short_payloads_literal_is_found_up_to_its_end),
        cmocka_unit_test(packets_of_a_connection_that_is_not_followed_are_looked_at),
        cmocka_unit_test(what_is_not_there_is_not_looked_for_in_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

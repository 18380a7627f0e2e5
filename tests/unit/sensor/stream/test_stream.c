/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/decode/os_policy.h"
#include "sensor/decode/view.h"
#include "sensor/flow/stream_event.h"
#include "sensor/flow/tcp_track.h"
#include "sensor/run/settings.h"
#include "sensor/stream/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct rig {
    struct conf *conf;
    struct stats stats;
    struct streams *streams;
    struct flow flow;
    char out[2][4096]; /* delivered; a gap of n bytes as "<n>", the end as "$" */
    uint64_t now_ns;
    uint8_t ttl;  /* 0 = 64 */
    uint32_t cut; /* bytes that the capture cuts off the next packets */
};

static int set_up(void **state)
{
    static struct rig rig;
    struct strbuf report;

    rig = (struct rig){.conf = settings_new()};
    strbuf_init(&report, 1024);
    conf_set(rig.conf, "stream.hole.bytes=1000", &report);
    conf_set(rig.conf, "stream.inline=yes", &report);
    conf_set(rig.conf, "stream.memcap=4M", &report);
    strbuf_fini(&report);
    rig.streams = streams_new(rig.conf, &rig.stats);
    rig.flow.client = (struct addr){4, {10, 0, 0, 1}};
    rig.flow.server = (struct addr){4, {10, 0, 0, 2}};
    rig.flow.client_port = 1000;
    rig.flow.server_port = 80;
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;

    streams_drop(rig->streams, &rig->flow);
    streams_free(&rig->streams);
    stats_fini(&rig->stats);
    conf_free(&rig->conf);
    return 0;
}

static void collect(struct rig *rig)
{
    struct chunk chunk;

    while (streams_next(rig->streams, &rig->flow, &chunk)) {
        char *out = rig->out[chunk.dir];
        size_t at = strlen(out);
        if (chunk.gap)
            at += (size_t)snprintf(out + at, 32, "<%u>", chunk.gap);
        if (chunk.data.len)
            memcpy(out + at, chunk.data.at, chunk.data.len);
        out[at + chunk.data.len] = '\0';
        if (chunk.end)
            strcat(out, "$");
    }
}

static void send_from(struct rig *rig, enum dir dir, uint32_t seq, uint32_t ack, uint8_t flags,
                      const char *text)
{
    bool there = dir == TO_SERVER;
    struct packet p = {
        .ts_ns = rig->now_ns,
        .src = there ? rig->flow.client : rig->flow.server,
        .dst = there ? rig->flow.server : rig->flow.client,
        .sport = there ? 1000 : 80,
        .dport = there ? 80 : 1000,
        .payload = slice_of_str(text),
        .payload_missing = rig->cut,
    };

    p.tcp.seq = seq;
    p.tcp.ack = ack;
    p.tcp.flags = flags;
    p.tcp.window = 60000;
    p.ttl = rig->ttl ? rig->ttl : 64;
    stream_event_clear(&rig->flow);
    tcp_track(&rig->flow, &p, dir);
    streams_push(rig->streams, &rig->flow, &p, flow_dir(&rig->flow, &p));
    collect(rig);
}

static void client(struct rig *rig, uint32_t seq, const char *text)
{
    send_from(rig, TO_SERVER, seq, 900, TCP_ACK, text);
}

static void acks(struct rig *rig, uint32_t ack)
{
    send_from(rig, TO_CLIENT, 900, ack, TCP_ACK, "");
}

static void open_at(struct rig *rig, uint32_t isn)
{
    send_from(rig, TO_SERVER, isn, 0, TCP_SYN, "");
    send_from(rig, TO_CLIENT, 899, isn + 1, TCP_SYN | TCP_ACK, "");
    send_from(rig, TO_SERVER, isn + 1, 900, TCP_ACK, "");
}

static void data_in_order_comes_out_as_it_went_in(void **state)
{
    struct rig *rig = *state;

    open_at(rig, 99);
    client(rig, 100, "abc");
    client(rig, 103, "def");
    assert_string_equal(rig->out[0], "abcdef");
}

static void a_late_segment_fills_the_hole(void **state)
{
    struct rig *rig = *state;

    open_at(rig, 99);
    client(rig, 100, "abc");
    client(rig, 109, "jkl");
    client(rig, 106, "ghi");
    assert_string_equal(rig->out[0], "abc");
    client(rig, 103, "def");
    assert_string_equal(rig->out[0], "abcdefghijkl");
    assert_int_equal(rig->flow.gaps[0], 0);
}

static void a_hole_that_was_acknowledged_is_a_gap(void **state)
{
    struct rig *rig = *state;

    open_at(rig, 99);
    client(rig, 100, "abc");
    client(rig, 106, "ghi");
    acks(rig, 103);
    assert_string_equal(rig->out[0], "abc");
    acks(rig, 109);
    assert_string_equal(rig->out[0], "abc<3>ghi");
    assert_int_equal(rig->flow.gaps[0], 1);
    client(rig, 103, "def");
    assert_string_equal(rig->out[0], "abc<3>ghi");
}

/* "ghi" is there and acknowledged, "def" before it not, in a flow that has shown disorder. */
static void leave_hole_in_disorder(struct rig *rig)
{
    open_at(rig, 99);
    rig->flow.view = VIEW_BIT(VIEW_DISORDER);
    client(rig, 100, "abc");
    client(rig, 106, "ghi");
    acks(rig, 109);
    assert_string_equal(rig->out[0], "abc");
}

static void in_disorder_what_was_acknowledged_may_still_come(void **state)
{
    struct rig *rig = *state;

    leave_hole_in_disorder(rig);
    send_from(rig, TO_CLIENT, 900, 109, TCP_ACK, "ok");
    assert_string_equal(rig->out[1], ""); /* the answer waits for its question */
    client(rig, 103, "def");
    acks(rig, 109);
    assert_string_equal(rig->out[0], "abcdefghi");
    assert_string_equal(rig->out[1], "ok");
    assert_int_equal(rig->flow.gaps[0], 0);
}

static void in_disorder_a_hole_waits_so_many_packets(void **state)
{
    struct rig *rig = *state;

    leave_hole_in_disorder(rig);
    rig->flow.pkts[TO_CLIENT] += 63;
    acks(rig, 109);
    assert_string_equal(rig->out[0], "abc");
    rig->flow.pkts[TO_CLIENT] += 1;
    acks(rig, 109);
    assert_string_equal(rig->out[0], "abc<3>ghi");
}

static void in_disorder_a_hole_waits_so_long(void **state)
{
    struct rig *rig = *state;

    leave_hole_in_disorder(rig);
    rig->now_ns += UINT64_C(199000000);
    acks(rig, 109);
    assert_string_equal(rig->out[0], "abc");
    rig->now_ns += UINT64_C(2000000);
    acks(rig, 109);
    assert_string_equal(rig->out[0], "abc<3>ghi");
}

static void in_disorder_a_pause_gives_a_hole_up(void **state)
{
    struct rig *rig = *state;

    leave_hole_in_disorder(rig);
    assert_true(streams_hurry(rig->streams, &rig->flow));
    collect(rig);
    assert_string_equal(rig->out[0], "abc<3>ghi");
    assert_false(streams_hurry(rig->streams, &rig->flow));
}

static void an_acknowledgement_seen_before_its_data_is_no_gap(void **state)
{
    struct rig *rig = *state;

    open_at(rig, 99);
    acks(rig, 106);
    client(rig, 100, "abc");
    client(rig, 103, "def");
    assert_string_equal(rig->out[0], "abcdef");
}

/* Three segments behind a hole: one that starts before another and covers it, one that starts after
 * it; then the hole is filled. */
static void of_overlaps_the_receivers_policy_keeps_bytes(void **state)
{
    static const struct {
        enum os_policy policy;
        const char *out;
    } rows[] = {{OS_FIRST, "abcdEFghiXXX"},   {OS_VISTA, "abcdEFghiXXX"},
                {OS_BSD, "abcdefghiXXX"},     {OS_LINUX, "abcdefghiXXX"},
                {OS_SOLARIS, "abXXXXXXXXXX"}, {OS_LAST, "abXXXXXXXXXX"}};
    struct rig *rig = *state;

    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tear_down(state);
        set_up(state);
        open_at(rig, 99);
        rig->flow.tcp.side[TO_CLIENT].policy = (uint8_t)rows[i].policy;
        client(rig, 104, "EF");
        client(rig, 101, "bcdefghi"); /* around EF */
        client(rig, 102, "XXXXXXXXXX");
        assert_true(stream_event_has(&rig->flow, STREAM_EVENT_REASSEMBLY_OVERLAP_DIFFERENT_DATA));
        client(rig, 100, "a");
        acks(rig, 112);
        assert_string_equal(rig->out[0], rows[i].out);
    }
}

enum { MODEL_BYTES = 48 };

/* Each byte and the segment it is of, as the policy says, by hand. */
struct model {
    char byte[MODEL_BYTES];
    struct os_span owner[MODEL_BYTES];
    bool known[MODEL_BYTES];
};

static void model_put(struct model *m, enum os_policy policy, struct os_span span, const char *text)
{
    for (uint32_t i = span.from; i < span.to; i++) {
        if (m->known[i] && !os_policy_tcp_newer(policy, span, m->owner[i]))
            continue;
        m->byte[i] = text[i - span.from];
        m->owner[i] = span;
        m->known[i] = true;
    }
}

static uint32_t random_below(uint32_t *seed, uint32_t n)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % n;
}

/* Segments at random behind a hole of one byte, which comes last. */
static void play_at_random(struct rig *rig, enum os_policy policy, uint32_t *seed)
{
    struct model model = {.known = {true}, .byte = "."};
    char want[MODEL_BYTES + 1] = "";

    open_at(rig, 99);
    rig->flow.tcp.side[TO_CLIENT].policy = (uint8_t)policy;
    for (uint32_t n = 2 + random_below(seed, 12); n; n--) {
        char text[MODEL_BYTES + 1] = "";
        uint32_t from = 1 + random_below(seed, MODEL_BYTES - 1);
        uint32_t to = from + 1 + random_below(seed, MODEL_BYTES - from);
        to = to > MODEL_BYTES ? MODEL_BYTES : to;
        for (uint32_t i = from; i < to; i++)
            text[i - from] = (char)('a' + random_below(seed, 26));
        model_put(&model, policy, (struct os_span){from, to}, text);
        client(rig, 100 + from, text);
    }
    client(rig, 100, ".");
    acks(rig, 100 + MODEL_BYTES);
    for (uint32_t i = 0; i < MODEL_BYTES && model.known[i]; i++)
        want[i] = model.byte[i];
    assert_memory_equal(rig->out[0], want, strlen(want));
}

static void random_overlaps_come_out_as_a_model_says(void **state)
{
    static const enum os_policy policies[] = {OS_FIRST,     OS_LAST,    OS_BSD,   OS_LINUX,
                                              OS_OLD_LINUX, OS_SOLARIS, OS_VISTA, OS_BSD_RIGHT};
    const char *rounds = getenv("TRAMGAC_ROUNDS"); /* more of them by hand */
    uint32_t seed = 1;

    for (uint32_t i = 0; i < (rounds ? (uint32_t)atoi(rounds) : 2000); i++) {
        tear_down(state);
        set_up(state);
        play_at_random(*state, policies[i % 8], &seed);
    }
}

static void retransmissions_give_only_what_is_new(void **state)
{
    struct rig *rig = *state;

    open_at(rig, 99);
    client(rig, 100, "abc");
    client(rig, 100, "abc");
    client(rig, 101, "XXdef");
    client(rig, 99, "Z"); /* keep-alive */
    assert_string_equal(rig->out[0], "abcdef");
}

static void sequence_numbers_wrap(void **state)
{
    struct rig *rig = *state;

    open_at(rig, UINT32_MAX - 2);
    client(rig, 1, "def");
    client(rig, UINT32_MAX - 1, "abc");
    assert_string_equal(rig->out[0], "abcdef");
}

static void too_much_behind_a_hole_gives_it_up(void **state)
{
    struct rig *rig = *state;
    char text[201];

    memset(text, 'x', 200);
    text[200] = '\0';
    open_at(rig, 99);
    for (uint32_t i = 0; i < 6; i++)
        client(rig, 110 + i * 200, text);
    assert_int_equal(strncmp(rig->out[0], "<10>xxx", 7), 0);
    assert_int_equal(strlen(rig->out[0]), 4 + 1200);
}

static void a_hole_grows_too_old(void **state)
{
    struct rig *rig = *state;

    open_at(rig, 99);
    client(rig, 103, "def");
    rig->now_ns += UINT64_C(11000000000);
    client(rig, 106, "ghi");
    assert_string_equal(rig->out[0], "<3>defghi");
}

static void no_handshake_is_needed(void **state)
{
    struct rig *rig = *state;

    client(rig, 5000, "abc");
    client(rig, 5003, "def");
    send_from(rig, TO_CLIENT, 900, 5006, TCP_ACK, "ok");
    assert_string_equal(rig->out[0], "abcdef");
    assert_string_equal(rig->out[1], "ok");
}

static void one_direction_alone_gives_up_a_hole_after_a_few_segments(void **state)
{
    struct rig *rig = *state;

    client(rig, 100, "a");
    for (uint32_t i = 0; i < 8; i++)
        client(rig, 105 + i, "x");
    assert_string_equal(rig->out[0], "a<4>xxxxxxxx");
}

static void behind_the_depth_a_direction_is_over(void **state)
{
    struct rig *rig = *state;
    struct strbuf report;

    strbuf_init(&report, 256);
    conf_set(rig->conf, "stream.depth=5", &report);
    strbuf_fini(&report);
    streams_free(&rig->streams);
    rig->streams = streams_new(rig->conf, &rig->stats);
    open_at(rig, 99);
    client(rig, 108, "waits");
    client(rig, 100, "abc");
    client(rig, 103, "defgh");
    assert_string_equal(rig->out[0], "abcde$");
    client(rig, 113, "more");
    assert_string_equal(rig->out[0], "abcde$");
    assert_int_equal(streams_used_bytes(rig->streams), 0);
    send_from(rig, TO_CLIENT, 900, 117, TCP_ACK, "ok");
    assert_string_equal(rig->out[1], "ok");
}

static void fin_ends_when_its_turn_comes(void **state)
{
    struct rig *rig = *state;

    open_at(rig, 99);
    send_from(rig, TO_SERVER, 103, 900, TCP_ACK | TCP_FIN, "def");
    assert_string_equal(rig->out[0], "");
    client(rig, 100, "abc");
    assert_string_equal(rig->out[0], "abcdef$");
    client(rig, 106, "more");
    assert_string_equal(rig->out[0], "abcdef$");
}

static void the_end_of_the_flow_gives_out_what_waits(void **state)
{
    struct rig *rig = *state;

    open_at(rig, 99);
    client(rig, 103, "def");
    streams_end(rig->streams, &rig->flow);
    collect(rig);
    assert_string_equal(rig->out[0], "<3>def$");
    assert_string_equal(rig->out[1], "$");
}

static void data_in_a_syn_counts_and_in_a_reset_does_not(void **state)
{
    struct rig *rig = *state;

    send_from(rig, TO_SERVER, 99, 0, TCP_SYN, "abc");
    assert_string_equal(rig->out[0], ""); /* few hosts take it: not before it is acknowledged */
    send_from(rig, TO_CLIENT, 899, 103, TCP_SYN | TCP_ACK, "");
    send_from(rig, TO_SERVER, 103, 0, TCP_RST, "diagnostic");
    assert_string_equal(rig->out[0], "abc");
}

static void far_out_of_the_window_is_ignored(void **state)
{
    struct rig *rig = *state;

    open_at(rig, 99);
    client(rig, 100 + (1u << 30), "evil");
    client(rig, 100, "abc");
    assert_string_equal(rig->out[0], "abc");
}

static void memory_has_a_cap(void **state)
{
    struct rig *rig = *state;

    open_at(rig, 99);
    for (uint32_t i = 0; i < 400; i++)
        client(rig, 1000 + i * 2, "x"); /* 400 blocks do not fit into a shard's 64 KB */
    assert_true(streams_used_bytes(rig->streams) <= 65536);
    streams_end(rig->streams, &rig->flow);
    collect(rig);
    assert_non_null(strstr(rig->out[0], "x$"));
}

/* ---- bytes wait for their acknowledgement -------------------------------------------------- */

static int set_up_by_ack(void **state)
{
    int failed = set_up(state);
    struct rig *rig = *state;
    struct strbuf report;

    streams_free(&rig->streams);
    stats_fini(&rig->stats);
    strbuf_init(&report, 256);
    conf_set(rig->conf, "stream.inline=no", &report);
    strbuf_fini(&report);
    rig->stats = (struct stats){0};
    rig->streams = streams_new(rig->conf, &rig->stats);
    return failed;
}

static void what_is_acknowledged_comes_out(void **state)
{
    struct rig *rig = *state;

    open_at(rig, 99);
    client(rig, 100, "abc");
    client(rig, 103, "def");
    assert_string_equal(rig->out[0], "");
    acks(rig, 105);
    assert_string_equal(rig->out[0], "abcde");
    acks(rig, 106);
    assert_string_equal(rig->out[0], "abcdef");
}

static void an_end_waits_until_both_sides_have_it(void **state)
{
    struct rig *rig = *state;

    open_at(rig, 99);
    send_from(rig, TO_SERVER, 100, 900, TCP_ACK | TCP_FIN, "abc");
    assert_string_equal(rig->out[0], "");
    send_from(rig, TO_CLIENT, 900, 104, TCP_ACK | TCP_FIN, "");
    assert_string_equal(rig->out[0], "abc");
    send_from(rig, TO_SERVER, 104, 901, TCP_ACK, "");
    assert_string_equal(rig->out[0], "abc$");
    assert_string_equal(rig->out[1], "$");
}

static void a_cut_repeat_leaves_the_whole_segment_that_waits(void **state)
{
    struct rig *rig = *state;

    open_at(rig, 99);
    client(rig, 100, "abcdef");
    rig->cut = 6;
    client(rig, 100, "");
    rig->cut = 0;
    acks(rig, 106);
    assert_string_equal(rig->out[0], "abcdef");
    rig->cut = 3; /* of this one there is no other copy */
    client(rig, 106, "ghi");
    rig->cut = 0;
    client(rig, 112, "mno");
    acks(rig, 115);
    assert_string_equal(rig->out[0], "abcdefghi<3>mno");
}

static void a_reset_without_acknowledgement_closes(void **state)
{
    struct rig *rig = *state;

    open_at(rig, 99);
    client(rig, 100, "abc");
    acks(rig, 103);
    send_from(rig, TO_SERVER, 103, 4711, TCP_RST, "");
    assert_int_equal(rig->flow.tcp_state, TCP_CLOSED);
}

static void one_side_alone_does_not_wait(void **state)
{
    struct rig *rig = *state;

    client(rig, 100, "abc");
    client(rig, 103, "def");
    assert_string_equal(rig->out[0], "abcdef");
}

static void what_was_never_acknowledged_comes_at_the_end(void **state)
{
    struct rig *rig = *state;

    open_at(rig, 99);
    client(rig, 100, "abc");
    client(rig, 106, "ghi");
    streams_end(rig->streams, &rig->flow);
    collect(rig);
    assert_string_equal(rig->out[0], "abc<3>ghi$");
}

static void so_much_waits_and_no_more(void **state)
{
    struct rig *rig = *state;
    char text[101];

    memset(text, 'x', 100);
    text[100] = '\0';
    open_at(rig, 99);
    for (uint32_t i = 0; i < 12; i++)
        client(rig, 100 + i * 100, text);
    assert_true(strlen(rig->out[0]) >= 100);
}

#define STREAM_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#define BY_ACK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_by_ack, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STREAM_TEST(data_in_order_comes_out_as_it_went_in),
        STREAM_TEST(a_late_segment_fills_the_hole),
        STREAM_TEST(a_hole_that_was_acknowledged_is_a_gap),
        STREAM_TEST(in_disorder_what_was_acknowledged_may_still_come),
        STREAM_TEST(in_disorder_a_hole_waits_so_many_packets),
        STREAM_TEST(in_disorder_a_hole_waits_so_long),
        STREAM_TEST(in_disorder_a_pause_gives_a_hole_up),
        STREAM_TEST(an_acknowledgement_seen_before_its_data_is_no_gap),
        STREAM_TEST(of_overlaps_the_receivers_policy_keeps_bytes),
        STREAM_TEST(random_overlaps_come_out_as_a_model_says),
        STREAM_TEST(retransmissions_give_only_what_is_new),
        STREAM_TEST(sequence_numbers_wrap),
        STREAM_TEST(too_much_behind_a_hole_gives_it_up),
        STREAM_TEST(a_hole_grows_too_old),
        STREAM_TEST(no_handshake_is_needed),
        STREAM_TEST(one_direction_alone_gives_up_a_hole_after_a_few_segments),
        STREAM_TEST(behind_the_depth_a_direction_is_over),
        STREAM_TEST(fin_ends_when_its_turn_comes),
        STREAM_TEST(the_end_of_the_flow_gives_out_what_waits),
        STREAM_TEST(data_in_a_syn_counts_and_in_a_reset_does_not),
        STREAM_TEST(far_out_of_the_window_is_ignored),
        STREAM_TEST(memory_has_a_cap),
        BY_ACK_TEST(what_is_acknowledged_comes_out),
        BY_ACK_TEST(an_end_waits_until_both_sides_have_it),
        BY_ACK_TEST(one_side_alone_does_not_wait),
        BY_ACK_TEST(a_reset_without_acknowledgement_closes),
        BY_ACK_TEST(a_cut_repeat_leaves_the_whole_segment_that_waits),
        BY_ACK_TEST(what_was_never_acknowledged_comes_at_the_end),
        BY_ACK_TEST(so_much_waits_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

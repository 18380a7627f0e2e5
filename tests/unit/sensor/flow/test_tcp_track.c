/* SPDX-License-Identifier: Apache-2.0 */
/* What of a connection is noted as repeated or out of place, and in which of its states. */
#include "sensor/flow/stream_event.h"
#include "sensor/flow/tcp_track.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { CLIENT_ISN = 1000, SERVER_ISN = 5000, WINDOW = 60000 };

static struct flow flow;
static uint64_t now_ns;
static uint8_t bytes[100];

/* One packet, relative numbers, 100 ms behind the last one. */
static void packet(enum dir dir, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
    struct packet p = {.ts_ns = now_ns += 100000000};

    p.tcp.seq = seq + (dir == TO_SERVER ? CLIENT_ISN : SERVER_ISN);
    p.tcp.ack = flags & TCP_ACK ? ack + (dir == TO_SERVER ? SERVER_ISN : CLIENT_ISN) : 0;
    p.tcp.flags = flags;
    p.tcp.window = WINDOW;
    p.payload = (struct slice){bytes, len};
    stream_event_clear(&flow);
    tcp_track(&flow, &p, dir);
}

static int connected(void **state)
{
    (void)state;
    flow = (struct flow){.proto = IPPROTO_TCP4};
    packet(TO_SERVER, TCP_SYN, 0, 0, 0);
    packet(TO_CLIENT, TCP_SYN | TCP_ACK, 0, 1, 0);
    packet(TO_SERVER, TCP_ACK, 1, 1, 0);
    assert_int_equal(flow.tcp_state, TCP_ESTABLISHED);
    return 0;
}

static void what_is_on_its_way_may_come_twice(void **state)
{
    (void)state;
    packet(TO_SERVER, TCP_ACK, 1, 1, 50);
    packet(TO_SERVER, TCP_ACK, 1, 1, 50);
    assert_false(stream_event_any(&flow));
}

static void what_was_acknowledged_comes_again_for_nothing(void **state)
{
    (void)state;
    packet(TO_SERVER, TCP_ACK, 1, 1, 50);
    packet(TO_CLIENT, TCP_ACK, 1, 51, 0);
    packet(TO_SERVER, TCP_ACK, 1, 1, 50);
    assert_true(stream_event_has(&flow, STREAM_EVENT_PKT_SPURIOUS_RETRANSMISSION));
    assert_false(stream_event_has(&flow, STREAM_EVENT_PKT_RETRANSMISSION));
    assert_false(stream_event_has(&flow, STREAM_EVENT_EST_PKT_BEFORE_LAST_ACK));
}

static void older_data_stands_before_the_last_acknowledgement(void **state)
{
    (void)state;
    packet(TO_SERVER, TCP_ACK, 1, 1, 50);
    packet(TO_SERVER, TCP_ACK, 51, 1, 50);
    packet(TO_CLIENT, TCP_ACK, 1, 101, 0);
    packet(TO_SERVER, TCP_ACK, 1, 1, 50);
    assert_true(stream_event_has(&flow, STREAM_EVENT_EST_PKT_BEFORE_LAST_ACK));
}

static void data_repeated_while_closing_is_a_retransmission(void **state)
{
    (void)state;
    packet(TO_SERVER, TCP_ACK, 1, 1, 50);
    packet(TO_CLIENT, TCP_ACK | TCP_FIN, 1, 1, 0);
    packet(TO_SERVER, TCP_ACK, 1, 1, 50);
    assert_true(stream_event_has(&flow, STREAM_EVENT_PKT_RETRANSMISSION));
}

static void the_same_answer_to_a_syn_may_come_twice(void **state)
{
    (void)state;
    packet(TO_CLIENT, TCP_SYN | TCP_ACK, 0, 1, 0);
    assert_false(stream_event_any(&flow));
    packet(TO_CLIENT, TCP_SYN | TCP_ACK, 0, 9, 0);
    assert_true(stream_event_has(&flow, STREAM_EVENT_EST_SYNACK_RESEND_WITH_DIFF_ACK));
}

static void a_fin_behind_its_acknowledgement_is_out_of_window(void **state)
{
    (void)state;
    packet(TO_SERVER, TCP_ACK | TCP_FIN, 1, 1, 0);
    packet(TO_SERVER, TCP_ACK | TCP_FIN, 1, 1, 0);
    assert_false(stream_event_any(&flow));
    packet(TO_CLIENT, TCP_ACK, 1, 2, 0);
    packet(TO_SERVER, TCP_ACK | TCP_FIN, 1, 1, 0);
    assert_true(stream_event_has(&flow, STREAM_EVENT_CLOSEWAIT_FIN_OUT_OF_WINDOW));
}

static void a_fin_repeated_at_the_very_end_is_quiet(void **state)
{
    (void)state;
    packet(TO_CLIENT, TCP_ACK | TCP_FIN, 1, 1, 0);
    packet(TO_SERVER, TCP_ACK | TCP_FIN, 1, 1, 0);
    packet(TO_CLIENT, TCP_ACK, 2, 2, 0);
    packet(TO_SERVER, TCP_ACK | TCP_FIN, 1, 2, 0);
    assert_false(stream_event_any(&flow));
}

static void an_ancient_acknowledgement_is_none(void **state)
{
    (void)state;
    packet(TO_SERVER, TCP_ACK, 1, 1, 50);
    packet(TO_CLIENT, TCP_ACK, 1, 51, 0);
    packet(TO_CLIENT, TCP_ACK, 1, 51u - 2 * WINDOW, 0); /* where it should stand: out of date */
    assert_false(stream_event_any(&flow));
    packet(TO_CLIENT, TCP_ACK, 1, 51u - 2 * WINDOW, 9);
    assert_true(stream_event_has(&flow, STREAM_EVENT_EST_INVALID_ACK));
    assert_true(flow.tcp.pass_over);
}

static void of_ancient_data_nothing_else_is_looked_at(void **state)
{
    (void)state;
    packet(TO_SERVER, TCP_ACK, 1, 1, 50);
    packet(TO_CLIENT, TCP_ACK, 1, 51, 0);
    packet(TO_SERVER, TCP_ACK, 1u - 2 * WINDOW, 3 * WINDOW, 50);
    assert_true(stream_event_has(&flow, STREAM_EVENT_PKT_SPURIOUS_RETRANSMISSION));
    assert_false(stream_event_has(&flow, STREAM_EVENT_EST_INVALID_ACK));
}

static void where_both_have_closed_the_place_is_told_first(void **state)
{
    (void)state;
    packet(TO_CLIENT, TCP_ACK | TCP_FIN, 1, 1, 0);
    packet(TO_SERVER, TCP_ACK | TCP_FIN, 1, 2, 0);
    assert_int_equal(flow.tcp_state, TCP_TIME_WAIT);
    packet(TO_CLIENT, TCP_ACK, 900, 3 * WINDOW, 0);
    assert_true(stream_event_has(&flow, STREAM_EVENT_TIMEWAIT_ACK_WRONG_SEQ));
    assert_false(stream_event_has(&flow, STREAM_EVENT_TIMEWAIT_INVALID_ACK));
}

static void the_server_may_speak_first(void **state)
{
    (void)state;
    flow = (struct flow){.proto = IPPROTO_TCP4};
    packet(TO_SERVER, TCP_SYN, 0, 0, 0);
    packet(TO_CLIENT, TCP_SYN | TCP_ACK, 0, 1, 0);
    packet(TO_CLIENT, TCP_ACK, 1, 1, 20);
    assert_false(stream_event_any(&flow));
    assert_int_equal(flow.tcp_state, TCP_ESTABLISHED);
    assert_false(flow.tcp.lenient);
}

static void from_its_answer_a_connection_is_followed_unless_forbidden(void **state)
{
    (void)state;
    for (int only = 0; only < 2; only++) {
        flow = (struct flow){.proto = IPPROTO_TCP4,
                             .tcp = {.whole_only = true, .syn_only = only == 1}};
        packet(TO_CLIENT, TCP_SYN | TCP_ACK, 0, 1, 0);
        assert_int_equal(flow.tcp_state, only ? TCP_NONE : TCP_SYN_RECV);
    }
}

static void one_side_may_be_followed_in_silence(void **state)
{
    (void)state;
    flow = (struct flow){.proto = IPPROTO_TCP4, .tcp = {.one_side_silent = true}};
    packet(TO_SERVER, TCP_SYN, 0, 0, 0);
    packet(TO_SERVER, TCP_ACK, 901, 1, 20);
    assert_int_equal(flow.tcp_state, TCP_ESTABLISHED);
    assert_false(stream_event_any(&flow));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_on_its_way_may_come_twice, connected),
        cmocka_unit_test_setup(what_was_acknowledged_comes_again_for_nothing, connected),
        cmocka_unit_test_setup(older_data_stands_before_the_last_acknowledgement, connected),
        cmocka_unit_test_setup(data_repeated_while_closing_is_a_retransmission, connected),
        cmocka_unit_test_setup(the_same_answer_to_a_syn_may_come_twice, connected),
        cmocka_unit_test_setup(a_fin_behind_its_acknowledgement_is_out_of_window, connected),
        cmocka_unit_test_setup(a_fin_repeated_at_the_very_end_is_quiet, connected),
        cmocka_unit_test_setup(an_ancient_acknowledgement_is_none, connected),
        cmocka_unit_test_setup(of_ancient_data_nothing_else_is_looked_at, connected),
        cmocka_unit_test_setup(where_both_have_closed_the_place_is_told_first, connected),
        cmocka_unit_test(the_server_may_speak_first),
        cmocka_unit_test(from_its_answer_a_connection_is_followed_unless_forbidden),
        cmocka_unit_test(one_side_may_be_followed_in_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: recognising, gaps, limits, what detection and events rely on. */
#include "proto_one.h"

static struct one one;

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

static int tcp(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_TCP4, 9999);
    return 0;
}

static int udp(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_UDP4, 9999);
    return 0;
}

static uint64_t count(const char *name)
{
    for (uint32_t t = 0; t < one.feed.stats.n; t++)
        for (uint32_t i = 0; one.feed.stats.tables[t][i].name; i++)
            if (strcmp(one.feed.stats.tables[t][i].name, name) == 0)
                return one.feed.stats.values[t][i];
    fail_msg("no counter %s", name);
    return 0;
}

static void a_protocol_is_recognised_on_any_port(void **state)
{
    (void)state;
    one_says(&one, TO_SERVER, SLICE_LIT("SSH-2.0-x\r\n"));
    assert_string_equal(one.flow.app_name, "ssh");
    assert_string_equal(app_proto(&one.flow)->name, "ssh");
    assert_int_equal(count("app.recognised"), 1);
}

static void bytes_seen_before_the_name_is_known_are_parsed_too(void **state)
{
    (void)state;
    one_says(&one, TO_SERVER, SLICE_LIT("SS"));
    assert_null(one.flow.app_name);
    one_says(&one, TO_CLIENT, SLICE_LIT("SSH-2.0-server\r\n"));
    one_says(&one, TO_SERVER, SLICE_LIT("H-2.0-client\r\n"));
    one_is(&one, "ssh.software", "client");
    one_is_nth(&one, "ssh.software", 1, SLICE_LIT("server"));
}

static const char garbage[] =
    "\xff\2garbage that begins like nothing any parser knows, and goes on until even "
    "those that wait for a whole head have seen enough of it to be sure of that";

static void what_nobody_knows_of_either_side_is_said_to_have_failed(void **state)
{
    (void)state;
    one_says(&one, TO_SERVER, slice_of_str(garbage));
    assert_false(one.flow.app_failed);
    one_says(&one, TO_CLIENT, slice_of_str(garbage));
    assert_true(one.flow.app_failed);
    one_says(&one, TO_CLIENT, SLICE_LIT("HTTP/1.1 200 OK\r\n\r\n"));
    assert_null(one.flow.app_name);
    assert_null(one_tx(&one, 0));
}

static void unknown_bytes_of_one_side_leave_the_other_to_tell(void **state)
{
    (void)state;
    one_says(&one, TO_SERVER, slice_of_str(garbage));
    one_says(&one, TO_CLIENT, SLICE_LIT("HTTP/1.1 200 OK\r\n\r\n"));
    assert_string_equal(one.flow.app_name, "http");
    assert_false(one.flow.app_failed);
    assert_int_equal(one.flow.app_mute, 1 << TO_SERVER);
}

static void datagrams_that_only_look_alike_are_not_taken_off_their_port(void **state)
{
    (void)state;
    one_says(&one, TO_SERVER, SLICE_LIT("\0\1\0\0\0\0\0\0\0\0\0\0more bytes here"));
    assert_null(one.flow.app_name);
}

static void a_transaction_is_freed_when_it_is_over_and_logged(void **state)
{
    (void)state;
    static const uint8_t ping[] = {0xc0, 0};
    one.flow.server_port = 1883;
    one_says(&one, TO_SERVER, (struct slice){ping, 2});
    struct tx *tx = one_tx(&one, 0);
    assert_non_null(tx);
    assert_true(app_tx_over(tx));
    tx->logged = true;
    one_says(&one, TO_SERVER, (struct slice){ping, 2});
    assert_int_equal(one_tx(&one, 0)->id, 1);
}

static void only_what_the_packet_moved_is_touched(void **state)
{
    struct packet packet = {.ts_ns = 7};
    struct chunk chunk = {.data = SLICE_LIT("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), .dir = TO_SERVER};

    (void)state;
    app_input(one.feed.engine, &one.flow, &packet, &chunk);
    assert_true(one_tx(&one, 0)->touched[TO_SERVER]);
    assert_false(one_tx(&one, 0)->touched[TO_CLIENT]);
    app_clear(one.feed.engine, &one.flow, 3);
    assert_false(one_tx(&one, 0)->touched[TO_SERVER]);
    assert_int_equal(one_tx(&one, 0)->first_ns, 7);
}

static void a_flow_with_too_many_open_transactions_ends_the_oldest(void **state)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    uint32_t n = 0;

    (void)state;
    for (uint32_t i = 0; i < 300; i++)
        one_says(&one, TO_SERVER, SLICE_LIT(request));
    assert_int_equal(count("app.tx_forced"), 300 - 256);
    for (struct tx *tx = one_tx(&one, 0); tx; tx = tx->next)
        n += !app_tx_over(tx);
    assert_int_equal(n, 256);
}

static void lost_bytes_end_a_protocol_that_cannot_go_on(void **state)
{
    (void)state;
    one_says(&one, TO_SERVER, SLICE_LIT("SSH-2.0-x\r\n"));
    feed_chunk(&one.feed, &one.flow,
               (struct chunk){.data = SLICE_LIT("more"), .dir = TO_SERVER, .gap = 100});
    assert_int_equal(count("app.gaps"), 1);
    assert_int_equal(one_tx(&one, 0)->progress[TO_SERVER], TX_DONE);
}

static void a_hole_inside_bytes_nobody_needs_is_no_loss(void **state)
{
    (void)state;
    one.flow.server_port = 80;
    one_says(&one, TO_SERVER, SLICE_LIT("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    one_says(&one, TO_CLIENT, SLICE_LIT("HTTP/1.1 200 OK\r\nContent-Length: 110\r\n\r\n12345"));
    feed_chunk(&one.feed, &one.flow,
               (struct chunk){.data = SLICE_LIT("67890"), .dir = TO_CLIENT, .gap = 100});
    assert_true(app_tx_over(one_tx(&one, 0)));
    assert_int_equal(count("app.gaps"), 0);
}

static void the_end_of_the_flow_ends_all_transactions(void **state)
{
    (void)state;
    one_says(&one, TO_SERVER, SLICE_LIT("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    assert_false(app_tx_over(one_tx(&one, 0)));
    one_ends(&one);
    assert_true(app_tx_over(one_tx(&one, 0)));
    assert_true(one_tx(&one, 0)->touched[TO_CLIENT]);
}

int main(void)
{
#define CASE(name, setup) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_protocol_is_recognised_on_any_port, tcp),
        CASE(bytes_seen_before_the_name_is_known_are_parsed_too, tcp),
        CASE(what_nobody_knows_of_either_side_is_said_to_have_failed, tcp),
        CASE(unknown_bytes_of_one_side_leave_the_other_to_tell, tcp),
        CASE(datagrams_that_only_look_alike_are_not_taken_off_their_port, udp),
        CASE(a_transaction_is_freed_when_it_is_over_and_logged, tcp),
        CASE(only_what_the_packet_moved_is_touched, tcp),
        CASE(a_flow_with_too_many_open_transactions_ends_the_oldest, tcp),
        CASE(lost_bytes_end_a_protocol_that_cannot_go_on, tcp),
        CASE(a_hole_inside_bytes_nobody_needs_is_no_loss, tcp),
        CASE(the_end_of_the_flow_ends_all_transactions, tcp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

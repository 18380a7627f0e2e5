/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules on transactions: once for each, with the packet that completes them, over several buffers.
 */
#include "detect_kit.h"
#include "proto_feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct talk {
    struct kit kit;
    struct feed feed;
};

static void open_talk(struct talk *t, const char *rules)
{
    assert_true(kit_open(&t->kit, rules));
    assert_string_equal(kit_reason(&t->kit), "");
    feed_init(&t->feed, NULL);
    kit_tcp(&t->kit, 80);
}

static void close_talk(struct talk *t)
{
    for (struct tx *tx = app_first_tx(&t->kit.flow); tx; tx = tx->next)
        detect_drop_tx(t->kit.detect, tx);
    files_drop(t->feed.files, &t->kit.flow);
    app_drop(t->feed.engine, &t->kit.flow);
    kit_close(&t->kit);
    feed_fini(&t->feed);
}

/* Parser first, then the rules, as the sensor does; returns the number of hits. */
static uint32_t says(struct talk *t, enum dir dir, const char *text)
{
    struct packet packet = {.proto = IPPROTO_TCP4, .ts_ns = 1000};
    struct chunk chunk = {.data = slice_of_str(text), .dir = dir, .offset = t->kit.sent[dir]};
    uint32_t n;

    app_input(t->feed.engine, &t->kit.flow, &packet, &chunk);
    const struct app_file *pieces = app_files(t->feed.engine, &n);
    if (n)
        files_input(t->feed.files, &t->kit.flow, pieces, n);
    n = kit_segment(&t->kit, dir, slice_of_str(text));
    for (struct tx *tx = app_first_tx(&t->kit.flow); tx; tx = tx->next)
        tx->touched[0] = tx->touched[1] = false;
    return n;
}

static void a_rule_fires_once_for_a_transaction(void **state)
{
    struct talk t;

    (void)state;
    open_talk(&t, "alert http any any -> any any (http.uri; content:\"/cgi\"; sid:1;)\n");
    assert_int_equal(says(&t, TO_SERVER, "GET /cgi HTTP/1.1\r\nHost: a\r\n\r\n"), 1);
    assert_int_equal(says(&t, TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"), 0);
    assert_int_equal(says(&t, TO_CLIENT, "ok"), 0);
    assert_int_equal(says(&t, TO_SERVER, "GET /cgi?2 HTTP/1.1\r\nHost: a\r\n\r\n"), 1);
    close_talk(&t);
}

/* No literal long enough to be searched: the bytes at their place tell when it is tried. */
static void short_bytes_at_one_place_of_a_buffer_find_their_rule(void **state)
{
    struct talk t;

    (void)state;
    open_talk(&t, "alert http any any -> any any (http.user_agent; content:\"z\"; depth:1; "
                  "bsize:1; sid:1;)\n"
                  "alert http any any -> any any (http.user_agent; content:\"q\"; offset:2; "
                  "depth:3; sid:2;)\n"
                  "alert http any any -> any any (http.user_agent; content:\"Mz\"; depth:2; "
                  "sid:4;)\n"
                  "alert http any any -> any any (file_data; content:\"PK\"; within:2; sid:3;)\n");
    assert_int_equal(says(&t, TO_SERVER, "GET / HTTP/1.1\r\nUser-Agent: z\r\n\r\n"), 1);
    assert_int_equal(says(&t, TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"), 0);
    assert_int_equal(says(&t, TO_CLIENT, "aPK2"), 0);
    assert_int_equal(says(&t, TO_SERVER, "GET / HTTP/1.1\r\nUser-Agent: z"), 0);
    assert_int_equal(says(&t, TO_SERVER, "z\r\n\r\n"), 0);
    assert_int_equal(says(&t, TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"), 0);
    assert_int_equal(says(&t, TO_CLIENT, "PK34"), 1);
    assert_int_equal(says(&t, TO_SERVER, "GET / HTTP/1.1\r\nUser-Agent: zzq\r\n\r\n"), 1);
    assert_int_equal(says(&t, TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), 0);
    assert_int_equal(says(&t, TO_SERVER, "GET / HTTP/1.1\r\nUser-Agent: aMz\r\n\r\n"), 0);
    assert_int_equal(says(&t, TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), 0);
    assert_int_equal(says(&t, TO_SERVER, "GET / HTTP/1.1\r\nUser-Agent: Mzilla\r\n\r\n"), 1);
    assert_int_equal(kit_sid(&t.kit, 0), 4);
    close_talk(&t);
}

static void all_buffers_have_to_match_in_one_transaction(void **state)
{
    struct talk t;

    (void)state;
    open_talk(&t, "alert http any any -> any any (flow:to_server; http.method; content:\"PUT\"; "
                  "http.uri; content:\"/cgi\"; sid:1;)\n");
    assert_int_equal(says(&t, TO_SERVER, "PUT /a HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
    assert_int_equal(says(&t, TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), 0);
    assert_int_equal(says(&t, TO_SERVER, "GET /cgi HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
    assert_int_equal(says(&t, TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), 0);
    assert_int_equal(says(&t, TO_SERVER, "PUT /cgi HTTP/1.1\r\nHost: a\r\n\r\n"), 1);
    close_talk(&t);
}

static void a_rule_waits_for_its_last_buffer(void **state)
{
    struct talk t;

    (void)state;
    open_talk(&t, "alert http any any -> any any (http.uri; content:\"/cgi\"; "
                  "http.request_body; content:\"evil\"; sid:1;)\n");
    assert_int_equal(
        says(&t, TO_SERVER, "POST /cgi HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n"), 0);
    assert_int_equal(says(&t, TO_SERVER, "is "), 0);
    assert_int_equal(says(&t, TO_SERVER, "evil!"), 1);
    close_talk(&t);
}

static void the_header_and_the_state_of_the_flow_count(void **state)
{
    struct talk t;

    (void)state;
    open_talk(&t, "alert http any any -> any 8080 (http.uri; content:\"/cgi\"; sid:1;)\n"
                  "alert http any any -> any any (flow:to_client; http.stat_code; "
                  "content:\"404\"; sid:2;)\n"
                  "alert http any any -> any any (flowbits:isset,seen; http.uri; "
                  "content:\"/cgi\"; sid:3;)\n"
                  "alert http any any -> any any (http.uri; content:\"/mark\"; "
                  "flowbits:set,seen; flowbits:noalert; sid:4;)\n");
    assert_int_equal(says(&t, TO_SERVER, "GET /cgi HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
    assert_int_equal(says(&t, TO_CLIENT, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"), 1);
    assert_int_equal(kit_sid(&t.kit, 0), 2);
    assert_int_equal(says(&t, TO_SERVER, "GET /mark HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
    assert_int_equal(says(&t, TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), 0);
    assert_int_equal(says(&t, TO_SERVER, "GET /cgi HTTP/1.1\r\nHost: a\r\n\r\n"), 1);
    assert_int_equal(kit_sid(&t.kit, 0), 3);
    close_talk(&t);
}

static void an_absent_or_negated_content_is_decided_when_the_buffer_is_complete(void **state)
{
    struct talk t;

    (void)state;
    open_talk(&t, "alert http any any -> any any (flow:to_server; http.method; content:\"GET\"; "
                  "http.header; content:!\"X-Token\"; sid:1;)\n");
    assert_int_equal(says(&t, TO_SERVER, "GET / HTTP/1.1\r\nHost: a\r\n"), 0);
    assert_int_equal(says(&t, TO_SERVER, "X-Token: x\r\n\r\n"), 0);
    assert_int_equal(says(&t, TO_CLIENT, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), 0);
    assert_int_equal(says(&t, TO_SERVER, "GET / HTTP/1.1\r\nHost: a\r\n"), 0);
    assert_int_equal(says(&t, TO_SERVER, "Accept: x\r\n\r\n"), 1);
    close_talk(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_fires_once_for_a_transaction),
        cmocka_unit_test(short_bytes_at_one_place_of_a_buffer_find_their_rule),
        cmocka_unit_test(all_buffers_have_to_match_in_one_transaction),
        cmocka_unit_test(a_rule_waits_for_its_last_buffer),
        cmocka_unit_test(the_header_and_the_state_of_the_flow_count),
        cmocka_unit_test(an_absent_or_negated_content_is_decided_when_the_buffer_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

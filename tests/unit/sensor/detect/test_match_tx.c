/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules on transactions: once for each, with the packet that completes them, over several buffers.
 */
#include "detect_kit.h"
#include "proto_feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct talk {
    struct kit kit;
    struct feed feed;
    uint32_t n_pieces; /* of files, since the beginning: nothing is cleared between packets */
};

static void open_talk(struct talk *t, const char *rules)
{
    assert_true(kit_open(&t->kit, rules));
    assert_string_equal(kit_reason(&t->kit), "");
    feed_init(&t->feed, NULL);
    t->n_pieces = 0;
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
    if (n > t->n_pieces)
        files_input(t->feed.files, &t->kit.flow, pieces + t->n_pieces, n - t->n_pieces);
    t->n_pieces = n;
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

enum { BODY_ROOM = 120000, BODY_PART = 20000 };

/* A response with so many bytes of body, in parts, and the words in it where they are said to be;
 * the hits of all of them. */
static uint32_t answers(struct talk *t, uint32_t bytes, const char *const *words,
                        const uint32_t *places, uint32_t n)
{
    static char body[BODY_ROOM + 1];
    char part[BODY_PART + 1] = "";
    uint32_t hits = 0;

    memset(body, '.', bytes);
    for (uint32_t i = 0; i < n; i++)
        memcpy(body + places[i], words[i], strlen(words[i]));
    snprintf(part, sizeof(part), "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n", bytes);
    says(t, TO_SERVER, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    hits += says(t, TO_CLIENT, part);
    for (uint32_t at = 0; at < bytes; at += BODY_PART) {
        uint32_t len = bytes - at < BODY_PART ? bytes - at : BODY_PART;
        memcpy(part, body + at, len);
        part[len] = '\0';
        hits += says(t, TO_CLIENT, part);
    }
    return hits;
}

static void a_body_is_searched_with_the_file_that_it_repeats(void **state)
{
    struct talk t;

    (void)state;
    open_talk(&t,
              "alert http any any -> any any (file.data; content:\"in-file\"; sid:1;)\n"
              "alert http any any -> any any (http.response_body; content:\"early\"; sid:2;)\n"
              "alert http any any -> any any (http.response_body; content:\"later\"; sid:3;)\n");
    assert_int_equal(
        answers(&t, 30, (const char *[]){"early", "in-file"}, (const uint32_t[]){0, 23}, 2), 2);
    assert_int_equal(
        answers(&t, 70000, (const char *[]){"early", "later"}, (const uint32_t[]){10, 65000}, 2),
        2);
    assert_int_equal(answers(&t, 70000, (const char *[]){"later"}, (const uint32_t[]){39998}, 1),
                     1);
    assert_int_equal(answers(&t, 70000, NULL, NULL, 0), 0);
    close_talk(&t);
}

static void of_a_file_longer_than_the_body_only_the_body_counts(void **state)
{
    struct talk t;

    (void)state;
    open_talk(&t, "alert http any any -> any any (file.data; content:\"at-end\"; sid:1;)\n"
                  "alert http any any -> any any (http.response_body; content:\"at-end\"; "
                  "sid:2;)\n");
    assert_int_equal(answers(&t, 115000, (const char *[]){"at-end"}, (const uint32_t[]){110000}, 1),
                     1);
    assert_int_equal(kit_sid(&t.kit, 0), 1);
    assert_int_equal(answers(&t, 115000, (const char *[]){"at-end"}, (const uint32_t[]){90000}, 1),
                     2);
    close_talk(&t);
}

/* More than are noted of one file: then the body is searched itself. */
static void any_number_of_rules_may_wait_for_a_body(void **state)
{
    static const char *const words[] = {"word-a", "word-b", "word-c", "word-d", "word-e",
                                        "word-f", "word-g", "word-h", "word-i", "word-j"};
    enum { WORDS = sizeof(words) / sizeof(words[0]) };
    uint32_t places[WORDS];
    char rules[WORDS * 112] = "";
    size_t len = 0;
    struct talk t;

    (void)state;
    for (uint32_t i = 0; i < WORDS; i++) {
        places[i] = 100 + i * 10;
        len += (size_t)snprintf(rules + len, sizeof(rules) - len,
                                "alert http any any -> any any (http.response_body; "
                                "content:\"%s\"; sid:%u;)\n",
                                words[i], i + 2);
    }
    snprintf(rules + len, sizeof(rules) - len,
             "alert http any any -> any any (file.data; content:\"none\"; sid:1;)\n");
    open_talk(&t, rules);
    assert_int_equal(answers(&t, 70000, words, places, WORDS), WORDS);
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
        cmocka_unit_test(a_body_is_searched_with_the_file_that_it_repeats),
        cmocka_unit_test(of_a_file_longer_than_the_body_only_the_body_counts),
        cmocka_unit_test(any_number_of_rules_may_wait_for_a_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

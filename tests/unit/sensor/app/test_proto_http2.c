/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of RFC 9113; header blocks of RFC 7541, appendix C. */
#include "proto_one.h"

#define CLIENT(text) one_says(&one, TO_SERVER, SLICE_LIT(text))
#define SERVER(text) one_says(&one, TO_CLIENT, SLICE_LIT(text))
#define MAGIC        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
/* RFC 7541, C.4.1: GET http://www.example.com/ */
#define GET_BLOCK "\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_TCP4, 8080);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

/* The field of that name that HTTP/2 has, of the i-th transaction. */
static struct slice text_of(uint32_t i, const char *name)
{
    struct field_ref ref;
    struct slice got = SLICE_NONE;

    for (uint32_t n = 0; field_find(slice_of_str(name), n, &ref); n++)
        if (ref.proto == one_tx(&one, i)->proto && field_bytes(&ref, one_tx(&one, i), 0, &got))
            break;
    return got;
}

#define IS(name, text) assert_true(slice_eq(text_of(0, name), SLICE_LIT(text)))

static bool noted(const struct tx *tx, const char *name)
{
    for (uint32_t i = 0; i < tx->notes; i++)
        if (strcmp(tx->proto->notes[tx->note[i]], name) == 0)
            return true;
    return false;
}

static void a_stream_fills_the_buffers_of_http(void **state)
{
    (void)state;
    CLIENT(MAGIC "\0\0\x11\1\5\0\0\0\1" GET_BLOCK);
    IS("http.method", "GET");
    IS("http.host", "www.example.com");
    IS("http.uri.raw", "/");
    IS("http.request_line", "GET / HTTP/2\r\n");
    SERVER("\0\0\1\1\4\0\0\0\1\x88\0\0\5\0\1\0\0\0\1hello");
    IS("http.stat_code", "200");
    IS("http.response_body", "hello");
    assert_true(app_tx_over(one_tx(&one, 0)));
    assert_non_null(strstr(one_event(&one, 0, 0), "\"http2\":{\"stream_id\":1"));
}

static void the_table_of_headers_is_kept_between_streams(void **state)
{
    (void)state;
    CLIENT(MAGIC "\0\0\x11\1\5\0\0\0\1" GET_BLOCK);
    CLIENT("\0\0\4\1\5\0\0\0\3\x82\x86\x84\xbe");
    assert_true(slice_eq(text_of(1, "http.host"), SLICE_LIT("www.example.com")));
}

static void a_block_may_be_continued(void **state)
{
    (void)state;
    CLIENT(MAGIC "\0\0\2\1\1\0\0\0\1\x82\x86");
    assert_int_equal(one_tx(&one, 0)->progress[TO_SERVER], TX_NONE);
    CLIENT("\0\0\1\x09\4\0\0\0\1\x84");
    IS("http.uri.raw", "/");
    assert_int_equal(one_tx(&one, 0)->progress[TO_SERVER], TX_DONE);
}

static void padding_is_no_body(void **state)
{
    (void)state;
    CLIENT(MAGIC "\0\0\1\1\4\0\0\0\1\x83");
    CLIENT("\0\0\7\0\x09\0\0\0\1\3abcxxx");
    IS("http.request_body", "abc");
}

static void two_names_of_the_server_are_noted(void **state)
{
    (void)state;
    CLIENT(MAGIC "\0\0\x1a\1\5\0\0\0\1" GET_BLOCK "\0\4host\2ab");
    assert_true(noted(one_tx(&one, 0), "authority_host_mismatch"));
}

static void damaged_headers_are_noted_once(void **state)
{
    (void)state;
    CLIENT(MAGIC "\0\0\2\1\5\0\0\0\1\xff\xff\0\0\1\1\5\0\0\0\3\x80");
    assert_true(noted(one_tx(&one, 0), "invalid_header"));
}

#define RESET "\0\0\4\3\0\0\0\0\1\0\0\0\x08"

static void a_side_that_resets_a_stream_still_hears_the_other(void **state)
{
    (void)state;
    CLIENT(MAGIC "\0\0\x11\1\5\0\0\0\1" GET_BLOCK RESET);
    assert_false(app_tx_over(one_tx(&one, 0)));
    SERVER("\0\0\1\1\5\0\0\0\1\x88");
    assert_true(app_tx_over(one_tx(&one, 0)));
    assert_non_null(strstr(one_event(&one, 0, 0), "\"error_code\":\"Cancel\""));
    assert_non_null(strstr(one_event(&one, 0, 0), "\"status\":200"));
}

static void a_stream_that_is_over_is_not_reset_again(void **state)
{
    (void)state;
    CLIENT(MAGIC "\0\0\x11\1\5\0\0\0\1" GET_BLOCK);
    SERVER("\0\0\1\1\5\0\0\0\1\x88");
    CLIENT(RESET);
    assert_null(one_tx(&one, 1));
}

static void what_resets_a_stream_that_never_began_stands_alone(void **state)
{
    (void)state;
    CLIENT(MAGIC RESET);
    assert_true(app_tx_over(one_tx(&one, 0)));
    assert_non_null(strstr(one_event(&one, 0, 0), "\"error_code\":\"Cancel\""));
}

static void a_server_may_speak_first(void **state)
{
    (void)state;
    SERVER("\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x64");
    assert_string_equal(one.flow.app_name, "http2");
    assert_non_null(strstr(one_event(&one, 0, 0), "SETTINGSMAXCONCURRENTSTREAMS"));
}

static void after_an_upgrade_the_request_is_stream_one(void **state)
{
    (void)state;
    CLIENT("GET /up HTTP/1.1\r\nHost: h.vn\r\nUpgrade: h2c\r\n\r\n");
    SERVER("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"
           "\0\0\1\1\5\0\0\0\1\x88");
    assert_string_equal(one.flow.app_name, "http2");
    assert_non_null(strstr(one_event(&one, 1, 0), "\"url\":\"/up\""));
    assert_non_null(strstr(one_event(&one, 1, 0), "\"status\":200"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_stream_fills_the_buffers_of_http, setup, teardown),
        cmocka_unit_test_setup_teardown(the_table_of_headers_is_kept_between_streams, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_block_may_be_continued, setup, teardown),
        cmocka_unit_test_setup_teardown(padding_is_no_body, setup, teardown),
        cmocka_unit_test_setup_teardown(two_names_of_the_server_are_noted, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_headers_are_noted_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_side_that_resets_a_stream_still_hears_the_other, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_stream_that_is_over_is_not_reset_again, setup, teardown),
        cmocka_unit_test_setup_teardown(what_resets_a_stream_that_never_began_stands_alone, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_server_may_speak_first, setup, teardown),
        cmocka_unit_test_setup_teardown(after_an_upgrade_the_request_is_stream_one, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

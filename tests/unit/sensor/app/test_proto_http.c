/* SPDX-License-Identifier: Apache-2.0 */
/* What rules see of HTTP; the expectations were tried with rules in Suricata 7.0.10. */
#include "proto_one.h"

#include "sensor/app/http_tx.h"

#define REQUEST(text)  one_says(&one, TO_SERVER, SLICE_LIT(text))
#define RESPONSE(text) one_says(&one, TO_CLIENT, SLICE_LIT(text))

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_TCP4, 80);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

static void the_uri_is_decoded_and_its_path_cleaned(void **state)
{
    (void)state;
    REQUEST("GET /a//b/%41%2fc/./d/../e\\f+g%00h?x=%41+b%20c#f%41 HTTP/1.1\r\nHost: h\r\n\r\n");
    one_is(&one, "http.uri", "/a/b/A/c/e/f+g\0h?x=A+b c#fA");
    one_is(&one, "http.uri.raw", "/a//b/%41%2fc/./d/../e\\f+g%00h?x=%41+b%20c#f%41");
}

static void invalid_coding_stays_and_units_count_in_the_path_only(void **state)
{
    (void)state;
    REQUEST("GET /p%2Fq/%zz/%u0041?a=%u0042 HTTP/1.1\r\nHost: h\r\n\r\n");
    one_is(&one, "http.uri", "/p/q/%zz/A?a=%u0042");
}

static void an_absolute_target_gives_host_port_and_path(void **state)
{
    (void)state;
    REQUEST("POST http://User:pw@Abs.Example.com:81/p?q HTTP/1.0\r\nHost: Other.com\r\n\r\n");
    one_is(&one, "http.uri", "/p?q");
    one_is(&one, "http.host", "abs.example.com");
    one_is(&one, "http.uri.raw", "http://User:pw@Abs.Example.com:81/p?q");
    assert_non_null(strstr(one_event(&one, 0, 0), "\"http_port\":81"));
}

static void the_host_is_lower_case_and_without_port(void **state)
{
    (void)state;
    REQUEST("GET / HTTP/1.1\r\nHost: WWW.Example.COM:8080\r\n\r\n");
    one_is(&one, "http.host", "www.example.com");
    one_is(&one, "http.host.raw", "WWW.Example.COM:8080");
}

static void headers_are_normalised_folded_and_joined_without_cookies(void **state)
{
    (void)state;
    REQUEST("GET / HTTP/1.1\r\nHost: h\r\nuser-agent:  Foo \r\nCookie: k=v\r\nX-Fold: a\r\n b\r\n"
            "X-R: 1\r\nX-R: 2\r\nX-E:\r\nnocolon\r\n\r\n");
    one_is(&one, "http.header",
           "Host: h\r\nuser-agent: Foo\r\nX-Fold: a b\r\nX-R: 1, 2\r\n"
           "X-E: \r\n: nocolon\r\n");
    one_is(&one, "http.header_names",
           "\r\nHost\r\nuser-agent\r\nCookie\r\nX-Fold\r\nX-R\r\nX-E\r\n\r\n\r\n");
    one_is(&one, "http.cookie", "k=v");
    one_is(&one, "http.user_agent", "Foo");
    one_is(&one, "http.start",
           "GET / HTTP/1.1\r\nHost: h\r\nuser-agent: Foo\r\nCookie: k=v\r\n"
           "X-Fold: a b\r\nX-R: 1, 2\r\nX-E: \r\n: nocolon\r\n\r\n");
    one_is(&one, "http.header.raw",
           "Host: h\r\nuser-agent:  Foo \r\nCookie: k=v\r\nX-Fold: a\r\n"
           " b\r\nX-R: 1\r\nX-R: 2\r\nX-E:\r\nnocolon\r\n\r\n");
}

static void each_header_is_an_instance(void **state)
{
    struct slice got;

    (void)state;
    REQUEST("GET / HTTP/1.1\r\nHost: h\r\nX-R:1\r\nX-R: 2\r\n\r\n");
    assert_true(one_bytes(&one, "http.request_header", 0, 1, &got));
    assert_true(slice_eq(got, SLICE_LIT("X-R: 1, 2")));
    assert_false(one_bytes(&one, "http.request_header", 0, 2, &got));
}

static void a_response_has_its_own_buffers(void **state)
{
    (void)state;
    REQUEST("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    RESPONSE("HTTP/1.1 200 Very OK\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\nServer: s\r\n"
             "Set-Cookie: c=d\r\n\r\nhi");
    one_is(&one, "http.stat_code", "200");
    one_is(&one, "http.stat_msg", "Very OK");
    one_is(&one, "http.response_line", "HTTP/1.1 200 Very OK");
    one_is(&one, "http.response_body", "hi");
    one_is_nth(&one, "http.cookie", 1, SLICE_LIT("a=b, c=d"));
    one_is_nth(&one, "http.header", 1, SLICE_LIT("Content-Length: 2\r\nServer: s\r\n"));
    assert_true(app_tx_over(one_tx(&one, 0)));
}

static void a_chunked_body_is_put_together_and_its_length_is_that_of_the_wire(void **state)
{
    (void)state;
    REQUEST("GET /f HTTP/1.1\r\nHost: h\r\n\r\n");
    RESPONSE("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    RESPONSE("3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n");
    one_is(&one, "http.response_body", "abcde");
    assert_non_null(strstr(one_event(&one, 0, 0), "\"length\":22"));
}

static void options_choose_what_its_own_event_carries(void **state)
{
    static const struct http_config little = {.basic = true, .custom = {"accept"}, .customs = 1};

    (void)state;
    REQUEST("GET /f HTTP/1.1\r\nHost: h\r\nAccept: x/y\r\n\r\n");
    RESPONSE("HTTP/1.1 206 OK\r\nContent-Range: bytes 1-2/30\r\nContent-Length: 2\r\n\r\nab");
    struct tx *tx = one_tx(&one, 0);
    ((struct http_tx *)tx_data(tx))->config = &little;
    assert_non_null(strstr(one_event(&one, 0, 0), "\"http_method\":\"GET\""));
    assert_null(strstr(one_event(&one, 0, 0), "x/y"));
    tx->writes_event = true;
    assert_null(strstr(one_event(&one, 0, 0), "http_method"));
    assert_non_null(strstr(one_event(&one, 0, 0), "\"request_headers\":[{\"name\":\"Accept\","
                                                  "\"value\":\"x/y\"}]"));
    assert_non_null(strstr(one_event(&one, 0, 0), "\"start\":1,\"end\":2,\"size\":30}"));
    assert_null(strstr(one_event(&one, 0, 0), "response_headers"));
}

static void a_response_without_a_length_ends_with_the_connection(void **state)
{
    (void)state;
    REQUEST("GET /f HTTP/1.0\r\n\r\n");
    RESPONSE("HTTP/1.0 200 OK\r\n\r\nabc");
    RESPONSE("def");
    assert_false(app_tx_over(one_tx(&one, 0)));
    one_ends(&one);
    assert_true(app_tx_over(one_tx(&one, 0)));
    one_is(&one, "http.response_body", "abcdef");
}

static void an_interim_response_is_not_the_answer(void **state)
{
    (void)state;
    REQUEST("POST /f HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n");
    RESPONSE("HTTP/1.1 100 Continue\r\n\r\n");
    REQUEST("ab");
    RESPONSE("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    one_is(&one, "http.stat_code", "201");
    one_is(&one, "http.request_body", "ab");
    assert_null(one_tx(&one, 1));
}

static void the_answer_to_head_has_no_body(void **state)
{
    (void)state;
    REQUEST("HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
    RESPONSE("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n"
             "HTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\nx");
    assert_true(app_tx_over(one_tx(&one, 1)));
    assert_non_null(strstr(one_event(&one, 1, 0), "\"status\":404"));
}

static void what_follows_connect_is_probed_anew(void **state)
{
    (void)state;
    REQUEST("CONNECT h.vn:22 HTTP/1.1\r\nHost: h.vn:22\r\n\r\n");
    RESPONSE("HTTP/1.1 200 OK\r\n\r\n");
    assert_string_equal(one.flow.app_name, "http");
    RESPONSE("SSH-2.0-server\r\n");
    assert_string_equal(one.flow.app_name, "ssh");
}

static void a_body_is_a_file_named_by_header_or_path(void **state)
{
    (void)state;
    REQUEST("GET /dir/fw.bin?x HTTP/1.1\r\nHost: h\r\n\r\n");
    RESPONSE("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
    const struct file *file = files_first(&one.flow);
    assert_non_null(file);
    assert_true(slice_eq(file->name, SLICE_LIT("/dir/fw.bin")));
    assert_int_equal(file->state, FILE_CLOSED);
    assert_string_equal(file->sha256,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void framing_is_read_as_leniently_as_receivers_read_it(void **state)
{
    (void)state;
    REQUEST("GET /f HTTP/1.1\r\nHost: h\r\n\r\n");
    RESPONSE("junk\r\nhttp/1.0 200 OK\rTransfer\0-Encoding\v\r\n : x-Chun\0ked,\r\n\r\n");
    RESPONSE("\r\n\f3x\r\nabc\r\n2,\r\nde\r\n0\r\n\r\n");
    one_is(&one, "http.response_body", "abcde");
    assert_true(app_tx_over(one_tx(&one, 0)));
}

static void a_body_that_only_claims_to_be_chunked_is_taken_as_it_is(void **state)
{
    (void)state;
    REQUEST("GET /f HTTP/1.1\r\nHost: h\r\n\r\n");
    RESPONSE("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nX5O!");
    one_ends(&one);
    one_is(&one, "http.response_body", "X5O!");
}

static void layers_of_coding_that_are_not_there_are_passed_over(void **state)
{
    (void)state;
    REQUEST("GET /f HTTP/1.1\r\nHost: h\r\n\r\n");
    RESPONSE("HTTP/1.1 200 OK\r\nContent-Encoding: deflate, br\r\nContent-Encoding: x-gzip\r\n"
             "Content-Length: 7\r\n\r\n\x4b\x4c\x4a\x06\x00");
    RESPONSE("xy");
    one_is(&one, "http.response_body", "abc");
}

static void a_status_without_body_may_have_one_before_the_connection_closes(void **state)
{
    (void)state;
    REQUEST("GET /f HTTP/1.1\r\nHost: h\r\n\r\n");
    RESPONSE("HTTP/1.1 304 No\r\nConnection: close\r\nContent-Length: 3\n\r\r\nabc");
    one_is(&one, "http.response_body", "abc");
}

static void other_protocols_with_the_same_shape_are_not_http(void **state)
{
    (void)state;
    REQUEST("OPTIONS rtsp://h/s RTSP/1.0\r\nCSeq: 1\r\n\r\n");
    RESPONSE("RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n");
    assert_null(one.flow.app_name);
    assert_true(one.flow.app_failed);
}

static void a_body_that_no_header_announced_is_noted(void **state)
{
    (void)state;
    REQUEST("POST /f HTTP/1.1\r\nHost: h\r\n\r\nstray body\r\n");
    assert_true(one_noted(&one, 0, "request_body_unexpected"));
    assert_null(one_tx(&one, 1));
    REQUEST("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_false(one_noted(&one, 1, "request_body_unexpected"));
}

static void an_extension_of_a_request_chunk_is_noted(void **state)
{
    (void)state;
    REQUEST("POST /f HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    assert_false(one_noted(&one, 0, "request_chunk_extension"));
    REQUEST("1;x=y\r\na\r\n0\r\n\r\n");
    assert_true(one_noted(&one, 0, "request_chunk_extension"));
    one_is(&one, "http.request_body", "abca");
}

#define FORM                                                                                       \
    "POST /f HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n"                                       \
    "Content-Type: multipart/form-data; boundary=XX\r\n\r\n--XX\r\n"
#define PART "Content-Disposition: form-data; name=f; filename=\"a.txt\"\r\n"

static void a_part_of_a_form_without_data_is_noted_when_it_names_a_file(void **state)
{
    (void)state;
    REQUEST(FORM PART "\r\n\r\n--XX\r\nContent-Disposition: form-data; name=g\r\n\r\n--XX\r\n");
    assert_false(one_noted(&one, 0, "multipart_no_filedata"));
    REQUEST(PART "\r\n--X");
    REQUEST("X\r\n");
    assert_true(one_noted(&one, 0, "multipart_no_filedata"));
    assert_false(one_noted(&one, 0, "multipart_invalid_header"));
}

/* The i-th file of the conversation. */
static const struct file *file_at(uint32_t i)
{
    const struct file *f = files_first(&one.flow);

    for (; f && i; i--)
        f = f->next;
    return f;
}

static void each_part_of_a_form_that_names_a_file_is_one(void **state)
{
    (void)state;
    REQUEST(FORM PART "\r\nfirst\r\n--X");
    assert_null(file_at(1));
    assert_int_equal(file_at(0)->state, FILE_OPEN);
    REQUEST("Y\r\n--XX\r\nContent-Disposition: form-data; name=g\r\n\r\nno file\r\n--XX\r\n" PART
            "\r\n\r\r\n--XX--\r\n");
    assert_true(slice_eq(file_at(0)->name, SLICE_LIT("a.txt")));
    assert_int_equal(file_at(0)->size, sizeof "first\r\n--XY" - 1);
    assert_int_equal(file_at(0)->state, FILE_CLOSED);
    assert_int_equal(file_at(1)->size, 1);
    assert_int_equal(file_at(1)->state, FILE_CLOSED);
    assert_null(file_at(2));
}

static void a_part_header_without_a_colon_is_noted(void **state)
{
    (void)state;
    REQUEST(FORM PART "\r\nnone: here\r\nnone here\r\n--XX\r\nContent");
    assert_false(one_noted(&one, 0, "multipart_invalid_header"));
    REQUEST("-Disposition form-data\r\n");
    assert_true(one_noted(&one, 0, "multipart_invalid_header"));
}

static void a_body_that_unpacks_to_far_more_than_came_is_a_bomb(void **state)
{
    /* nine million zero bytes, packed twice with gzip */
    static const uint8_t bomb[] = {
        31,  139, 8,   0,   0,   0,   0,   0,   2,   3,   237, 216, 187, 13,  64,  80,  0,   64,
        209, 247, 124, 18,  81,  48,  2,   163, 168, 68,  169, 32,  102, 176, 128, 150, 68,  37,
        18,  49,  9,   3,   168, 76,  33,  10,  27,  136, 13,  252, 94,  105, 5,   185, 167, 186,
        51,  92,  175, 181, 132, 162, 233, 251, 44,  229, 27,  85,  127, 141, 135, 101, 11,  0,
        0,   0,   0,   0,   240, 115, 213, 90,  235, 106, 6,   8,   255, 94,  194, 56,  5,   0,
        0,   0,   0,   0,   127, 151, 187, 78,  164, 94,  128, 113, 150, 91,  23,  152, 220, 17,
        124, 12,  90,  54,  21,  94,  144, 52,  226, 1,   53,  56,  118, 113, 77,  34,  0,   0};

    (void)state;
    REQUEST("GET /f HTTP/1.1\r\nHost: h\r\n\r\n");
    RESPONSE("HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 5000\r\n\r\n");
    one_says(&one, TO_CLIENT, (struct slice){bomb, sizeof bomb});
    assert_true(one_noted(&one, 0, "compression_bomb"));
}

static void warnings_beyond_number_are_told_of_once(void **state)
{
    bool told = false;

    (void)state;
    for (uint32_t i = 0; i < 200; i++) {
        REQUEST("GET / HTTP/1.1\r\nnocolon\r\n: x\r\n\r\n");
        RESPONSE("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        bool now = one_noted(&one, i, "too_many_warnings");
        assert_false(told && now);
        told |= now;
    }
    assert_true(told);
}

static void a_port_that_is_none_makes_the_host_of_a_target_invalid(void **state)
{
    (void)state;
    REQUEST("GET http://h:99999/a HTTP/1.1\r\nHost: h:99999\r\n\r\n");
    assert_true(one_noted(&one, 0, "request_uri_host_invalid"));
    assert_true(one_noted(&one, 0, "request_header_host_invalid"));
    assert_false(one_noted(&one, 0, "invalid_authority_port"));
}

static void a_protocol_that_is_changed_twice_is_noted(void **state)
{
    (void)state;
    REQUEST("GET /a HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\n\r\n"
            "GET /b HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\n\r\n");
    RESPONSE("HTTP/1.1 101 Go\r\nUpgrade: h2c\r\n\r\nHTTP/1.1 101 Go\r\nUpgrade: h2c\r\n\r\n");
    assert_true(one_noted(&one, 0, "failed_protocol_change"));
}

static void what_is_spoken_behind_an_upgrade_is_not_guessed(void **state)
{
    (void)state;
    REQUEST("POST /a HTTP/1.1\r\nHost: h\r\nUpgrade: tcp\r\n\r\n");
    RESPONSE("HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\n/ # ");
    REQUEST("ls\r");
    assert_null(one_tx(&one, 1));
    assert_true(!one.flow.app_name || strcmp(one.flow.app_name, "http2") != 0);
}

static void a_length_beyond_all_bytes_is_none(void **state)
{
    (void)state;
    REQUEST("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551615\r\n\r\n");
    assert_true(one_noted(&one, 0, "invalid_content_length_field_in_request"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(the_uri_is_decoded_and_its_path_cleaned),
        CASE(invalid_coding_stays_and_units_count_in_the_path_only),
        CASE(an_absolute_target_gives_host_port_and_path),
        CASE(the_host_is_lower_case_and_without_port),
        CASE(headers_are_normalised_folded_and_joined_without_cookies),
        CASE(each_header_is_an_instance),
        CASE(a_response_has_its_own_buffers),
        CASE(what_is_spoken_behind_an_upgrade_is_not_guessed),
        CASE(a_length_beyond_all_bytes_is_none),
        CASE(a_chunked_body_is_put_together_and_its_length_is_that_of_the_wire),
        CASE(options_choose_what_its_own_event_carries),
        CASE(a_response_without_a_length_ends_with_the_connection),
        CASE(an_interim_response_is_not_the_answer),
        CASE(the_answer_to_head_has_no_body),
        CASE(what_follows_connect_is_probed_anew),
        CASE(a_body_is_a_file_named_by_header_or_path),
        CASE(framing_is_read_as_leniently_as_receivers_read_it),
        CASE(a_body_that_only_claims_to_be_chunked_is_taken_as_it_is),
        CASE(layers_of_coding_that_are_not_there_are_passed_over),
        CASE(a_status_without_body_may_have_one_before_the_connection_closes),
        CASE(other_protocols_with_the_same_shape_are_not_http),
        CASE(a_body_that_no_header_announced_is_noted),
        CASE(an_extension_of_a_request_chunk_is_noted),
        CASE(a_part_of_a_form_without_data_is_noted_when_it_names_a_file),
        CASE(each_part_of_a_form_that_names_a_file_is_one),
        CASE(a_part_header_without_a_colon_is_noted),
        CASE(a_body_that_unpacks_to_far_more_than_came_is_a_bomb),
        CASE(warnings_beyond_number_are_told_of_once),
        CASE(a_protocol_that_is_changed_twice_is_noted),
        CASE(a_port_that_is_none_makes_the_host_of_a_target_invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the first bytes of the two directions of a flow tell of its protocol. */
#include "proto_one.h"

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_TCP4, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

static bool noted(enum app_event event)
{
    return one.flow.app_events >> event & 1;
}

#define CLIENT(text) one_says(&one, TO_SERVER, SLICE_LIT(text))
#define SERVER(text) one_says(&one, TO_CLIENT, SLICE_LIT(text))

static void a_greeting_of_mail_tells_nothing_by_itself(void **state)
{
    (void)state;
    SERVER("220 a.example ESMTP ready\r\n");
    assert_false(noted(APP_EVENT_ONE_DIRECTION));
    CLIENT("EHLO b.example\r\n");
    assert_true(noted(APP_EVENT_ONE_DIRECTION));
    assert_false(noted(APP_EVENT_MISMATCH));
}

static void a_greeting_in_brackets_tells_ftp(void **state)
{
    (void)state;
    SERVER("220 (vsFTPd 3.0.3)\r\n");
    CLIENT("USER a\r\n");
    assert_false(noted(APP_EVENT_ONE_DIRECTION));
}

static void neither_side_telling_is_no_event(void **state)
{
    (void)state;
    SERVER("220 a GridFTP Server ready\r\n");
    CLIENT("AUTH GSSAPI\r\n");
    assert_false(noted(APP_EVENT_ONE_DIRECTION));
}

static void both_sides_of_http_tell_it(void **state)
{
    (void)state;
    CLIENT("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    SERVER("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_false(noted(APP_EVENT_ONE_DIRECTION));
}

static void a_method_of_other_protocols_does_not_tell_http(void **state)
{
    (void)state;
    CLIENT("SUBSCRIBE /evt HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_false(noted(APP_EVENT_ONE_DIRECTION));
    SERVER("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_true(noted(APP_EVENT_ONE_DIRECTION));
}

static void an_answer_too_short_to_tell_is_waited_for(void **state)
{
    (void)state;
    CLIENT("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    SERVER("\n\n\n");
    assert_false(noted(APP_EVENT_ONE_DIRECTION));
    SERVER("nothing of the kind");
    assert_true(noted(APP_EVENT_ONE_DIRECTION));
}

static void another_protocol_in_the_answer_is_a_mismatch(void **state)
{
    (void)state;
    CLIENT("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    SERVER("SSH-2.0-OpenSSH_9.2\r\n");
    assert_true(noted(APP_EVENT_MISMATCH));
    assert_false(noted(APP_EVENT_ONE_DIRECTION));
}

static void plain_words_behind_starttls_are_noted(void **state)
{
    (void)state;
    SERVER("220 a.example ESMTP\r\n");
    CLIENT("EHLO b\r\n");
    SERVER("250 STARTTLS\r\n");
    CLIENT("STARTTLS\r\n");
    SERVER("220 go\r\n");
    assert_false(noted(APP_EVENT_NO_TLS));
    CLIENT("EHLO b\r\n");
    assert_true(noted(APP_EVENT_NO_TLS));
    assert_true(noted(APP_EVENT_UNEXPECTED));
}

static void tls_behind_starttls_is_what_was_expected(void **state)
{
    (void)state;
    SERVER("220 a.example ESMTP\r\n");
    CLIENT("EHLO b\r\n");
    SERVER("250 STARTTLS\r\n");
    CLIENT("STARTTLS\r\n");
    SERVER("220 go\r\n");
    one_says(&one, TO_SERVER, SLICE_LIT("\x16\x03\x01\x00\x04\x01\x00\x00\x00"));
    assert_string_equal(one.flow.app_name, "tls");
    assert_false(noted(APP_EVENT_NO_TLS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_greeting_of_mail_tells_nothing_by_itself, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_greeting_in_brackets_tells_ftp, setup, teardown),
        cmocka_unit_test_setup_teardown(neither_side_telling_is_no_event, setup, teardown),
        cmocka_unit_test_setup_teardown(both_sides_of_http_tell_it, setup, teardown),
        cmocka_unit_test_setup_teardown(a_method_of_other_protocols_does_not_tell_http, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_answer_too_short_to_tell_is_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(another_protocol_in_the_answer_is_a_mismatch, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(plain_words_behind_starttls_are_noted, setup, teardown),
        cmocka_unit_test_setup_teardown(tls_behind_starttls_is_what_was_expected, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

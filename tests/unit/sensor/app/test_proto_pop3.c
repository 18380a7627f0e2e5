/* SPDX-License-Identifier: Apache-2.0 */
/* The session of RFC 1939, section 10. */
#include "proto_one.h"

#define CLIENT(text) one_says(&one, TO_SERVER, SLICE_LIT(text))
#define SERVER(text) one_says(&one, TO_CLIENT, SLICE_LIT(text))

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_TCP4, 110);
    SERVER("+OK ready\r\n");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

static void a_command_has_its_response(void **state)
{
    (void)state;
    CLIENT("apop mrose c4c9334bac56\r\n");
    SERVER("+OK mrose's maildrop\r\n");
    assert_string_equal(one_event(&one, 0, 0),
                        "{\"request\":{\"command\":\"APOP\",\"args\":[\"mrose\",\"c4c9334bac56\"]},"
                        "\"response\":{\"success\":true,\"status\":\"OK\","
                        "\"header\":\"mrose's maildrop\"}}");
}

static void lines_of_a_message_are_not_kept(void **state)
{
    (void)state;
    CLIENT("RETR 1\r\nLIST\r\n");
    SERVER("+OK 120 octets\r\nSubject: x\r\n\r\nbody\r\n.\r\n+OK 1\r\n1 120\r\n.\r\n");
    assert_null(strstr(one_event(&one, 0, 0), "data"));
    assert_non_null(strstr(one_event(&one, 1, 0), "\"data\":[\"1 120\"]"));
}

static void answers_of_a_login_are_not_commands(void **state)
{
    (void)state;
    CLIENT("AUTH XOAUTH2\r\n");
    SERVER("+ \r\n");
    CLIENT("c2VjcmV0\r\n");
    SERVER("-ERR no\r\n");
    one_is(&one, "pop3.command", "AUTH");
    assert_string_equal(one_event(&one, 1, 0),
                        "{\"request\":{\"command\":\"<SASL DATA>\"},"
                        "\"response\":{\"success\":false,\"status\":\"ERR\",\"header\":\"no\"}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_command_has_its_response, setup, teardown),
        cmocka_unit_test_setup_teardown(lines_of_a_message_are_not_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(answers_of_a_login_are_not_commands, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

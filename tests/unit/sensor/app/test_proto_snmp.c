/* SPDX-License-Identifier: Apache-2.0 */
/* Messages in the manner of RFC 3416 and RFC 3414. */
#include "proto_one.h"

#define CLIENT(text) one_says(&one, TO_SERVER, SLICE_LIT(text))
#define SERVER(text) one_says(&one, TO_CLIENT, SLICE_LIT(text))

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_UDP4, 161);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

static void a_request_gives_community_type_and_variables(void **state)
{
    (void)state;
    CLIENT("\x30\x26\x02\x01\x01\x04\x06\x70\x75\x62\x6c\x69\x63\xa0\x19\x02\x01\x01\x02\x01\x00"
           "\x02\x01\x00\x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x05\x00\x05\x00");
    one_is_number(&one, "snmp.version", 2);
    one_is_number(&one, "snmp.pdu_type", 0);
    one_is(&one, "snmp.community", "public");
    one_is(&one, "snmp.var", "1.3.6.1.2.1.1.5.0");
    assert_non_null(strstr(one_event(&one, 0, 0), "\"pdu_type\":\"get_request\""));
}

static void an_encrypted_message_gives_its_user(void **state)
{
    (void)state;
    CLIENT("\x30\x36\x02\x01\x03\x30\x0c\x02\x01\x01\x02\x01\x63\x04\x01\x07\x02\x01\x03\x04\x1b"
           "\x30\x19\x04\x06\x65\x6e\x67\x69\x6e\x65\x02\x01\x01\x02\x01\x02\x04\x05\x61\x64\x6d"
           "\x69\x6e\x04\x00\x04\x00\x04\x06\x73\x65\x61\x6c\x65\x64");
    one_is_number(&one, "snmp.version", 3);
    one_is(&one, "snmp.usm", "admin");
    assert_non_null(strstr(one_event(&one, 0, 0), "\"pdu_type\":\"encrypted\""));
}

static void a_message_cut_short_is_noted(void **state)
{
    (void)state;
    CLIENT("\x30\x10\x02\x01\x01\x04\x06\x70\x75\x62\x6c\x69\x63\xa0\x03\x02\x01\x01");
    assert_int_equal(one_tx(&one, 0)->notes, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_gives_community_type_and_variables, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_encrypted_message_gives_its_user, setup, teardown),
        cmocka_unit_test_setup_teardown(a_message_cut_short_is_noted, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

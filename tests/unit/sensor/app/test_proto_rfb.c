/* SPDX-License-Identifier: Apache-2.0 */
/* Handshakes of RFC 6143, section 7. */
#include "proto_one.h"

#define CLIENT(text) one_says(&one, TO_SERVER, SLICE_LIT(text))
#define SERVER(text) one_says(&one, TO_CLIENT, SLICE_LIT(text))

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_TCP4, 5900);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

static void a_login_gives_type_result_and_name(void **state)
{
    (void)state;
    SERVER("RFB 003.008\n");
    CLIENT("RFB 003.008\n");
    SERVER("\2\1\2");
    CLIENT("\2");
    SERVER("0123456789abcdef");
    CLIENT("fedcba9876543210");
    SERVER("\0\0\0\0");
    CLIENT("\1");
    SERVER("\2\x80\1\xe0\x20\x18\0\1\0\xff\0\xff\0\xff\x10\x08\0\0\0\0\0\0\0\4"
           "desk");
    one_is_number(&one, "rfb.sectype", 2);
    one_is_number(&one, "rfb.secresult", 0);
    one_is(&one, "rfb.name", "desk");
    assert_non_null(strstr(one_event(&one, 0, 0), "\"width\":640"));
    assert_true(app_tx_over(one_tx(&one, 0)));
}

static void a_refusal_gives_its_reason(void **state)
{
    (void)state;
    SERVER("RFB 003.003\n");
    CLIENT("RFB 003.008\n");
    SERVER("\0\0\0\0\0\0\0\2no");
    assert_non_null(strstr(one_event(&one, 0, 0), "\"server_security_failure_reason\":\"no\""));
}

static void a_type_nobody_reads_is_noted(void **state)
{
    (void)state;
    SERVER("RFB 003.008\n");
    CLIENT("RFB 003.008\n");
    SERVER("\1\x1e");
    CLIENT("\x1e");
    assert_int_equal(one_tx(&one, 0)->notes, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_login_gives_type_result_and_name, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refusal_gives_its_reason, setup, teardown),
        cmocka_unit_test_setup_teardown(a_type_nobody_reads_is_noted, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

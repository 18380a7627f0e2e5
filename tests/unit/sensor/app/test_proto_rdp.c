/* SPDX-License-Identifier: Apache-2.0 */
/* The connection sequence of MS-RDPBCGR, 1.3.1.1. */
#include "proto_one.h"

#define CLIENT(text) one_says(&one, TO_SERVER, SLICE_LIT(text))
#define SERVER(text) one_says(&one, TO_CLIENT, SLICE_LIT(text))

/* Sixteen zeros, and the head of an X.224 request or confirm of `n` bytes. */
#define Z16     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define TPKT(n) "\3\0\0" n

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_TCP4, 3389);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

static void a_request_names_the_user_and_the_answer_the_protocol(void **state)
{
    (void)state;
    CLIENT(TPKT("\x29") "\x24\xe0\0\0\0\0\0Cookie: mstshash=bob\r\n\1\1\x08\0\3\0\0\0");
    SERVER(TPKT("\x13") "\x0e\xd0\0\0\x12\x34\0\2\1\x08\0\2\0\0\0");
    one_is(&one, "rdp.cookie", "bob");
    assert_non_null(strstr(one_event(&one, 0, 0), "\"tx_id\":1"));
    assert_non_null(strstr(one_event(&one, 0, 0), "restricted_admin_mode_required"));
    assert_non_null(strstr(one_event(&one, 1, 0), "\"protocol\":\"hybrid\""));
}

static void a_refusal_gives_its_reason(void **state)
{
    (void)state;
    CLIENT(TPKT("\x13") "\x0e\xe0\0\0\0\0\0\1\0\x08\0\3\0\0\0");
    SERVER(TPKT("\x13") "\x0e\xd0\0\0\x12\x34\0\3\0\x08\0\2\0\0\0");
    assert_non_null(strstr(one_event(&one, 1, 0), "\"reason\":\"ssl not allowed by server\""));
}

/* Connect-Initial with 128 bytes of core data: nothing optional. */
static void a_client_says_its_name_layout_and_build(void **state)
{
    (void)state;
    CLIENT(TPKT("\x0b") "\6\xe0\0\0\0\0\0");
    SERVER(TPKT("\x0b") "\6\xd0\0\0\x12\x34\0");
    CLIENT(
        "\3\0\0\xbc\2\xf0\x80\x7f\x65\x81\xb1\4\1\1\4\1\1\1\1\xff\x30\0\x30\0\x30\0\4\x81\x9f"
        "\0\5\0\x14\x7c\0\1\x80\x96\0\x08\0\x10\0\1\xc0\0Duca\x80\x88"
        "\1\xc0\x88\0\4\0\x08\0\0\4\0\3\1\xca\3\xaa\x2a\4\0\0\x80\x25\0\0" /* to the build */
        "P\0C\0"
        "1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0\x0c\0\0\0" Z16 Z16
            Z16 Z16 "\1\xca\1\0");
    const char *event = one_event(&one, 2, 0);
    assert_non_null(strstr(event, "\"keyboard_layout\":\"vi-VN\",\"build\":\"Windows 8.1\""));
    assert_non_null(strstr(event, "\"client_name\":\"PC1\""));
    assert_non_null(strstr(event, "\"color_depth\":8"));
}

static void other_connections_over_the_same_framing_are_left_alone(void **state)
{
    (void)state;
    CLIENT(TPKT("\x16") "\x11\xe0\0\0\0\1\0\xc0\1\x0a\xc1\2\1\0\xc2\2\1\2"); /* S7 */
    assert_null(one_tx(&one, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_names_the_user_and_the_answer_the_protocol, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_refusal_gives_its_reason, setup, teardown),
        cmocka_unit_test_setup_teardown(a_client_says_its_name_layout_and_build, setup, teardown),
        cmocka_unit_test_setup_teardown(other_connections_over_the_same_framing_are_left_alone,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

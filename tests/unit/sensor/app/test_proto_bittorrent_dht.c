/* SPDX-License-Identifier: Apache-2.0 */
/* Messages in the manner of BEP 5's examples. */
#include "proto_one.h"

#define ID           "abcdefghij0123456789"
#define OTHER        "mnopqrstuvwxyz123456"
#define CLIENT(text) one_says(&one, TO_SERVER, SLICE_LIT(text))
#define SERVER(text) one_says(&one, TO_CLIENT, SLICE_LIT(text))

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_UDP4, 6881);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

static void a_search_and_its_answer_are_read(void **state)
{
    (void)state;
    CLIENT("d1:ad2:id20:" ID "9:info_hash20:" OTHER "e1:q9:get_peers1:t2:aa1:v4:UT121:y1:qe");
    SERVER("d1:rd2:id20:" ID "5:token2:ok6:valuesl6:\1\2\3\4\x1a\xe1"
           "ee1:t2:aa1:y1:re");
    one_is(&one, "bittorrent_dht.request_type", "get_peers");
    one_is(&one, "bittorrent_dht.info_hash", OTHER);
    assert_non_null(strstr(one_event(&one, 0, 0), "\"client_version\":\"55543132\""));
    assert_non_null(strstr(one_event(&one, 1, 0), "\"ip\":\"1.2.3.4\",\"port\":6881"));
}

static void an_error_has_number_and_message(void **state)
{
    (void)state;
    CLIENT("d1:ad2:id20:" ID "e1:q4:ping1:t2:aa1:y1:qe");
    SERVER("d1:eli201e5:oh noe1:t2:aa1:y1:ee");
    assert_non_null(strstr(one_event(&one, 1, 0), "\"num\":201,\"msg\":\"oh no\""));
}

static void a_message_cut_short_or_nested_deep_is_noted(void **state)
{
    (void)state;
    CLIENT("d1:ad2:id20:" ID "e1:q4:ping1:t2:a");
    CLIENT("d1:ad2:id20:" ID "1:zllllllllllllllllllleeeeeeeeeeeeeeeeeeee1:q4:ping1:t2:aa1:y1:qe");
    assert_int_equal(one_tx(&one, 0)->notes, 1);
    assert_int_equal(one_tx(&one, 1)->notes, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_search_and_its_answer_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(an_error_has_number_and_message, setup, teardown),
        cmocka_unit_test_setup_teardown(a_message_cut_short_or_nested_deep_is_noted, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

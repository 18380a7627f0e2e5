/* SPDX-License-Identifier: Apache-2.0 */
/* Messages in the manner of PostgreSQL's documentation, "Message Flow". */
#include "proto_one.h"

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_TCP4, 5432);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

#define START "\0\0\0\x20\0\3\0\0user\0city\0database\0gis\0\0"

static void signing_in_tells_user_and_answer_but_no_password(void **state)
{
    (void)state;
    one_says(&one, TO_SERVER, SLICE_LIT(START));
    one_says(&one, TO_CLIENT, SLICE_LIT("R\0\0\0\x0c\0\0\0\5salt"));
    one_says(&one, TO_SERVER, SLICE_LIT("p\0\0\0\x0bsecret\0"));
    one_says(&one, TO_CLIENT, SLICE_LIT("R\0\0\0\x08\0\0\0\0Z\0\0\0\5I"));
    one_is(&one, "pgsql.user", "city");
    assert_non_null(strstr(one_event(&one, 0, 0), "{\"database\":\"gis\"}"));
    const char *event = one_event(&one, 1, 0);
    assert_null(strstr(event, "secret"));
    assert_non_null(strstr(event, "\"message\":\"authentication_ok\""));
}

static void a_query_counts_what_it_gives(void **state)
{
    (void)state;
    one_says(&one, TO_SERVER, SLICE_LIT(START));
    one_says(&one, TO_CLIENT, SLICE_LIT("R\0\0\0\x08\0\0\0\0Z\0\0\0\5I"));
    one_says(&one, TO_SERVER, SLICE_LIT("Q\0\0\0\x0dselect 1\0"));
    one_says(&one, TO_CLIENT,
             SLICE_LIT("T\0\0\0\6\0\1D\0\0\0\x0d\0\1\0\0\0\3abcC\0\0\0\x0dSELECT 1\0Z\0\0\0\5I"));
    const char *event = one_event(&one, 1, 0);
    assert_non_null(strstr(event, "\"simple_query\":\"select 1\""));
    assert_non_null(strstr(event, "\"field_count\":1,\"data_rows\":1,\"data_size\":3"));
    assert_non_null(strstr(event, "\"command_completed\":\"SELECT 1\""));
    assert_true(app_tx_over(one_tx(&one, 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(signing_in_tells_user_and_answer_but_no_password, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_query_counts_what_it_gives, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

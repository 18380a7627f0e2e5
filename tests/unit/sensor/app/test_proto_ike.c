/* SPDX-License-Identifier: Apache-2.0 */
/* Messages in the manner of RFC 2408, 3, and RFC 7296, 1.2. */
#include "proto_one.h"

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_UDP4, 500);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

#define SPIS        "\x11\x22\x33\x44\x55\x66\x77\x88\x00\x00\x00\x00\x00\x00\x00\x00"
#define ANSWER_SPIS "\x11\x22\x33\x44\x55\x66\x77\x88\x00\x00\x00\x00\x00\x00\x00\x05"
/* An association of one proposal with AES (7) and group 2, then a vendor. */
#define MAIN_1                                                                                     \
    "\x0d\x00\x00\x2c\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x20\x01\x01\x00\x01"             \
    "\x00\x00\x00\x18\x01\x01\x00\x00\x80\x01\x00\x07\x80\x04\x00\x02\x00\x0c\x00\x04"             \
    "\x00\x01\x51\x80\x00\x00\x00\x08\xab\xcd\xef\x01"

static void main_mode_shows_what_is_offered_and_chosen(void **state)
{
    (void)state;
    one_says(&one, TO_SERVER,
             SLICE_LIT(SPIS "\x01\x10\x02\x00\x00\x00\x00\x00\x00\x00\x00\x50" MAIN_1));
    one_says(&one, TO_CLIENT,
             SLICE_LIT(ANSWER_SPIS "\x01\x10\x02\x00\x00\x00\x00\x00\x00\x00\x00\x50" MAIN_1));
    one_is(&one, "ike.init_spi", "1122334455667788");
    one_is(&one, "ike.vendor", "abcdef01");
    one_is_number(&one, "ike.exchtype", 2);
    const char *event = one_event(&one, 0, 0);
    assert_non_null(strstr(event, "\"client\":{\"proposals\":[{\"alg_enc\":\"EncAesCbc\""));
    assert_null(strstr(event, "\"exchange_type\":2,\"alg_enc\""));
    event = one_event(&one, 1, 0);
    assert_non_null(
        strstr(event, "\"exchange_type\":2,\"alg_enc\":\"EncAesCbc\",\"alg_enc_raw\":7"));
    assert_non_null(strstr(event, "\"sa_life_duration_raw\":86400"));
}

static void a_weak_group_is_noted_in_version_2(void **state)
{
    (void)state;
    one_says(&one, TO_SERVER,
             SLICE_LIT(SPIS "\x21\x20\x22\x08\x00\x00\x00\x00\x00\x00\x00\x40"
                            "\x00\x00\x00\x24\x00\x00\x00\x20\x01\x01\x00\x03"
                            "\x03\x00\x00\x08\x01\x00\x00\x14\x03\x00\x00\x08\x02\x00\x00\x05"
                            "\x00\x00\x00\x08\x04\x00\x00\x02"));
    assert_int_equal(one_tx(&one, 0)->notes, 1);
    assert_string_equal(one_tx(&one, 0)->proto->notes[one_tx(&one, 0)->note[0]], "weak_crypto_dh");
    assert_non_null(
        strstr(one_event(&one, 0, 0), "\"payload\":[\"SecurityAssociation\",\"NoNextPayload\"]"));
}

static void behind_the_marker_of_port_4500_all_else_is_passed_over(void **state)
{
    (void)state;
    one.flow.server_port = 4500;
    one_says(&one, TO_SERVER,
             SLICE_LIT("\0\0\0\0" ANSWER_SPIS "\x2e\x20\x23\x08\x00\x00\x00\x01\x00\x00\x00\x24"
                       "\x23\x00\x00\x08seal"));
    one_says(&one, TO_SERVER, SLICE_LIT("\x01\x02\x03\x04 this is ESP and stands for itself"));
    assert_non_null(one_tx(&one, 0));
    assert_null(one_tx(&one, 1));
    one_is_number(&one, "ike.exchtype", 35);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(main_mode_shows_what_is_offered_and_chosen, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_weak_group_is_noted_in_version_2, setup, teardown),
        cmocka_unit_test_setup_teardown(behind_the_marker_of_port_4500_all_else_is_passed_over,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

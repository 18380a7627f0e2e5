/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of TLS that rules can name; the expectations were tried with Suricata 7.0.10. */
#include "proto_one.h"

#include "sensor/app/tls_tx.h"

#define CLIENT(text) one_says(&one, TO_SERVER, SLICE_LIT(text))
#define SERVER(text) one_says(&one, TO_CLIENT, SLICE_LIT(text))

/* Hellos without extensions. */
#define RANDOM    "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"
#define RANDOM_15 "rrrrrrrrrrrrrrr"
#define RANDOM_16 "rrrrrrrrrrrrrrrr"
#define CLIENT_HELLO                                                                               \
    "\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03" RANDOM "\x00\x00\x02\x00\x2f\x01\x00"
#define SERVER_HELLO "\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03" RANDOM "\x00\x00\x2f\x00"
/* A certificate of 51 bytes, whose last four are `end`. */
#define CERTIFICATE(end)                                                                           \
    "\x16\x03\x03\x00\x3d\x0b\x00\x00\x39\x00\x00\x36\x00\x00\x33\x30\x31\x30\x2f\x02\x01\x01"     \
    "\x30\x00\x30\x00\x30\x1e\x17\x0d"                                                             \
    "250101000000Z\x17\x0d"                                                                        \
    "260101000000Z\x30\x00\x30\x00" end
/* A hello of SSL 2 with one cipher. */
#define OLD_HELLO                                                                                  \
    "\x80\x0d\x01\x00\x02\x00\x03\x00\x00\x00\x01\x00\x00\x01"                                     \
    "c"

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_TCP4, 443);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

static void what_stands_in_the_place_of_extensions_is_noted(void **state)
{
    (void)state;
    CLIENT(CLIENT_HELLO);
    SERVER(SERVER_HELLO CERTIFICATE("\xa4\x02\x30\x00"));
    assert_true(one_noted(&one, 0, "certificate_invalid_extensions"));
    assert_false(one_noted(&one, 0, "invalid_certificate"));
}

static void extensions_that_are_no_list_are_noted(void **state)
{
    (void)state;
    CLIENT(CLIENT_HELLO);
    SERVER(SERVER_HELLO CERTIFICATE("\xa3\x02\x30\x01"));
    assert_true(one_noted(&one, 0, "certificate_invalid_extensions"));
}

static void its_event_is_due_when_the_server_has_said_all(void **state)
{
    (void)state;
    CLIENT(CLIENT_HELLO);
    SERVER(SERVER_HELLO);
    assert_false(one_tx(&one, 0)->told);
    SERVER("\x16\x03\x03\x00\x04\x0e\x00\x00\x00");
    assert_true(one_tx(&one, 0)->told);
    assert_false(app_tx_over(one_tx(&one, 0)));
}

static void its_event_waits_for_the_client_when_the_server_asks_for_a_certificate(void **state)
{
    (void)state;
    CLIENT(CLIENT_HELLO);
    SERVER(SERVER_HELLO "\x16\x03\x03\x00\x04\x0d\x00\x00\x00"
                        "\x16\x03\x03\x00\x04\x0e\x00\x00\x00");
    assert_false(one_tx(&one, 0)->told);
    CLIENT("\x17\x03\x03\x00\x01x");
    assert_true(one_tx(&one, 0)->told);
}

static void a_heartbeat_without_room_for_its_padding_is_noted(void **state)
{
    (void)state;
    CLIENT(CLIENT_HELLO);
    CLIENT("\x18\x03\x03\x00\x14\x01\x00\x01p" RANDOM_16);
    assert_false(one_noted(&one, 0, "invalid_heartbeat_message"));
    CLIENT("\x18\x03\x03\x00\x14\x01\x00\x02pp" RANDOM_15);
    assert_true(one_noted(&one, 0, "invalid_heartbeat_message"));
    assert_false(one_noted(&one, 0, "overflow_heartbeat_message"));
}

static void an_answer_of_ssl_2_is_no_faulty_record(void **state)
{
    (void)state;
    CLIENT(OLD_HELLO);
    SERVER("\x80\x07\x04\x00\x01\x00\x02\x00\x00");
    CLIENT("\x00\x28\x07" RANDOM_16);
    assert_int_equal(one_tx(&one, 0)->notes, 0);
}

static void an_option_keeps_ja4_out_of_its_own_event(void **state)
{
    static const struct tls_config config = {.no_ja4 = true};

    (void)state;
    CLIENT(CLIENT_HELLO);
    struct tx *tx = one_tx(&one, 0);
    ((struct tls_tx *)tx_data(tx))->config = &config;
    assert_non_null(strstr(one_event(&one, 0, 0), "\"ja4\":"));
    tx->writes_event = true;
    assert_null(strstr(one_event(&one, 0, 0), "\"ja4\":"));
}

static void sound_extensions_are_not_noted(void **state)
{
    (void)state;
    CLIENT(CLIENT_HELLO);
    SERVER(SERVER_HELLO CERTIFICATE("\xa3\x02\x30\x00"));
    assert_non_null(one_tx(&one, 0));
    assert_int_equal(one_tx(&one, 0)->notes, 0);
}

static void a_hello_of_ssl_2_that_is_too_short_is_noted(void **state)
{
    (void)state;
    CLIENT("\x80\x05\x01\x00\x02\x00\x15");
    assert_true(one_noted(&one, 0, "invalid_sslv2_header"));
    assert_true(one_noted(&one, 0, "invalid_ssl_record"));
}

static void more_records_of_ssl_2_than_tls_has_room_for_are_noted(void **state)
{
    (void)state;
    CLIENT(OLD_HELLO);
    assert_int_equal(one_tx(&one, 0)->notes, 0);
    CLIENT("\x80\x01\x63\x80\x01\x63\x80\x01\x63\x80\x01\x63");
    assert_true(one_noted(&one, 0, "too_many_records_in_packet"));
}

static void an_alert_of_tls_is_no_fault(void **state)
{
    (void)state;
    one_says(&one, TO_SERVER, SLICE_LIT("\x16\x03\x01\0\4\1\0\0\0"));
    one_says(&one, TO_CLIENT, SLICE_LIT("\x15\x03\x01\0\2\2\x28"));
    assert_false(one_noted(&one, 0, "error_message_encountered"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(what_stands_in_the_place_of_extensions_is_noted),
        CASE(extensions_that_are_no_list_are_noted),
        CASE(sound_extensions_are_not_noted),
        CASE(an_option_keeps_ja4_out_of_its_own_event),
        CASE(a_heartbeat_without_room_for_its_padding_is_noted),
        CASE(an_answer_of_ssl_2_is_no_faulty_record),
        CASE(an_alert_of_tls_is_no_fault),
        CASE(its_event_is_due_when_the_server_has_said_all),
        CASE(its_event_waits_for_the_client_when_the_server_asks_for_a_certificate),
        CASE(a_hello_of_ssl_2_that_is_too_short_is_noted),
        CASE(more_records_of_ssl_2_than_tls_has_room_for_are_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Messages in the shape of RFC 1035, 4.1, and what the events make of them. */
#include "proto_one.h"

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_UDP4, 53);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

#define QUESTION "\3Www\7example\2vn\0\0\1\0\1"
#define QUERY    "\x12\x34\1\0\0\1\0\0\0\0\0\0" QUESTION

static void a_question_is_an_instance_and_an_event(void **state)
{
    struct slice name;

    (void)state;
    one_says(&one, TO_SERVER, SLICE_LIT(QUERY));
    assert_true(one_bytes(&one, "dns.query", 0, 0, &name));
    assert_true(slice_eq(name, SLICE_LIT("Www.example.vn")));
    assert_false(one_bytes(&one, "dns.query", 0, 1, &name));
    one_is_number(&one, "dns.rrtype", 1);
    assert_int_equal(app_events(one_tx(&one, 0)), 1);
    assert_string_equal(
        one_event(&one, 0, 0),
        "{\"version\":2,\"type\":\"query\",\"id\":4660,\"rrname\":\"Www.example.vn\","
        "\"rrtype\":\"A\",\"tx_id\":0,\"opcode\":0}");
}

static void names_are_followed_through_pointers(void **state)
{
    (void)state;
    one_says(&one, TO_SERVER, SLICE_LIT(QUERY));
    one_says(&one, TO_CLIENT,
             SLICE_LIT("\x12\x34\x81\x80\0\1\0\2\0\0\0\0" QUESTION
                       "\xc0\x0c\0\5\0\1\0\0\1\x2c\0\6\3cdn\xc0\x10"
                       "\3cdn\xc0\x10\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"));
    assert_string_equal(
        one_event(&one, 1, 0),
        "{\"version\":2,\"type\":\"answer\",\"id\":4660,\"flags\":\"8180\",\"qr\":true,\"rd\":true,"
        "\"ra\":true,\"opcode\":0,\"rrname\":\"Www.example.vn\",\"rrtype\":\"A\","
        "\"rcode\":\"NOERROR\",\"answers\":[{\"rrname\":\"Www.example.vn\",\"rrtype\":\"CNAME\","
        "\"ttl\":300,\"rdata\":\"cdn.example.vn\"},{\"rrname\":\"cdn.example.vn\","
        "\"rrtype\":\"A\",\"ttl\":60,\"rdata\":\"192.0.2.1\"}],"
        "\"grouped\":{\"A\":[\"192.0.2.1\"],\"CNAME\":[\"cdn.example.vn\"]}}");
}

static void a_pointer_that_leads_to_itself_ends(void **state)
{
    (void)state;
    one_says(&one, TO_SERVER, SLICE_LIT("\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1"));
    struct tx *tx = one_tx(&one, 0);
    assert_non_null(tx);
    assert_string_equal(tx->proto->notes[tx->note[0]], "infinite_loop");
    assert_int_equal(app_events(tx), 0);
}

static bool noted(const struct tx *tx, const char *name)
{
    for (uint8_t i = 0; i < tx->notes; i++)
        if (strcmp(tx->proto->notes[tx->note[i]], name) == 0)
            return true;
    return false;
}

/* A question of so many labels, each of so many bytes. */
static const struct tx *asked(uint32_t labels, uint8_t len)
{
    static const uint8_t head[] = {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    static const uint8_t type[] = {0, 0, 1, 0, 1};
    static uint8_t message[32768];
    uint32_t n = sizeof head;

    memset(message, 'a', sizeof message);
    memcpy(message, head, sizeof head);
    for (uint32_t i = 0; i < labels; i++, n += 1u + len)
        message[n] = len;
    memcpy(message + n, type, sizeof type);
    one_says(&one, TO_SERVER, (struct slice){message, n + (uint32_t)sizeof type});
    return one_tx(&one, 0);
}

static void a_name_is_too_long_or_has_too_many_labels_or_both(void **state)
{
    (void)state;
    const struct tx *tx = asked(20, 63);
    assert_true(noted(tx, "name_too_long") && !noted(tx, "too_many_labels"));
    assert_int_equal(teardown(state) | setup(state), 0);
    tx = asked(256, 1);
    assert_true(noted(tx, "too_many_labels") && !noted(tx, "name_too_long"));
    assert_int_equal(teardown(state) | setup(state), 0);
    tx = asked(256, 63);
    assert_true(noted(tx, "too_many_labels") && noted(tx, "name_too_long"));
}

static void the_error_of_a_response_is_a_number_for_rules(void **state)
{
    (void)state;
    one_says(&one, TO_CLIENT, SLICE_LIT("\x12\x34\x81\x83\0\1\0\0\0\0\0\0" QUESTION));
    one_is_number(&one, "dns.rcode", 3);
    assert_non_null(strstr(one_event(&one, 0, 0), "\"rcode\":\"NXDOMAIN\""));
}

static void multicast_names_are_not_dns(void **state)
{
    (void)state;
    one.flow.server_port = 5353;
    one_says(&one, TO_SERVER, SLICE_LIT(QUERY));
    assert_null(one.flow.app_name);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_question_is_an_instance_and_an_event),
        CASE(names_are_followed_through_pointers),
        CASE(a_pointer_that_leads_to_itself_ends),
        CASE(a_name_is_too_long_or_has_too_many_labels_or_both),
        CASE(the_error_of_a_response_is_a_number_for_rules),
        CASE(multicast_names_are_not_dns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

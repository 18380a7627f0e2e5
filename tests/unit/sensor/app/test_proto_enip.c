/* SPDX-License-Identifier: Apache-2.0 */
/* Messages made by hand after the CIP Networks Library. */
#include "proto_one.h"

#define CLIENT(text) one_says(&one, TO_SERVER, SLICE_LIT(text))
#define SERVER(text) one_says(&one, TO_CLIENT, SLICE_LIT(text))

static struct one one;

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_TCP4, 44818);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

static void a_request_gives_service_class_and_attribute(void **state)
{
    (void)state;
    CLIENT("\x6f\x00\x1c\x00\x07\x00\x00\x00\x00\x00\x00\x00\x63\x6f\x6e\x74\x65\x78\x74\x21\x00"
           "\x00\x00\x00\x00\x00\x00\x00\x05\x00\x02\x00\x00\x00\x00\x00\xb2\x00\x0c\x00\x10\x04"
           "\x20\x04\x25\x00\x01\x00\x30\x03\x01\x00");
    one_is_number(&one, "enip.command", 0x6f);
    one_is_number(&one, "enip.cip_service", 16);
    one_is_number(&one, "enip.cip_class", 4);
    one_is_number(&one, "enip.cip_attribute", 3);
}

static void a_packet_of_services_gives_each_of_them(void **state)
{
    (void)state;
    struct field_ref ref;
    CLIENT("\x70\x00\x34\x00\x07\x00\x00\x00\x00\x00\x00\x00\x63\x6f\x6e\x74\x65\x78\x74\x21\x00"
           "\x00\x00\x00\x00\x00\x00\x00\x05\x00\x02\x00\x00\x00\x00\x00\xb1\x00\x24\x00\x01\x00"
           "\x0a\x02\x20\x02\x24\x01\x02\x00\x06\x00\x10\x00\x0e\x03\x20\x01\x24\x01\x30\x07\x00"
           "\x00\x03\x02\x20\x8b\x24\x01\x02\x00\x0a\x00\x0b\x00");
    assert_true(field_find(SLICE_LIT("enip.cip_service"), 0, &ref));
    assert_int_equal(field_instances(&ref, one_tx(&one, 0)), 4);
    assert_non_null(
        strstr(one_event(&one, 0, 0), "\"service\":14,\"class\":1,\"instance\":1,\"attribute\":7"));
}

static void a_device_tells_who_it_is(void **state)
{
    (void)state;
    SERVER("\x63\x00\x33\x00\x07\x00\x00\x00\x00\x00\x00\x00\x63\x6f\x6e\x74\x65\x78\x74\x21\x00"
           "\x00\x00\x00\x01\x00\x0c\x00\x2d\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
           "\x00\x00\x00\x00\x00\x00\x01\x00\x0c\x00\x3a\x00\x04\x03\x30\x00\x9e\x4d\x52\x00\x0b"
           "\x31\x37\x35\x36\x2d\x45\x4e\x42\x54\x2f\x41\x03");
    one_is(&one, "enip.product_name", "1756-ENBT/A");
    one_is_number(&one, "enip.product_code", 58);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_gives_service_class_and_attribute, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_packet_of_services_gives_each_of_them, setup, teardown),
        cmocka_unit_test_setup_teardown(a_device_tells_who_it_is, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

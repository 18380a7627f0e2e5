/* SPDX-License-Identifier: Apache-2.0 */
/* The client's first packet of RFC 9001, appendix A.2, from the corpus of seeds; long headers. */
#include "proto_one.h"

#include <stdio.h>

static struct one one;
static uint8_t packet[1500];

static int setup(void **state)
{
    (void)state;
    one_open(&one, IPPROTO_UDP4, 443);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    one_close(&one);
    return 0;
}

enum { SEED_HEAD = 7, PACKET_BYTES = 1200 };

static struct slice first_packet(void)
{
    FILE *f = fopen(TRAMGAC_SOURCE_DIR "/tests/fuzz/corpus/proto/quic.bin", "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, SEED_HEAD, SEEK_SET), 0);
    assert_int_equal(fread(packet, 1, PACKET_BYTES, f), PACKET_BYTES);
    fclose(f);
    return (struct slice){packet, PACKET_BYTES};
}

static void the_hello_is_read_from_the_first_packet(void **state)
{
    (void)state;
    one_says(&one, TO_SERVER, first_packet());
    assert_int_equal(one_tx(&one, 0)->notes, 0);
    one_is(&one, "quic.sni", "example.com");
    one_is(&one, "quic.version", "\0\0\0\1");
    assert_non_null(strstr(one_event(&one, 0, 0), "\"name\":\"server_name\""));
    assert_non_null(strstr(one_event(&one, 0, 0), "\"ja4\":\"q13d"));
}

static void a_changed_byte_does_not_fit_its_seal(void **state)
{
    (void)state;
    struct slice in = first_packet();
    packet[600] ^= 1;
    one_says(&one, TO_SERVER, in);
    assert_int_equal(one_tx(&one, 0)->notes, 1);
    assert_string_equal(one_tx(&one, 0)->proto->notes[one_tx(&one, 0)->note[0]], "failed_decrypt");
}

static void googles_older_hello_gives_name_and_software(void **state)
{
    (void)state;
    one_says(&one, TO_SERVER,
             SLICE_LIT("\xc3Q046\x50"
                       "12345678\0\0\0\1"
                       "abcdefghijkl\xa0\1\0\x24"
                       "CHLO\2\0\0\0SNI\0\4\0\0\0UAID\x0c\0\0\0h.vnChrome/7pad."));
    one_is(&one, "quic.sni", "h.vn");
    one_is(&one, "quic.ua", "Chrome/7");
    one_is(&one, "quic.cyu.string", "46,SNI-UAID");
    one_is(&one, "quic.version", "Q046");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_hello_is_read_from_the_first_packet, setup, teardown),
        cmocka_unit_test_setup_teardown(a_changed_byte_does_not_fit_its_seal, setup, teardown),
        cmocka_unit_test_setup_teardown(googles_older_hello_gives_name_and_software, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

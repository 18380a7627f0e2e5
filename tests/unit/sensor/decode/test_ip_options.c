/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of IPv4 and extension headers of IPv6: what is noted of each.
 */
#include "sensor/decode/ip_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct vector {
    const char *bytes;
    uint32_t len;
    const char *note; /* NULL = none */
};

static void check(const struct packet *p, const struct vector *v)
{
    if (!v->note) {
        assert_int_equal(p->notes, 0);
        return;
    }
    assert_int_equal(p->notes, 1);
    assert_string_equal(decode_note_name(p->note[0]), v->note);
}

static void options_of_ip4_are_judged(void **state)
{
    static const struct vector vectors[] = {
        {"\x01\x01\x01\x01\x01\x01\x01\x00", 8, NULL},
        {"\x94\x04\x00\x00\x00\x00\x00\x00", 8, NULL},
        {"\x94\x04\x00\x00", 4, "ipv4.opt_pad_required"},
        {"\x94\x03\x00\x01\x01\x01\x01\x00", 8, "ipv4.opt_invalid_len"},
        {"\x07\x09\x04\x01\x01\x01\x01\x00", 8, "ipv4.opt_invalid_len"},
        {"\x07\x07\x03\x00\x00\x00\x00\x00", 8, "ipv4.opt_malformed"},
        {"\x94\x04\x00\x00\x94\x04\x00\x00", 8, "ipv4.opt_duplicate"},
        {"\x01\x01\x01\x01\x01\x01\x01\x94", 8, "ipv4.opt_eol_required"},
        {"\x50\x04\x00\x00\x00\x00\x00\x00", 8, "ipv4.opt_invalid"},
    };

    (void)state;
    for (uint32_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct packet p = {0};
        ip_options_check(&p, (struct slice){(const uint8_t *)vectors[i].bytes, vectors[i].len});
        check(&p, &vectors[i]);
    }
}

static void options_of_ip6_headers_are_judged(void **state)
{
    static const struct vector vectors[] = {
        {"\x3a\x00\x05\x02\x00\x00\x00\x00", 8, NULL},
        {"\x3a\x00\x01\x04\x00\x00\x00\x00", 8, "ipv6.hopopts_only_padding"},
        {"\x3a\x00\x1e\x04\x00\x00\x00\x00", 8, "ipv6.hopopts_unknown_opt"},
        {"\x3a\x00\x05\x01\x00\x01\x01\x00", 8, "ipv6.exthdr_invalid_optlen"},

        {"\x3a\x00\x05\x02\x00\x00\x01\x00", 8, "ipv6.zero_len_padn"},
    };

    (void)state;
    for (uint32_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct packet p = {0};
        struct ip_options_seen seen = {0};
        struct slice bytes = {(const uint8_t *)vectors[i].bytes, vectors[i].len};
        ip_options_extension(&p, 0, bytes, &seen);
        check(&p, &vectors[i]);
    }
}

static void a_header_that_comes_again_is_told(void **state)
{
    struct packet p = {0};
    struct ip_options_seen seen = {0};
    struct slice routing = {(const uint8_t *)"\x3a\x00\x02\x00\x00\x00\x00\x00", 8};

    (void)state;
    ip_options_extension(&p, 43, routing, &seen);
    assert_int_equal(p.notes, 0);
    ip_options_extension(&p, 43, routing, &seen);
    assert_string_equal(decode_note_name(p.note[0]), "ipv6.exthdr_dupl_rh");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_of_ip4_are_judged),
        cmocka_unit_test(options_of_ip6_headers_are_judged),
        cmocka_unit_test(a_header_that_comes_again_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "frames.h"
#include "sensor/decode/decode.h"
#include "sensor/run/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { LINK_PPP = 9, ETH = LINK_ETHERNET, GRE = 47, IP6 = 0x86dd };

/* A header with one fault, and the note it must raise. `around`: EtherType, or 0 for none; `proto`:
 * IP protocol of an outer packet of that EtherType, or 0. */
static const struct {
    const char *note;
    uint16_t link, around;
    uint8_t proto;
    uint8_t len;
    uint8_t bytes[40];
} faults[] = {
    {"ppp.pkt_too_small", LINK_PPP, 0, 0, 1, {0}},
    {"ppp.wrong_type", LINK_PPP, 0, 0, 4, {0xff, 3, 0x00, 0x7e}},
    {"ppp.unsup_proto", LINK_PPP, 0, 0, 8, {0xff, 3, 0xc0, 0x21, 1, 1, 0, 4}},
    {"ppp.unsup_proto", LINK_PPP, 0, 0, 8, {0xff, 3, 0x00, 0x2b, 1, 1, 0, 4}},
    {"ppp.vju_pkt_too_small", LINK_PPP, 0, 0, 6, {0xff, 3, 0x00, 0x2f, 0x45, 0}},
    {"ppp.ip4_pkt_too_small", LINK_PPP, 0, 0, 6, {0xff, 3, 0x00, 0x21, 0x45, 0}},
    {"ppp.ip6_pkt_too_small", LINK_PPP, 0, 0, 6, {0xff, 3, 0x00, 0x57, 0x60, 0}},
    {"pppoe.pkt_too_small", ETH, 0x8864, 0, 3, {0x11, 0, 0}},
    {"pppoe.wrong_code", ETH, 0x8864, 0, 8, {0x11, 7, 0, 1, 0, 2, 0, 0x21}},
    {"pppoe.wrong_code", ETH, 0x8863, 0, 6, {0x11, 1, 0, 0, 0, 0}},
    {"pppoe.malformed_tags", ETH, 0x8863, 0, 10, {0x11, 9, 0, 0, 0, 4, 1, 1, 0, 9}},
    {"pppoe.malformed_tags", ETH, 0x8863, 0, 10, {0x11, 9, 0, 0, 0, 9, 1, 1, 0, 0}},
    {"gre.pkt_too_small", ETH, 0x0800, GRE, 3, {0, 0, 8}},
    {"gre.wrong_version", ETH, 0x0800, GRE, 4, {0, 2, 8, 0}},
    {"gre.version0_recur", ETH, 0x0800, GRE, 5, {1, 0, 8, 0, 0x45}},
    {"gre.version0_flags", ETH, 0x0800, GRE, 5, {0, 8, 8, 0, 0x45}},
    {"gre.version0_hdr_too_big", ETH, 0x0800, GRE, 6, {0x20, 0, 8, 0, 0, 0}},
    {"gre.version0_malformed_sre_hdr",
     ETH,
     0x0800,
     GRE,
     12,
     {0x40, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 9}},
    {"gre.version1_chksum", ETH, 0x0800, GRE, 12, {0xa0, 1, 0x88, 0x0b}},
    {"gre.version1_route", ETH, 0x0800, GRE, 16, {0x60, 1, 0x88, 0x0b}},
    {"gre.version1_ssr", ETH, 0x0800, GRE, 8, {0x28, 1, 0x88, 0x0b}},
    {"gre.version1_recur", ETH, 0x0800, GRE, 8, {0x21, 1, 0x88, 0x0b}},
    {"gre.version1_flags", ETH, 0x0800, GRE, 8, {0x20, 9, 0x88, 0x0b}},
    {"gre.version1_no_key", ETH, 0x0800, GRE, 4, {0, 1, 0x88, 0x0b}},
    {"gre.version1_wrong_protocol", ETH, 0x0800, GRE, 8, {0x20, 1, 8, 0}},
    {"gre.version1_hdr_too_big", ETH, 0x0800, GRE, 6, {0x20, 1, 0x88, 0x0b, 0, 0}},
    {"gre.version1_malformed_sre_hdr",
     ETH,
     0x0800,
     GRE,
     16,
     {0x60, 1, 0x88, 0x0b, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 9}},
    {"ipv4.pkt_too_small", 101, 0, 0, 1, {0x30}},
    {"icmpv6.ipv6_trunc_pkt", ETH, IP6, 58, 8, {1, 0}},
    {"vlan.unknown_type", ETH, 0x8100, 0, 6, {0, 1, 0xab, 0xcd, 1, 1}},
    {"vntag.header_too_small", ETH, 0x8926, 0, 3, {0, 0, 0}},
    {"vntag.unknown_type", ETH, 0x8926, 0, 8, {0, 0, 0, 0, 0xab, 0xcd, 1, 1}},
    {"ieee8021ah.header_too_small", ETH, 0x88e7, 0, 12, {0, 0, 0, 1, 1, 1}},
    {"dce.pkt_too_small", ETH, 0x8903, 0, 8, {0, 0, 1, 1}},
    {"mpls.header_too_small", ETH, 0x8847, 0, 3, {0, 1, 1}},
    {"mpls.pkt_too_small", ETH, 0x8847, 0, 6, {0, 1, 1, 9, 0x45, 0}},
    {"mpls.bad_label_router_alert", ETH, 0x8847, 0, 9, {0, 0, 0x11, 9, 0x45}},
    {"mpls.bad_label_implicit_null", ETH, 0x8847, 0, 9, {0, 0, 0x31, 9, 0x45}},
    {"mpls.bad_label_reserved", ETH, 0x8847, 0, 9, {0, 0, 0x71, 9, 0x45}},
    {"mpls.unknown_payload_type", ETH, 0x8847, 0, 9, {0, 1, 1, 9, 0x95}},
    {"erspan.header_too_small", ETH, 0x0800, GRE, 10, {0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 1}},
    {"erspan.unsupported_version",
     ETH,
     0x0800,
     GRE,
     16,
     {0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x50, 1}},
    {"vxlan.unknown_payload_type", ETH, 0x0800, 17, 31, {0x13, 0x88, 0x12, 0xb5, 0,    31,   0, 0,
                                                         8,    0,    0,    0,    0,    0,    1, 0,
                                                         2,    0,    0,    0,    0,    1,    2, 0,
                                                         0,    0,    0,    2,    0x12, 0x34, 1}},
    {"ipv6.ipv4_in_ipv6_too_small", ETH, IP6, 4, 8, {0x45}},
    {"ipv6.ipv4_in_ipv6_wrong_version", ETH, IP6, 4, 40, {0x65}},
    {"ipv6.ipv6_in_ipv6_too_small", ETH, IP6, 41, 20, {0x60}},
    {"ipv6.ipv6_in_ipv6_wrong_version", ETH, IP6, 41, 40, {0x40}},
};

static void put_ip6(struct bytes *b, uint8_t next, struct slice body)
{
    put32(b, 0x60000000);
    put16(b, body.len);
    put8(b, next);
    put8(b, 64);
    for (uint32_t i = 0; i < 8; i++)
        put32(b, 0x20010db8 + i);
    put(b, body.at, body.len);
}

static bool noted(const struct packet *p, const char *name)
{
    for (uint32_t i = 0; i < p->notes; i++) {
        if (strcmp(decode_note_name(p->note[i]), name) == 0)
            return true;
    }
    return false;
}

static struct packet decoded(struct frame frame)
{
    struct conf *conf = settings_new();
    struct stats stats = {0};
    struct arena arena;
    struct packet p;

    arena_init(&arena, 65536, 0);
    struct decode *decode = decode_new(conf, &stats);
    assert_non_null(decode);
    decode_frame(decode, &frame, &arena, &p);
    decode_free(&decode);
    arena_fini(&arena);
    stats_fini(&stats);
    conf_free(&conf);
    return p;
}

static void each_fault_of_a_header_has_its_note(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct slice bytes = {faults[i].bytes, faults[i].len};
        struct bytes b = {.len = 0};

        if (faults[i].around)
            put_ethernet(&b, faults[i].around);
        if (faults[i].proto && faults[i].around == IP6)
            put_ip6(&b, faults[i].proto, bytes);
        else if (faults[i].proto)
            put_ip4(&b, 0x0a000001, 0x0a000002, faults[i].proto, 1, 0, bytes);
        else
            put(&b, bytes.at, bytes.len);
        struct packet p = decoded(frame_of(&b, faults[i].link));
        if (!noted(&p, faults[i].note))
            fail_msg("%u: %s is not noted, but %s", i, faults[i].note,
                     p.notes ? decode_note_name(p.note[0]) : "nothing");
    }
}

static void a_mirrored_tag_beyond_the_third_is_noted(void **state)
{
    static const uint8_t erspan[24] = {0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0x64, 0, 9};
    struct bytes b = {.len = 0};

    (void)state;
    put_ethernet(&b, 0x8100);
    put32(&b, 0x00018100);
    put32(&b, 0x00028100);
    put32(&b, 0x00030800);
    put_ip4(&b, 0x0a000001, 0x0a000002, GRE, 1, 0, (struct slice){erspan, sizeof(erspan)});
    struct packet p = decoded(frame_of(&b, ETH));
    assert_true(noted(&p, "erspan.too_many_vlan_layers"));
}

static void a_frame_longer_than_its_slot_is_noted(void **state)
{
    struct bytes b = {.len = 0};

    (void)state;
    put_ethernet(&b, 0x0806);
    struct frame frame = frame_of(&b, ETH);
    frame.cut_by_ring = true;
    struct packet p = decoded(frame);
    assert_true(noted(&p, "afpacket.trunc_pkt"));
}

static struct packet decoded_ip4(const uint8_t *header, uint32_t len)
{
    struct bytes b = {.len = 0};

    put_ethernet(&b, 0x0800);
    put(&b, header, len);
    return decoded(frame_of(&b, ETH));
}

static void nothing_is_noted_behind_a_cut(void **state)
{
    /* 100 bytes in all are said, an option that cannot be, TCP with half a header */
    static const uint8_t cut[30] = {0x46, 0,  0, 100, 0, 0, 0, 0,    64, 6, 0, 0, 10, 0, 0,
                                    1,    10, 0, 0,   2, 7, 1, 0xff, 0,  1, 2, 3, 4,  5, 6};
    (void)state;
    struct packet p = decoded_ip4(cut, sizeof(cut));
    assert_true(noted(&p, "ipv4.trunc_pkt"));
    assert_int_equal(p.notes, 1);
}

static void a_header_longer_than_its_packet_is_cut(void **state)
{
    uint8_t header[24] = {0x4f, 0, 0, 80, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};

    (void)state;
    struct packet p = decoded_ip4(header, sizeof(header));
    assert_true(noted(&p, "ipv4.trunc_pkt"));
    header[3] = 24;
    p = decoded_ip4(header, sizeof(header));
    assert_true(noted(&p, "ipv4.iplen_smaller_than_hlen"));
}

static void an_offset_of_data_inside_the_header_is_a_length_of_options(void **state)
{
    static const uint8_t tcp[40] = {0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1,    10,
                                    0,    0, 2, 0,  1, 0, 2, 0, 0,  0, 0, 0, 0,  0, 0, 0x40, 2};
    (void)state;
    struct packet p = decoded_ip4(tcp, sizeof(tcp));
    assert_true(noted(&p, "tcp.invalid_optlen"));
}

static void numbers_in_an_unknown_header_are_no_packet_of_ipv6(void **state)
{
    uint8_t routing[120] = {0x45, 0, 0, 120, 0, 0, 0, 0, 1, 89, 0, 0, 10, 0, 0, 1, 224, 0, 0, 5};

    (void)state;
    routing[24] = 0x69; /* version 6, length 0, hop-by-hop options: not a jumbogram */
    struct packet p = decoded_ip4(routing, sizeof(routing));
    assert_int_equal(p.tunnels, 0);
    assert_int_equal(p.notes, 0);
}

static void what_is_only_not_followed_is_no_fault(void **state)
{
    static const uint8_t lcp[] = {0xff, 3, 0xc0, 0x21, 1, 1, 0, 4};
    struct bytes b = {.len = 0};

    (void)state;
    put(&b, lcp, sizeof(lcp));
    struct packet p = decoded(frame_of(&b, LINK_PPP));
    assert_int_equal(p.notes, 1);
    assert_false(decode_faulty(&p));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_of_a_header_has_its_note),
        cmocka_unit_test(a_mirrored_tag_beyond_the_third_is_noted),
        cmocka_unit_test(a_frame_longer_than_its_slot_is_noted),
        cmocka_unit_test(nothing_is_noted_behind_a_cut),
        cmocka_unit_test(a_header_longer_than_its_packet_is_cut),
        cmocka_unit_test(an_offset_of_data_inside_the_header_is_a_length_of_options),
        cmocka_unit_test(numbers_in_an_unknown_header_are_no_packet_of_ipv6),
        cmocka_unit_test(what_is_only_not_followed_is_no_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

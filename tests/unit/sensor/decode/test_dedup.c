/* SPDX-License-Identifier: Apache-2.0 */
#include "frames.h"
#include "sensor/decode/decode.h"
#include "sensor/decode/dedup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { CLIENT = 0x0a000001, SERVER = 0x0a000002, VXLAN_PORT = 4789 };

struct rig {
    struct conf *conf;
    struct stats stats;
    struct arena arena;
    struct decode *decode;
    struct packet p;
};

static int set_up(void **state)
{
    static struct rig rig;

    rig = (struct rig){.conf = conf_new()};
    conf_add(rig.conf, decode_options);
    conf_add(rig.conf, dedup_options);
    arena_init(&rig.arena, 65536, 0);
    rig.decode = decode_new(rig.conf, &rig.stats);
    *state = &rig;
    return rig.decode ? 0 : -1;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;

    decode_free(&rig->decode);
    arena_fini(&rig->arena);
    stats_fini(&rig->stats);
    conf_free(&rig->conf);
    return 0;
}

/* A TCP segment in Ethernet, with a VLAN tag unless it is 0. */
static struct bytes segment(uint16_t id, uint16_t vlan, struct slice data)
{
    struct bytes tcp = {.len = 0};
    struct bytes b = {.len = 0};

    put_tcp(&tcp, 1000, 80, 1, 1, TCP_ACK, data);
    put_ethernet(&b, vlan ? 0x8100 : 0x0800);
    if (vlan) {
        put16(&b, vlan);
        put16(&b, 0x0800);
    }
    put_ip4(&b, CLIENT, SERVER, 6, id, 0, view(&tcp));
    return b;
}

static bool copied(struct rig *rig, const struct bytes *b, uint64_t at_us)
{
    struct frame frame = frame_of(b, LINK_ETHERNET);

    frame.ts_ns = 1000000000 + at_us * 1000;
    decode_frame(rig->decode, &frame, &rig->arena, &rig->p);
    return rig->p.duplicate;
}

static void the_same_frame_at_once_is_a_copy_and_later_it_is_none(void **state)
{
    struct rig *rig = *state;
    struct bytes b = segment(7, 0, SLICE_LIT("twelve bytes"));

    assert_false(copied(rig, &b, 0));
    assert_true(copied(rig, &b, 10));
    assert_true(rig->p.view & VIEW_BIT(VIEW_DUPLICATE));
    assert_true(copied(rig, &b, 20));
    assert_false(copied(rig, &b, 220000));
}

static void a_retransmission_is_not_a_copy(void **state)
{
    struct rig *rig = *state;
    struct bytes first = segment(7, 0, SLICE_LIT("twelve bytes"));
    struct bytes again = segment(8, 0, SLICE_LIT("twelve bytes"));

    assert_false(copied(rig, &first, 0));
    assert_false(copied(rig, &again, 10));
}

static void a_copy_with_a_lower_ttl_was_routed(void **state)
{
    struct rig *rig = *state;
    struct bytes b = segment(7, 0, SLICE_LIT("twelve bytes"));
    struct bytes far = b;

    far.at[14 + 8]--;
    far.at[0] ^= 4;
    assert_false(copied(rig, &b, 0));
    assert_true(copied(rig, &far, 900));
    assert_true(rig->p.view & VIEW_BIT(VIEW_DUPLICATE_ROUTED));
}

static void a_copy_in_another_vlan_has_the_same_macs(void **state)
{
    struct rig *rig = *state;
    struct bytes b = segment(7, 10, SLICE_LIT("twelve bytes"));
    struct bytes copy = segment(7, 20, SLICE_LIT("twelve bytes"));
    struct bytes tenant = segment(7, 30, SLICE_LIT("twelve bytes"));

    tenant.at[0] ^= 4;
    assert_false(copied(rig, &b, 0));
    assert_false(copied(rig, &tenant, 5));
    assert_true(copied(rig, &copy, 10));
    assert_true(rig->p.view & VIEW_BIT(VIEW_DUPLICATE_VLAN));
}

/* What an attacker may try: the same header and checksum, another payload. */
static void other_bytes_under_the_same_header_are_not_a_copy(void **state)
{
    struct rig *rig = *state;
    struct bytes good = segment(7, 0, SLICE_LIT("GET /index.html twice"));
    struct bytes evil = segment(7, 0, SLICE_LIT("GET /etc/passwd again"));

    memcpy(evil.at + 14 + 20 + 16, good.at + 14 + 20 + 16, 2); /* its checksum */
    memcpy(evil.at + 14 + 20 + 20, good.at + 14 + 20 + 20, 8);
    assert_false(copied(rig, &good, 2));
    assert_false(copied(rig, &evil, 3));
    assert_true(copied(rig, &evil, 4));
}

/* Mirrored before and after the network card wrote the checksum. */
static void a_copy_from_before_the_card_has_another_checksum(void **state)
{
    struct rig *rig = *state;

    struct bytes b = segment(7, 0, SLICE_LIT("twelve bytes"));
    struct bytes other = b;

    set16(&other, 14 + 20 + 16, 0x1234);
    assert_false(copied(rig, &b, 1000));
    assert_true(copied(rig, &other, 1010));
}

/* A packet inside of a datagram of no known tunnel, at any place. */
static void ip_in_an_unknown_datagram_is_found(void **state)
{
    struct rig *rig = *state;
    struct bytes tcp = {.len = 0};

    put_tcp(&tcp, 1000, 80, 1, 1, TCP_ACK, SLICE_LIT("twelve bytes"));
    for (uint32_t before = 0; before < 20; before++) {
        struct bytes inside = {.len = 0};
        struct bytes udp = {.len = 0};
        struct bytes b = {.len = 0};
        for (uint32_t i = 0; i < before; i++)
            put8(&inside, 0xa0 + i);
        put_ip4(&inside, CLIENT, SERVER, 6, (uint16_t)(100 + before), 0, view(&tcp));
        put_udp(&udp, 40000, 40001, view(&inside));
        put_ethernet(&b, 0x0800);
        put_ip4(&b, 5, 6, 17, 9, 0, view(&udp));
        assert_false(copied(rig, &b, before * 1000u));
        assert_int_equal(rig->p.tunnels, 1);
        assert_int_equal(rig->p.dport, 80);
        assert_int_equal((rig->p.view & VIEW_BIT(VIEW_UNKNOWN)) != 0, before > 0);
    }
}

static void a_datagram_that_looks_like_a_tunnel_must_prove_it(void **state)
{
    struct rig *rig = *state;
    static const uint8_t shape[] = {8, 0, 0, 0, 0, 0, 42, 0};

    for (uint32_t broken = 0; broken < 2; broken++) {
        struct bytes inner = {.len = 0};
        struct bytes udp = {.len = 0};
        struct bytes b = {.len = 0};
        struct bytes packet = segment(9, 0, SLICE_LIT("inside"));
        packet.at[14 + 10] ^= (uint8_t)broken; /* checksum of the inner IP header */
        put(&inner, shape, sizeof(shape));
        put(&inner, packet.at, packet.len);
        put_udp(&udp, 5000, 33333, view(&inner));
        put_ethernet(&b, 0x0800);
        put_ip4(&b, 0xc0a80001, 0xc0a80002, 17, 1, 0, view(&udp));
        copied(rig, &b, 0);
        assert_int_equal(rig->p.proto, broken ? 17 : 6);
        assert_int_equal(rig->p.tunnels, broken ? 0 : 1);
    }
}

static void a_tunnel_with_nothing_known_inside_is_its_own_packet(void **state)
{
    struct rig *rig = *state;
    struct bytes udp = {.len = 0};
    struct bytes b = {.len = 0};

    put_udp(&udp, 5000, VXLAN_PORT, SLICE_LIT("\x08\0\0\0\0\0\x2a\0abcdefabcdef\x99\x99payload"));
    put_ethernet(&b, 0x0800);
    put_ip4(&b, 0xc0a80001, 0xc0a80002, 17, 1, 0, view(&udp));
    copied(rig, &b, 0);
    assert_int_equal(rig->p.ip_version, 4);
    assert_int_equal(rig->p.dport, VXLAN_PORT);
    assert_int_equal(rig->p.tunnels, 0);
    assert_true(rig->p.view & VIEW_BIT(VIEW_UNKNOWN));
}

#define DEDUP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DEDUP_TEST(the_same_frame_at_once_is_a_copy_and_later_it_is_none),
        DEDUP_TEST(a_retransmission_is_not_a_copy),
        DEDUP_TEST(a_copy_with_a_lower_ttl_was_routed),
        DEDUP_TEST(a_copy_in_another_vlan_has_the_same_macs),
        DEDUP_TEST(other_bytes_under_the_same_header_are_not_a_copy),
        DEDUP_TEST(a_copy_from_before_the_card_has_another_checksum),
        DEDUP_TEST(ip_in_an_unknown_datagram_is_found),
        DEDUP_TEST(a_datagram_that_looks_like_a_tunnel_must_prove_it),
        DEDUP_TEST(a_tunnel_with_nothing_known_inside_is_its_own_packet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "frames.h"
#include "sensor/decode/decode.h"
#include "sensor/run/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { CLIENT = 0x0a000001, SERVER = 0x0a000002 };

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

    rig = (struct rig){.conf = settings_new()};
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

static void decode(struct rig *rig, const struct bytes *b, uint16_t linktype)
{
    struct frame frame = frame_of(b, linktype);
    decode_frame(rig->decode, &frame, &rig->arena, &rig->p);
}

/* UDP 1000 -> 2000 with "hello", in IPv4. */
static struct bytes hello_ip(void)
{
    struct bytes udp = {.len = 0};
    struct bytes ip = {.len = 0};

    put_udp(&udp, 1000, 2000, SLICE_LIT("hello"));
    put_ip4(&ip, CLIENT, SERVER, 17, 1, 0, view(&udp));
    return ip;
}

static void assert_hello(const struct packet *p)
{
    assert_int_equal(p->ip_version, 4);
    assert_int_equal(p->proto, 17);
    assert_int_equal(p->sport, 1000);
    assert_int_equal(p->dport, 2000);
    assert_true(slice_eq(p->payload, SLICE_LIT("hello")));
    assert_int_equal(p->notes, 0);
}

static void udp_in_ethernet_is_decoded_and_padding_is_not_payload(void **state)
{
    struct rig *rig = *state;
    struct bytes b = {.len = 0};
    struct bytes ip = hello_ip();

    put_ethernet(&b, 0x0800);
    put(&b, ip.at, ip.len);
    put(&b, "\0\0\0\0\0\0\0\0", 8);
    decode(rig, &b, LINK_ETHERNET);
    assert_hello(&rig->p);
    assert_true(rig->p.has_mac);
    assert_int_equal(rig->p.src_mac.b[5], 1);
}

static void three_tags_are_kept_and_a_fourth_is_noted(void **state)
{
    struct rig *rig = *state;
    struct bytes ip = hello_ip();
    static const uint16_t types[4] = {0x88a8, 0x8100, 0x9100, 0x8100};

    for (uint32_t tags = 3; tags <= 4; tags++) {
        struct bytes b = {.len = 0};
        put_ethernet(&b, types[0]);
        for (uint32_t i = 0; i < tags; i++) {
            put16(&b, 100 + i);
            put16(&b, i + 1 < tags ? types[i + 1] : 0x0800);
        }
        put(&b, ip.at, ip.len);
        decode(rig, &b, LINK_ETHERNET);
        assert_int_equal(rig->p.vlans, 3);
        assert_int_equal(rig->p.vlan[2], 102);
        if (tags == 3)
            assert_hello(&rig->p);
        else
            assert_string_equal(decode_note_name(rig->p.note[0]), "vlan.too_many_layers");
    }
}

static void every_link_type_leads_to_ip(void **state)
{
    struct rig *rig = *state;
    static const struct {
        uint16_t linktype;
        uint32_t head_len;
        uint8_t head[24];
    } links[] = {
        {101, 0, {0}},
        {12, 0, {0}},
        {228, 0, {0}},
        {0, 4, {2, 0, 0, 0}},
        {0, 4, {0, 0, 0, 2}},
        {108, 4, {0, 0, 0, 2}},
        {113, 16, {0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0}},
        {276, 20, {8, 0}},
        {9, 4, {0xff, 3, 0, 0x21}},
        {9, 2, {0, 0x21}},
        {9, 1, {0x21}},
        {204, 3, {1, 0, 0x21}},
    };
    struct bytes ip = hello_ip();

    for (uint32_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        struct bytes b = {.len = 0};
        put(&b, links[i].head, links[i].head_len);
        put(&b, ip.at, ip.len);
        decode(rig, &b, links[i].linktype);
        assert_hello(&rig->p);
    }
}

/* What stands between an outer IPv4 header and the inner packet. */
static void tunnels_give_the_inner_packet_and_name_the_outer(void **state)
{
    struct rig *rig = *state;
    static const uint8_t gre[] = {0x20, 0, 8, 0, 0, 0, 0, 7};
    static const uint8_t teb[] = {0, 0, 0x65, 0x58};
    static const uint8_t erspan2[] = {0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 1, 0, 9, 0, 0, 0, 0};
    static const uint8_t vxlan[] = {8, 0, 0, 0, 0, 0, 42, 0};
    static const uint8_t geneve[] = {1, 0, 0x65, 0x58, 0, 0, 43, 0, 1, 2, 3, 4};
    static const struct {
        const char *kind;
        uint8_t proto;
        uint16_t port; /* 0: not UDP */
        const uint8_t *head;
        uint32_t head_len;
        bool ethernet;
        uint32_t id;
    } cases[] = {
        {"ipip", 4, 0, NULL, 0, false, 0},
        {"gre", 47, 0, gre, sizeof(gre), false, 7},
        {"gre", 47, 0, teb, sizeof(teb), true, 0},
        {"erspan", 47, 0, erspan2, sizeof(erspan2), true, 9},
        {"vxlan", 17, 4789, vxlan, sizeof(vxlan), true, 42},
        {"vxlan", 17, 8472, vxlan, sizeof(vxlan), true, 42},
        {"geneve", 17, 6081, geneve, sizeof(geneve), true, 43},
    };
    struct bytes ip = hello_ip();

    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bytes inner = {.len = 0};
        struct bytes udp = {.len = 0};
        struct bytes b = {.len = 0};
        put(&inner, cases[i].head ? cases[i].head : (const uint8_t *)"", cases[i].head_len);
        if (cases[i].ethernet)
            put_ethernet(&inner, 0x0800);
        put(&inner, ip.at, ip.len);
        put_udp(&udp, 5000, cases[i].port, view(&inner));
        put_ethernet(&b, 0x0800);
        put_ip4(&b, 0xc0a80001, 0xc0a80002, cases[i].proto, 1, 0,
                cases[i].port ? view(&udp) : view(&inner));
        decode(rig, &b, LINK_ETHERNET);
        assert_hello(&rig->p);
        assert_int_equal(rig->p.tunnels, 1);
        assert_string_equal(rig->p.tunnel[0].kind, cases[i].kind);
        assert_int_equal(rig->p.tunnel[0].id, cases[i].id);
        assert_int_equal(rig->p.tunnel[0].src.b[0], 192);
    }
}

static void mpls_and_pppoe_lead_to_ip(void **state)
{
    struct rig *rig = *state;
    struct bytes ip = hello_ip();
    struct bytes b = {.len = 0};

    put_ethernet(&b, 0x8847);
    put32(&b, 0x00010040);
    put32(&b, 0x00020140);
    put(&b, ip.at, ip.len);
    decode(rig, &b, LINK_ETHERNET);
    assert_hello(&rig->p);

    b.len = 0;
    put_ethernet(&b, 0x8864);
    put16(&b, 0x1100);
    put16(&b, 1);
    put16(&b, ip.len + 2);
    put16(&b, 0x0021);
    put(&b, ip.at, ip.len);
    decode(rig, &b, LINK_ETHERNET);
    assert_hello(&rig->p);
}

/* Its first bytes fit a piece of a frame in CAPWAP, but a whole packet stands in it. */
static void a_tunnel_is_no_piece_of_a_frame(void **state)
{
    struct rig *rig = *state;
    static const uint8_t piece[] = {0, 0x10, 0x40, 0x80, 0, 1, 0, 0};
    struct bytes inner = {.len = 0};
    struct bytes tcp = {.len = 0};
    struct bytes udp = {.len = 0};
    struct bytes b = {.len = 0};

    put_tcp(&tcp, 1000, 2000, 7, 9, 0x10, SLICE_LIT(""));
    put(&inner, piece, sizeof(piece));
    put_ethernet(&inner, 0x0800);
    put_ip4(&inner, 0x0a000001, 0x0a000002, 6, 1, 0, view(&tcp));
    put_udp(&udp, 50000, 5247, view(&inner));
    put_ethernet(&b, 0x0800);
    put_ip4(&b, 0xc0a80001, 0xc0a80002, 17, 1, 0, view(&udp));
    decode(rig, &b, LINK_ETHERNET);
    assert_int_equal(rig->p.tunnels, 1);
    assert_string_equal(rig->p.tunnel[0].kind, "unknown");
    assert_int_equal(rig->p.dport, 2000);
    assert_false(rig->p.fragment);
    assert_int_equal(rig->p.l4.len, 20);
}

static void extension_headers_are_walked(void **state)
{
    struct rig *rig = *state;
    struct bytes b = {.len = 0};
    struct bytes udp = {.len = 0};

    put_udp(&udp, 1000, 2000, SLICE_LIT("hello"));
    put32(&b, 0x60000000);
    put16(&b, 8 + 8 + udp.len);
    put8(&b, 0); /* hop by hop */
    put8(&b, 64);
    for (uint32_t i = 0; i < 32; i++)
        put8(&b, i == 15 ? 1 : i == 31 ? 2 : 0);
    put(&b, "\x3c\0\1\4\0\0\0\0", 8); /* next: destination options */
    put(&b, "\x11\0\1\4\0\0\0\0", 8); /* next: UDP */
    put(&b, udp.at, udp.len);
    decode(rig, &b, LINK_RAW);
    assert_int_equal(rig->p.ip_version, 6);
    assert_int_equal(rig->p.dport, 2000);
    assert_true(slice_eq(rig->p.payload, SLICE_LIT("hello")));
}

static void tcp_options_are_read_and_a_bad_one_is_noted(void **state)
{
    struct rig *rig = *state;
    static const uint8_t options[] = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0,
                                      0, 1, 0, 0,    0, 2, 1, 3,  3, 7};

    for (int bad = 0; bad < 2; bad++) {
        struct bytes tcp = {.len = 0};
        struct bytes b = {.len = 0};
        put_tcp(&tcp, 1000, 80, 1, 0, TCP_SYN, (struct slice){options, sizeof(options)});
        tcp.at[12] = 0xa0;
        if (bad)
            tcp.at[21] = 200;
        put_ip4(&b, CLIENT, SERVER, 6, 1, 0, view(&tcp));
        decode(rig, &b, LINK_RAW);
        assert_int_equal(rig->p.tcp.header_len, 40);
        assert_int_equal(rig->p.tcp.mss, bad ? 0 : 1460);
        assert_int_equal(rig->p.tcp.wscale, bad ? 0 : 7);
        assert_int_equal(rig->p.notes, bad);
    }
}

static void a_packet_cut_by_the_snap_length_says_what_is_missing(void **state)
{
    struct rig *rig = *state;
    struct bytes ip = hello_ip();

    ip.len -= 3;
    decode(rig, &ip, LINK_RAW);
    assert_true(slice_eq(rig->p.payload, SLICE_LIT("he")));
    assert_int_equal(rig->p.payload_missing, 3);
}

static void both_directions_have_the_same_hash(void **state)
{
    struct rig *rig = *state;
    struct bytes udp = {.len = 0};
    struct bytes there = {.len = 0};
    struct bytes back = {.len = 0};

    put_udp(&udp, 1000, 2000, SLICE_LIT("x"));
    put_ip4(&there, CLIENT, SERVER, 17, 1, 0, view(&udp));
    udp.len = 0;
    put_udp(&udp, 2000, 1000, SLICE_LIT("x"));
    put_ip4(&back, SERVER, CLIENT, 17, 1, 0, view(&udp));
    decode(rig, &there, LINK_RAW);
    uint64_t hash = rig->p.flow_hash;
    decode(rig, &back, LINK_RAW);
    assert_true(hash == rig->p.flow_hash);
    assert_true(hash != 0);
}

static void all_flows_of_two_hosts_are_one_workers(void **state)
{
    struct rig *rig = *state;
    uint32_t seen = 0;
    uint32_t owners = 0;

    for (uint16_t port = 1000; port < 1200; port++) {
        struct bytes udp = {.len = 0};
        struct bytes there = {.len = 0};
        struct bytes back = {.len = 0};

        put_udp(&udp, port, 21, SLICE_LIT("x"));
        put_ip4(&there, CLIENT, SERVER, 17, 1, 0, view(&udp));
        udp.len = 0;
        put_udp(&udp, 21, port, SLICE_LIT("x"));
        put_ip4(&back, SERVER, CLIENT, 17, 1, 0, view(&udp));
        decode(rig, &there, LINK_RAW);
        uint8_t shard = rig->p.shard;
        decode(rig, &back, LINK_RAW);
        assert_int_equal(shard, rig->p.shard);
        seen |= 1u << shard % PACKET_PAIR_SHARDS;
        owners |= 1u << shard / PACKET_PAIR_SHARDS;
    }
    assert_int_equal(seen, (1u << PACKET_PAIR_SHARDS) - 1);
    assert_int_equal(__builtin_popcount(owners), 1);
}

static void every_cut_and_every_flipped_byte_is_survived(void **state)
{
    struct rig *rig = *state;
    struct bytes ip = hello_ip();
    struct bytes b = {.len = 0};

    put_ethernet(&b, 0x0800);
    put_ip4(&b, 1, 2, 4, 1, 0, view(&ip));
    for (uint32_t len = 0; len <= b.len; len++) {
        struct bytes cut = b;
        cut.len = len;
        decode(rig, &cut, LINK_ETHERNET);
    }
    for (uint32_t i = 0; i < b.len * 8; i++) {
        struct bytes flipped = b;
        flipped.at[i / 8] ^= (uint8_t)(1u << i % 8);
        decode(rig, &flipped, LINK_ETHERNET);
    }
}

static void endless_nesting_is_bounded(void **state)
{
    struct rig *rig = *state;
    struct bytes b = hello_ip();

    for (uint32_t i = 0; i < 30; i++) {
        struct bytes outer = {.len = 0};
        put_ip4(&outer, 1, 2, 4, 1, 0, view(&b));
        b = outer;
    }
    decode(rig, &b, LINK_RAW);
    assert_int_equal(rig->p.tunnels, PACKET_TUNNELS_MAX);
    assert_string_equal(decode_note_name(rig->p.note[0]), "too_many_layers");
}

static void a_host_that_offloads_is_forgiven_and_others_are_not(void **state)
{
    struct rig *rig = *state;

    for (int honest = 0; honest < 2; honest++) {
        struct bytes tcp = {.len = 0};
        struct bytes good = {.len = 0};
        struct bytes b = {.len = 0};
        put_tcp(&tcp, 1000, 80, 1, 0, TCP_ACK, SLICE_LIT("GET"));
        put_ip4(&b, CLIENT + (uint32_t)honest, SERVER, 6, 1, 0, view(&tcp));
        for (uint32_t i = 0; honest && i < 20; i++) {
            good.len = 0;
            put_ip4(&good, CLIENT + (uint32_t)honest, SERVER, 1, (uint16_t)(1 + i), 0,
                    (struct slice){(const uint8_t *)"\x08\0\xf7\xff\0\0\0\0", 8});
            decode(rig, &good, LINK_RAW);
        }
        decode(rig, &b, LINK_RAW);
        assert_int_equal(rig->p.checksum_bad, honest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(udp_in_ethernet_is_decoded_and_padding_is_not_payload),
        cmocka_unit_test(three_tags_are_kept_and_a_fourth_is_noted),
        cmocka_unit_test(every_link_type_leads_to_ip),
        cmocka_unit_test(tunnels_give_the_inner_packet_and_name_the_outer),
        cmocka_unit_test(mpls_and_pppoe_lead_to_ip),
        cmocka_unit_test(a_tunnel_is_no_piece_of_a_frame),
        cmocka_unit_test(extension_headers_are_walked),
        cmocka_unit_test(tcp_options_are_read_and_a_bad_one_is_noted),
        cmocka_unit_test(a_packet_cut_by_the_snap_length_says_what_is_missing),
        cmocka_unit_test(both_directions_have_the_same_hash),
        cmocka_unit_test(all_flows_of_two_hosts_are_one_workers),
        cmocka_unit_test(every_cut_and_every_flipped_byte_is_survived),
        cmocka_unit_test(endless_nesting_is_bounded),
        cmocka_unit_test(a_host_that_offloads_is_forgiven_and_others_are_not),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

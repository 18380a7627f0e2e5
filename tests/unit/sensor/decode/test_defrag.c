/* SPDX-License-Identifier: Apache-2.0 */
#include "frames.h"
#include "sensor/decode/decode.h"
#include "sensor/decode/defrag.h"
#include "sensor/run/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MORE = 0x2000 };

struct rig {
    struct conf *conf;
    struct stats stats;
    struct arena arena;
    struct decode *decode;
    struct packet p;
    uint64_t now_ns;
};

static int set_up(void **state)
{
    static struct rig rig;
    struct strbuf report;

    rig = (struct rig){.conf = settings_new()};
    strbuf_init(&report, 1024);
    conf_set(rig.conf, "defrag.trackers=4", &report);
    strbuf_fini(&report);
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

/* One fragment of packet `id`: bytes [from, from + len) of `whole`. True when it completed it. */
static bool fragment(struct rig *rig, uint16_t id, const struct bytes *whole, uint32_t from,
                     uint32_t len, bool more)
{
    struct bytes b = {.len = 0};

    put_ip4(&b, 1, 2, 17, id, (uint16_t)(from / 8 | (more ? MORE : 0)),
            (struct slice){whole->at + from, len});
    struct frame frame = frame_of(&b, LINK_RAW);
    frame.ts_ns = rig->now_ns;
    decode_frame(rig->decode, &frame, &rig->arena, &rig->p);
    return rig->p.reassembled;
}

static struct bytes datagram(char fill)
{
    struct bytes body = {.len = 0};
    struct bytes udp = {.len = 0};

    memset(body.at, fill, 60);
    body.len = 60;
    put_udp(&udp, 1000, 2000, view(&body));
    return udp;
}

static void fragments_in_any_order_make_the_packet(void **state)
{
    struct rig *rig = *state;
    static const uint32_t orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {1, 0, 2}};
    struct bytes udp = datagram('a');

    for (uint32_t i = 0; i < 4; i++) {
        for (uint32_t k = 0; k < 3; k++) {
            uint32_t from = orders[i][k] * 24;
            uint32_t len = orders[i][k] == 2 ? udp.len - 48 : 24;
            bool whole = fragment(rig, (uint16_t)(10 + i), &udp, from, len, orders[i][k] != 2);
            assert_int_equal(whole, k == 2);
        }
        assert_int_equal(rig->p.dport, 2000);
        assert_int_equal(rig->p.payload.len, 60);
        assert_int_equal(rig->p.l3.len, 20 + udp.len);
    }
}

static void the_frame_stands_as_it_would_have_come_in_one_piece(void **state)
{
    struct rig *rig = *state;
    struct bytes whole = datagram('z'), b = {.len = 0};

    put_ip4(&b, 1, 2, 17, 9, 0, view(&whole));
    assert_false(fragment(rig, 9, &whole, 0, 40, true));
    assert_true(fragment(rig, 9, &whole, 40, whole.len - 40, false));
    assert_true(slice_eq(rig->p.rebuilt, view(&b)));
}

static void the_bytes_that_came_first_stay_and_it_is_noted(void **state)
{
    struct rig *rig = *state;
    struct bytes first = datagram('a');
    struct bytes second = datagram('b');

    fragment(rig, 20, &first, 0, 32, true);
    fragment(rig, 20, &second, 8, 24, true);
    assert_string_equal(decode_note_name(rig->p.note[0]), "ipv4.frag_overlap");
    assert_true(fragment(rig, 20, &second, 32, second.len - 32, false));
    assert_int_equal(rig->p.payload.at[0], 'a');
    assert_int_equal(rig->p.payload.at[23], 'a');
    assert_int_equal(rig->p.payload.at[24], 'b');
}

static void what_is_too_old_is_given_up(void **state)
{
    struct rig *rig = *state;
    struct bytes udp = datagram('a');

    fragment(rig, 30, &udp, 0, 24, true);
    rig->now_ns += UINT64_C(61000000000);
    assert_false(fragment(rig, 30, &udp, 24, udp.len - 24, false));
}

static void the_oldest_is_given_up_for_a_new_one(void **state)
{
    struct rig *rig = *state;
    struct bytes udp = datagram('a');

    for (uint16_t id = 40; id < 45; id++)
        fragment(rig, id, &udp, 0, 24, true);
    assert_false(fragment(rig, 40, &udp, 24, udp.len - 24, false));
    assert_true(fragment(rig, 44, &udp, 24, udp.len - 24, false));
}

static void a_hole_is_never_filled_with_bytes_beyond_the_end(void **state)
{
    struct rig *rig = *state;
    struct bytes udp = datagram('a');

    fragment(rig, 50, &udp, 0, 8, true);
    fragment(rig, 50, &udp, 32, 16, true);
    assert_false(fragment(rig, 50, &udp, 16, 8, false)); /* ends at 24; 8..16 is missing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fragments_in_any_order_make_the_packet),
        cmocka_unit_test(the_frame_stands_as_it_would_have_come_in_one_piece),
        cmocka_unit_test(the_bytes_that_came_first_stay_and_it_is_noted),
        cmocka_unit_test(what_is_too_old_is_given_up),
        cmocka_unit_test(the_oldest_is_given_up_for_a_new_one),
        cmocka_unit_test(a_hole_is_never_filled_with_bytes_beyond_the_end),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

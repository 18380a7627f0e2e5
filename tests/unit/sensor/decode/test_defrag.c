/* SPDX-License-Identifier: Apache-2.0 */
#include "frames.h"
#include "sensor/decode/decode.h"
#include "sensor/decode/defrag.h"
#include "sensor/decode/os_policy.h"
#include "sensor/run/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

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

/* A rig whose fragments are not taken for copies of a mirror; with one more setting. */
static struct rig *rig_with(const char *key, const char *value)
{
    static struct rig rig;
    struct strbuf report;
    char setting[64];

    rig = (struct rig){.conf = settings_new()};
    strbuf_init(&report, 1024);
    conf_set(rig.conf, "defrag.trackers=4", &report);
    conf_set(rig.conf, "dedup.enabled=false", &report);
    snprintf(setting, sizeof(setting), "%s%s", key, value);
    conf_set(rig.conf, setting, &report);
    strbuf_fini(&report);
    arena_init(&rig.arena, 65536, 0);
    rig.decode = decode_new(rig.conf, &rig.stats);
    return rig.decode ? &rig : NULL;
}

static void rig_free(struct rig *rig)
{
    decode_free(&rig->decode);
    arena_fini(&rig->arena);
    stats_fini(&rig->stats);
    conf_free(&rig->conf);
}

static int set_up(void **state)
{
    *state = rig_with("defrag.overlap=", "bsd");
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    rig_free(*state);
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

/* ---- at random, against a model ------------------------------------------------------------ */

enum { MODEL_UNITS = 40, MODEL_FRAGMENTS = 14, MODEL_ROUNDS = 300 };

/* What a host does, unit by unit: who wrote it, and whose bytes stay. */
struct model {
    struct os_span span[MODEL_FRAGMENTS];
    uint8_t data[MODEL_UNITS * 8];
    int owner[MODEL_UNITS]; /* fragment; -1 = nobody */
    uint32_t n, total;
    bool begun;
};

static uint32_t random_below(uint64_t *seed, uint32_t n)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(*seed >> 33) % n;
}

static void model_takes(struct model *m, enum os_policy policy, uint32_t from, uint32_t len,
                        bool more, const uint8_t *data)
{
    if (!more && m->total && from + len != m->total) /* a second end */
        return;
    m->span[m->n] = (struct os_span){from, from + len};
    for (uint32_t at = 0; at < len; at++) {
        int owner = m->owner[(from + at) / 8];
        if (owner < 0 || owner == (int)m->n ||
            os_policy_ip_newer(policy, m->span[m->n], m->span[owner])) {
            m->owner[(from + at) / 8] = (int)m->n;
            m->data[from + at] = data[at];
        }
    }
    m->n++;
    m->begun = m->begun || from == 0;
    if (!more && !m->total)
        m->total = from + len;
}

static bool model_is_whole(const struct model *m)
{
    for (uint32_t unit = 0; unit < (m->total + 7) / 8; unit++) {
        if (m->owner[unit] < 0)
            return false;
    }
    return m->begun && m->total;
}

/* The same as `fragment` in IPv6, behind `options` headers of 8 bytes. */
static bool fragment6(struct rig *rig, uint16_t id, const struct bytes *whole, uint32_t from,
                      uint32_t len, bool more, uint32_t options)
{
    static const uint8_t padding[8] = {60, 0, 1, 4, 0, 0, 0, 0};
    struct bytes b = {.len = 0};

    put32(&b, 0x60000000);
    put16(&b, 8 * options + 8 + len);
    put8(&b, options ? 60 : 44);
    put8(&b, 64);
    for (uint32_t host = 1; host <= 2; host++) {
        put32(&b, 0x20010db8);
        put32(&b, 0);
        put32(&b, 0);
        put32(&b, host);
    }
    for (uint32_t i = 0; i < options; i++) {
        put(&b, padding, 8);
        b.at[b.len - 8] = i + 1 < options ? 60 : 44;
    }
    put8(&b, 17);
    put8(&b, 0);
    put16(&b, from | more);
    put32(&b, id);
    put(&b, whole->at + from, len);
    struct frame frame = frame_of(&b, LINK_RAW);
    frame.ts_ns = rig->now_ns;
    decode_frame(rig->decode, &frame, &rig->arena, &rig->p);
    return rig->p.reassembled;
}

static void random_policy(struct rig *rig, enum os_policy policy, const char *name, uint64_t seed,
                          bool v6)
{
    uint32_t options = v6 ? (uint32_t)(seed % 3) : 0, head = v6 ? 40 + 8 * options : 20;
    struct model m = {.n = 0};
    uint16_t id = (uint16_t)(seed | 1);
    struct bytes body = {.len = MODEL_UNITS * 8};

    for (uint32_t i = 0; i < MODEL_UNITS; i++)
        m.owner[i] = -1;
    rig->now_ns += UINT64_C(61000000000);
    for (uint32_t tries = 0; tries < 64 && m.n < MODEL_FRAGMENTS; tries++) {
        uint32_t first = m.n == 0 ? 0 : random_below(&seed, 12);
        uint32_t units = 1 + random_below(&seed, 5);
        bool more = random_below(&seed, 4) != 0 || first == 0; /* else it is no fragment */
        uint32_t from = first * 8;
        uint32_t len = units * 8 - (more ? 0 : random_below(&seed, 8));
        if (m.total && from + len > m.total) /* what comes behind the end is of no packet */
            continue;
        for (uint32_t i = 0; i < len; i++)
            body.at[from + i] = (uint8_t)random_below(&seed, 256);
        memcpy(body.at, "\3\xe8\7\xd0", 4); /* ports of no tunnel */
        model_takes(&m, policy, from, len, more, body.at + from);
        rig->now_ns += 1000;
        bool whole = v6 ? fragment6(rig, id, &body, from, len, more, options)
                        : fragment(rig, id, &body, from, len, more);
        if (whole != model_is_whole(&m))
            fail_msg("%s: fragment %u of seed %llu: %s", name, m.n, (unsigned long long)seed,
                     whole ? "whole too early" : "not whole");
        if (!whole)
            continue;
        assert_int_equal(rig->p.l3.len, head + m.total);
        assert_memory_equal(rig->p.l3.at + head, m.data, m.total);
        return;
    }
}

/* TRAMGAC_ROUNDS=100000 for a long run. */
static void any_fragments_are_put_together_as_each_policy_says(void **state)
{
    static const char *const names[] = {"first", "last",    "bsd",     "bsd-right",
                                        "linux", "solaris", "windows", "hpux10"};
    const char *asked = getenv("TRAMGAC_ROUNDS");
    uint32_t rounds = asked ? (uint32_t)strtoul(asked, NULL, 10) : MODEL_ROUNDS;

    (void)state;
    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct rig *rig = rig_with("defrag.overlap=", names[i]);
        for (uint32_t round = 0; round < rounds; round++) {
            random_policy(rig, os_policy_find(names[i]), names[i], round * 7919 + i, round % 2);
            arena_reset(&rig->arena);
        }
        rig_free(rig);
    }
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
    const struct CMUnitTest random[] = {
        cmocka_unit_test(any_fragments_are_put_together_as_each_policy_says),
    };
    int failed = cmocka_run_group_tests(tests, set_up, tear_down);
    return failed + cmocka_run_group_tests(random, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All decoder rows: the input is a run of frames, each two bytes of link type, two of length, then
 * its bytes. Whatever comes, slices of the packet lie inside the frame or the arena, bounds hold,
 * and the same frame gives the same packet.
 */
#include "sensor/decode/decode.h"
#include "sensor/decode/dedup.h"

#include <stdio.h>
#include <stdlib.h>

enum { INPUT_MAX = 65536, FRAMES_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct rig {
    struct conf *conf;
    struct stats stats;
    struct arena arena;
    struct decode *decode;
};

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    abort();
}

/* Every byte is read, so that a sanitizer sees a slice that is too long. */
static uint32_t touch(struct slice s)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < s.len; i++)
        sum += s.at[i];
    return sum;
}

static uint32_t judge(const struct packet *p)
{
    uint32_t sum = touch(p->l3) + touch(p->l4) + touch(p->payload);

    if (p->tunnels > PACKET_TUNNELS_MAX || p->vlans > PACKET_VLANS_MAX ||
        p->notes > PACKET_NOTES_MAX)
        fail("a bound does not hold");
    for (uint8_t i = 0; i < p->tunnels; i++) {
        if (!p->tunnel[i].kind)
            fail("a tunnel without a kind");
    }
    if (p->proto == IPPROTO_TCP4 && p->l4.len && p->payload.len > p->l4.len)
        fail("payload is longer than its packet");
    return sum + p->tunnels;
}

static uint32_t play(struct slice input)
{
    struct rig rig = {.conf = conf_new()};
    struct cursor c = cursor_of(input);
    uint32_t sum = 0;

    conf_add(rig.conf, decode_options);
    conf_add(rig.conf, dedup_options);
    conf_set(rig.conf, "defrag.trackers=4", NULL);
    arena_init(&rig.arena, 65536, 0);
    rig.decode = decode_new(rig.conf, &rig.stats);
    for (uint64_t i = 1; i <= FRAMES_MAX && cursor_left(&c); i++) {
        uint16_t linktype = cursor_be16(&c);
        uint16_t len = cursor_be16(&c);
        struct slice bytes = cursor_take(&c, len);
        struct frame frame = {.data = bytes.at,
                              .caplen = bytes.len,
                              .wirelen = bytes.len,
                              .ts_ns = i * 1000000,
                              .number = i,
                              .linktype = linktype};
        struct packet p;
        struct view_finding finding;
        if (!cursor_ok(&c))
            break;
        decode_frame(rig.decode, &frame, &rig.arena, &p);
        sum = sum * 31 + judge(&p);
        while (decode_finding(rig.decode, &finding))
            sum += finding.sample_len;
    }
    decode_free(&rig.decode);
    arena_fini(&rig.arena);
    stats_fini(&rig.stats);
    conf_free(&rig.conf);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = {data, size > INPUT_MAX ? INPUT_MAX : (uint32_t)size};

    if (play(input) != play(input))
        fail("the same frames gave other packets");
    return 0;
}

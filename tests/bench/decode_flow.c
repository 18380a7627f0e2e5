/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nanoseconds per packet that decoding and the flow table take, alone: the frames of a capture are
 * read into memory, then go through decode_frame and flow_table_touch in rounds, as the front and
 * a worker do it, and nothing else happens.
 *
 *   decode_flow CAPTURE [ROUNDS]
 *
 * Each round begins with empty tables. One line each: frames, flows, CPU nanoseconds per packet of
 * decode and of flow (with the end of all flows), and of both. Built by decode_flow.py.
 */
#include "common/pages.h"
#include "sensor/capture/sources.h"
#include "sensor/decode/decode.h"
#include "sensor/flow/flow_table.h"
#include "sensor/run/round.h"
#include "sensor/run/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { AHEAD = 2 }; /* as in worker.c */

struct bench {
    struct conf *conf;
    struct frame *frame;
    size_t n, room;
    struct packet *packets;
    uint64_t ended;
};

static uint64_t cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "decode_flow: %s\n", what);
    exit(2);
}

/* Frames of a mapped capture stay where they are; those of others are copied. */
static void read_frames(struct bench *b, const char *path)
{
    struct capture_fault fault = {""};
    struct capture *capture = NULL;
    struct frame frame = {0};
    const struct capture_def *row = sources_row(path);

    must(row && row->open(b->conf, path, &capture, &fault) == ERR_OK, fault.text);
    while (row->next(capture, &frame, &fault) == ERR_OK) {
        if (b->n == b->room) {
            b->room = b->room ? 2 * b->room : 1 << 16;
            b->frame = realloc(b->frame, b->room * sizeof(*b->frame));
            must(b->frame, "no memory");
        }
        uint8_t *copy = malloc(frame.caplen + 1);
        must(copy, "no memory");
        memcpy(copy, frame.data, frame.caplen);
        frame.data = copy;
        frame.number = b->n + 1;
        b->frame[b->n++] = frame;
    }
    row->close(&capture);
}

static void flow_ended(void *context, struct flow *flow)
{
    struct bench *b = context;

    (void)flow;
    b->ended++;
}

static void touch_all(struct flow_table *flows, const struct packet *packets, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct packet *p = &packets[i];
        if (i + 2 * AHEAD < n)
            flow_table_prefetch(flows, packets[i + 2 * AHEAD].flow_hash);
        if (i + AHEAD < n)
            flow_table_prefetch_flow(flows, packets[i + AHEAD].flow_hash);
        if (p->ip_version && !p->fragment && !p->quotes && !p->duplicate)
            (void)flow_table_touch(flows, p);
    }
}

static void run(struct bench *b, const struct settings_shares *shares)
{
    struct stats stats = {0};
    struct flow_table_limits limits = {shares->flow_bytes, 0, 1};
    struct decode *decode = decode_new(b->conf, &stats);
    struct flow_table *flows = flow_table_new(b->conf, &stats, &limits, flow_ended, b);
    struct arena arena;
    uint64_t spent[2] = {0}, clock_ns = 0;

    must(decode && flows, "no memory");
    arena_init(&arena, 256 * 1024, 0);
    b->ended = 0;
    for (size_t at = 0; at < b->n; at += ROUND_PACKETS) {
        uint32_t n = b->n - at < ROUND_PACKETS ? (uint32_t)(b->n - at) : ROUND_PACKETS;
        uint64_t start = cpu_ns();
        arena_reset(&arena);
        for (uint32_t i = 0; i < n; i++) {
            struct packet *p = &b->packets[i];
            p->frame = b->frame[at + i];
            clock_ns = p->frame.ts_ns > clock_ns ? p->frame.ts_ns : clock_ns;
            decode_frame(decode, &p->frame, &arena, p);
            p->clock_ns = clock_ns;
        }
        uint64_t decoded = cpu_ns();
        flow_table_tick(flows, clock_ns);
        touch_all(flows, b->packets, n);
        spent[0] += decoded - start;
        spent[1] += cpu_ns() - decoded;
    }
    uint64_t start = cpu_ns();
    flow_table_end_all(flows, FLOW_END_SHUTDOWN);
    spent[1] += cpu_ns() - start;
    double n = (double)b->n;
    printf("%zu frames, %llu flows: decode %.1f ns, flow %.1f ns, both %.1f ns a packet\n", b->n,
           (unsigned long long)b->ended, (double)spent[0] / n, (double)spent[1] / n,
           (double)(spent[0] + spent[1]) / n);
    fflush(stdout);
    arena_fini(&arena);
    decode_free(&decode);
    flow_table_free(&flows);
    stats_fini(&stats);
}

int main(int argc, char **argv)
{
    struct bench b = {.conf = settings_new()};
    struct settings_shares shares = {0};
    struct strbuf report;

    struct pages_heap heap;

    must(argc >= 2 && b.conf, "give a capture");
    pages_heap_begin(&heap);
    strbuf_init(&report, 4096);
    for (int i = 3; i < argc; i++)
        must(conf_set(b.conf, argv[i], &report) == ERR_OK, argv[i]);
    must(settings_derive(b.conf, &shares, &report) == ERR_OK, "settings");
    b.packets = calloc(ROUND_PACKETS + 1, sizeof(*b.packets));
    must(b.packets, "no memory");
    read_frames(&b, argv[1]);
    pages_heap_settle(&heap);
    for (int i = argc > 2 ? atoi(argv[2]) : 5; i > 0; i--)
        run(&b, &shares);
    return 0;
}

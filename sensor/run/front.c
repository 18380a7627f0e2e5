/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packet time is the newest time stamp seen, so it never runs backwards. A further capture that
 * begins more than a minute earlier, or an interface whose clock was set back, starts it anew: the
 * round is cut there, and all flows end before the next.
 */
#include "sensor/run/front.h"
#include "common/clock.h"
#include "common/log.h"
#include "sensor/capture/sources.h"
#include "sensor/decode/decode.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

const struct option front_options[] = {
    {"stats.interval", CONF_SPAN, "60s", "Packet time between two stats events; 0 = at the end"},
    OPTION_END,
};

enum { COUNT_LOST, COUNT_SOURCES, COUNT_FAILED, COUNT_DAMAGED, COUNT_BACKWARDS };
const struct counter front_counters[] = {
    [COUNT_LOST] = {"capture.kernel_drops",
                    "Frames lost before they reached the sensor; raise capture.buffer or workers"},
    [COUNT_SOURCES] = {"capture.sources", "Captures and interfaces opened"},
    [COUNT_FAILED] = {"capture.failed", "Captures that could not be read"},
    [COUNT_DAMAGED] = {"capture.damaged", "Captures that broke off; what came before counts"},
    [COUNT_BACKWARDS] = {"capture.time_backwards",
                         "Jumps of the time stamps back by over a minute"},
    COUNTER_END,
};

enum { LIVE_ROUND_NS = 50000000 };
#define JUMP_NS       (60 * CLOCK_S)
#define ROUND_SPAN_NS (2 * CLOCK_S)

struct opened {
    const struct capture_def *row;
    struct capture *capture;
};

/* A capture that was read to its end while rounds under way still point into it. */
struct retired {
    struct opened opened;
    uint64_t round;
    struct retired *next;
};

struct front {
    struct front_plan plan;
    struct stats stats;
    uint64_t *count;
    struct decode *decode;
    struct sources sources;
    uint32_t next_source; /* to open */
    struct opened file;
    struct retired *retired; /* newest first */
    uint64_t round;
    uint32_t dealt; /* frames of the round in hand */
    struct opened iface[FRONT_IFACES_MAX];
    uint32_t ifaces, next_iface;
    struct packet scratch;
    struct frame held; /* read, for the next round: time starts over with it */
    bool has_held, held_stable, fresh_file;
    uint64_t number, clock_ns, stats_ns, interval_ns;
    uint64_t start_mono_ns, start_ts_ns; /* paced replay */
    struct front_state state;
};

static enum err add_sources(struct front *f, struct capture_fault *fault)
{
    for (const char *const *path = f->plan.replay; path && *path; path++) {
        enum err err = sources_add(&f->sources, *path, fault);
        if (err)
            return err;
    }
    for (uint32_t i = 0; i < f->sources.n; i++) {
        struct stat st;
        if (stat(f->sources.path[i], &st) == 0)
            f->state.of_bytes += (uint64_t)st.st_size;
    }
    return ERR_OK;
}

static enum err open_ifaces(struct front *f, struct capture_fault *fault)
{
    for (const char *const *name = f->plan.ifaces; name && *name; name++) {
        if (f->ifaces == FRONT_IFACES_MAX)
            return ERR_FULL;
        struct opened *o = &f->iface[f->ifaces];
        o->row = sources_row(*name, true);
        enum err err = o->row->open(f->plan.conf, *name, &o->capture, fault);
        if (err)
            return err;
        f->ifaces++;
        f->count[COUNT_SOURCES]++;
    }
    return ERR_OK;
}

enum err front_new(const struct front_plan *plan, struct front **front, struct capture_fault *fault)
{
    struct front *f = calloc(1, sizeof(*f));
    if (!f)
        return ERR_NOMEM;
    f->plan = *plan;
    f->count = stats_add(&f->stats, front_counters);
    f->decode = decode_new(plan->conf, &f->stats);
    f->interval_ns = conf_span_ns(plan->conf, "stats.interval");
    enum err err = f->decode ? add_sources(f, fault) : ERR_NOMEM;
    if (!err)
        err = open_ifaces(f, fault);
    if (err)
        front_free(&f);
    *front = f;
    return err;
}

/* Closes what no round under way can point into any more. */
static void close_retired(struct front *f, uint64_t before_round)
{
    struct retired **at = &f->retired;

    while (*at && (*at)->round >= before_round)
        at = &(*at)->next;
    while (*at) {
        struct retired *r = *at;
        *at = r->next;
        r->opened.row->close(&r->opened.capture);
        free(r);
    }
}

static void retire(struct front *f)
{
    struct retired *r = f->file.row->stable ? malloc(sizeof(*r)) : NULL;

    if (!r) {
        f->file.row->close(&f->file.capture);
        return;
    }
    *r = (struct retired){f->file, f->round, f->retired};
    f->retired = r;
    f->file.capture = NULL;
}

void front_free(struct front **front)
{
    struct front *f = *front;

    if (!f)
        return;
    if (f->file.capture)
        f->file.row->close(&f->file.capture);
    close_retired(f, UINT64_MAX);
    for (uint32_t i = 0; i < f->ifaces; i++)
        f->iface[i].row->close(&f->iface[i].capture);
    sources_fini(&f->sources);
    decode_free(&f->decode);
    stats_fini(&f->stats);
    free(f);
    *front = NULL;
}

struct front_state front_state(const struct front *f)
{
    return f->state;
}

/* ---- frames ------------------------------------------------------------------------------- */

/* What was found in a directory and is no capture is passed over; what was named is a failure. */
static void failed(struct front *f, const char *source, bool named,
                   const struct capture_fault *fault)
{
    f->count[COUNT_FAILED]++;
    f->state.failed += named;
    log_say(named ? LOG_FAULT : LOG_WARN, "%s", fault->text[0] ? fault->text : source);
}

/* Opens the next capture that can be read; false when there is none. */
static bool next_file(struct front *f)
{
    while (f->next_source < f->sources.n) {
        const char *source = f->sources.path[f->next_source++];
        struct capture_fault fault = {""};
        f->file.row = sources_row(source, false);
        if (f->file.row &&
            f->file.row->open(f->plan.conf, source, &f->file.capture, &fault) == ERR_OK) {
            f->count[COUNT_SOURCES]++;
            f->fresh_file = true;
            return true;
        }
        failed(f, source, f->sources.named[f->next_source - 1], &fault);
    }
    return false;
}

static enum err frame_of_files(struct front *f, struct frame *frame, bool *stable)
{
    struct capture_fault fault = {""};

    for (;;) {
        if (!f->file.capture && !next_file(f))
            return ERR_END;
        enum err err = f->file.row->next(f->file.capture, frame, &fault);
        if (err == ERR_OK) {
            *stable = f->file.row->stable;
            return ERR_OK;
        }
        if (err != ERR_END) {
            f->count[COUNT_DAMAGED]++;
            f->state.damaged++;
            log_say(LOG_WARN, "%s; what came before it counts", fault.text);
        }
        retire(f);
    }
}

static enum err frame_of_ifaces(struct front *f, struct frame *frame)
{
    struct capture_fault fault = {""};

    for (uint32_t i = 0; i < f->ifaces; i++) {
        uint32_t at = f->next_iface++ % f->ifaces;
        enum err err = f->iface[at].row->next(f->iface[at].capture, frame, &fault);
        frame->iface = (uint16_t)at;
        if (err == ERR_OK)
            return ERR_OK;
        if (err != ERR_AGAIN) {
            log_say(LOG_FAULT, "%s", fault.text);
            return ERR_END;
        }
    }
    return ERR_AGAIN;
}

static uint64_t lost_now(const struct front *f)
{
    uint64_t lost = 0;

    for (uint32_t i = 0; i < f->ifaces; i++)
        lost += f->iface[i].row->lost(f->iface[i].capture);
    return lost;
}

/* Recorded time, or a multiple of it: waits until the frame is due. */
static void pace(struct front *f, uint64_t ts_ns)
{
    if (f->plan.speed <= 0)
        return;
    if (!f->start_mono_ns || ts_ns < f->start_ts_ns) {
        f->start_mono_ns = clock_mono_ns();
        f->start_ts_ns = ts_ns;
    }
    uint64_t due = f->start_mono_ns + (uint64_t)((double)(ts_ns - f->start_ts_ns) / f->plan.speed);
    uint64_t now = clock_mono_ns();
    if (due > now) {
        struct timespec wait = {(time_t)((due - now) / CLOCK_S), (long)((due - now) % CLOCK_S)};
        nanosleep(&wait, NULL);
    }
}

/* ---- rounds ------------------------------------------------------------------------------- */

/* True when time starts over with this frame: it is then kept for the next round. */
static bool starts_over(struct front *f, const struct frame *frame, bool stable)
{
    bool may = f->ifaces || f->fresh_file;

    f->fresh_file = false;
    if (!may || frame->ts_ns >= f->clock_ns || f->clock_ns - frame->ts_ns <= JUMP_NS)
        return false;
    f->count[COUNT_BACKWARDS]++;
    f->held = *frame;
    f->held_stable = stable;
    f->has_held = true;
    return true;
}

static void deal(struct front *f, struct round *round, struct frame *frame, bool stable)
{
    frame->number = ++f->number;
    f->dealt++;
    f->state.packets++;
    f->state.bytes += frame->wirelen;
    f->state.file_bytes += frame->caplen + 16u;
    if (!stable)
        frame->data = arena_keep(&round->arena, (struct slice){frame->data, frame->caplen}).at;
    if (frame->ts_ns > f->clock_ns)
        f->clock_ns = frame->ts_ns;
    if (!frame->data)
        frame->caplen = 0;
    if (f->plan.workers == 1) {
        struct round_part *part = &round->part[0];
        struct packet *p = &part->packets[part->n++];
        decode_frame(f->decode, frame, &round->arena, p);
        p->clock_ns = f->clock_ns;
        return;
    }
    decode_frame(f->decode, frame, &round->arena, &f->scratch);
    f->scratch.clock_ns = f->clock_ns;
    struct round_part *part = &round->part[(f->scratch.flow_hash >> 32) % f->plan.workers];
    part->packets[part->n++] = f->scratch;
}

/* True when it is time for a stats event: once for each span of packet time that went by. */
static bool stats_due(struct front *f)
{
    if (!f->interval_ns || !f->clock_ns)
        return false;
    bool due = f->stats_ns && f->clock_ns >= f->stats_ns + f->interval_ns;
    if (due || !f->stats_ns || f->clock_ns < f->stats_ns)
        f->stats_ns = f->clock_ns;
    return due;
}

static void copy_stats(struct front *f, struct round *round)
{
    uint64_t lost = lost_now(f);

    f->count[COUNT_LOST] = f->state.lost = lost;
    stats_fini(&round->stats);
    stats_sum(&round->stats, &f->stats);
}

static bool fill_from_files(struct front *f, struct round *round)
{
    uint64_t from = round->restart ? f->clock_ns : round->tick_ns;
    struct frame frame;
    bool stable;

    while (f->dealt < ROUND_PACKETS) {
        if (frame_of_files(f, &frame, &stable) != ERR_OK)
            return false;
        if (starts_over(f, &frame, stable))
            return true;
        pace(f, frame.ts_ns);
        deal(f, round, &frame, stable);
        /* time only moves flows to their end between rounds: a quiet capture must not wait for the
         * round to fill */
        if (from == 0)
            from = f->clock_ns;
        if (f->clock_ns - from >= ROUND_SPAN_NS)
            break;
    }
    return true;
}

static bool fill_from_ifaces(struct front *f, struct round *round)
{
    uint64_t until = clock_mono_ns() + LIVE_ROUND_NS;
    struct frame frame;

    while (f->dealt < ROUND_PACKETS) {
        enum err err = frame_of_ifaces(f, &frame);
        if (err == ERR_END)
            return false;
        if (err == ERR_OK) {
            if (starts_over(f, &frame, false))
                return true;
            deal(f, round, &frame, false);
        } else if (clock_mono_ns() >= until) {
            break;
        }
    }
    if (clock_now_ns() > f->clock_ns)
        f->clock_ns = clock_now_ns(); /* an idle interface must not hold back timeouts */
    return true;
}

bool front_fill(struct front *f, struct round *round, bool stop)
{
    f->round++;
    f->dealt = 0;
    if (f->round > ROUND_SLOTS)
        close_retired(f, f->round - ROUND_SLOTS + 1);
    round->first_number = f->number + 1;
    round->tick_ns = f->clock_ns;
    round->restart = f->has_held;
    if (f->has_held) {
        f->has_held = false;
        f->clock_ns = 0;
        deal(f, round, &f->held, f->held_stable);
    }
    bool more = (f->ifaces ? fill_from_ifaces(f, round) : fill_from_files(f, round)) && !stop;
    round->last_ns = f->clock_ns;
    round->want_stats = stats_due(f);
    if (round->want_stats || !more)
        copy_stats(f, round);
    return more;
}

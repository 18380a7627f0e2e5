/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packet time is the newest time stamp seen, so it never runs backwards. Where a whole second of it
 * begins, the round is cut and the next one starts with a tick: only there do flows time out, so
 * nothing depends on how frames fell into rounds, in a replay or live. A further capture that
 * begins more than a minute earlier, or an interface whose clock was set back, starts time anew:
 * the round is cut there, and all flows end before the next.
 */
#include "sensor/run/front.h"
#include "common/clock.h"
#include "common/log.h"
#include "sensor/capture/cap_live.h"
#include "sensor/capture/sources.h"
#include "sensor/decode/decode.h"
#include "sensor/run/ifaces.h"
#include "sensor/run/span.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

const struct option front_options[] = {
    {"stats.interval", CONF_SPAN, "60s", "Packet time between two stats events; 0 = at the end"},
    {"capture.priority", CONF_INT, "10",
     "Live: steps of nice the sensor goes before other programs, where it may; 0 = none"},
    {"capture.follow", CONF_BOOL, "false", "Captures grow: wait at their end for more (--follow)"},
    OPTION_END,
};

enum { COUNT_SOURCES, COUNT_FAILED, COUNT_DAMAGED, COUNT_BACKWARDS, COUNT_CUT };
const struct counter front_counters[] = {
    [COUNT_SOURCES] = {"capture.sources", "Captures and interfaces opened"},
    [COUNT_FAILED] = {"capture.failed", "Captures that could not be read"},
    [COUNT_DAMAGED] = {"capture.damaged", "Captures that broke off; what came before counts"},
    [COUNT_BACKWARDS] = {"capture.time_backwards",
                         "Jumps of the time stamps back by over a minute"},
    [COUNT_CUT] = {"capture.cut_frames",
                   "Frames of which only the beginning was captured; raise the snap length"},
    COUNTER_END,
};

enum { DRAIN_S = 60, AHEAD = 2 }; /* places between prefetches */
#define JUMP_NS (60 * CLOCK_S)
#define TICK_NS CLOCK_S
/* Live: how long at most we sleep, and how far behind the clock a silent second is believed. */
#define SLEEP_NS (50 * CLOCK_MS)
#define LAG_NS   (100 * CLOCK_MS)
/* Live: one thread does it all while it has read what came in at least that often. */
enum { BEHIND_FRAMES = 2 * ROUND_PACKETS };

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
    uint32_t dealt;               /* frames of the round in hand, and what is around tunnels */
    uint32_t unbroken;            /* frames since there was nothing more to read */
    struct ifaces *ifaces;        /* NULL: a replay */
    struct cap_live_sieve *sieve; /* of a replay; NULL = everything passes */
    struct frame held;            /* read, for the next round */
    bool has_held, held_stable;
    bool held_restart; /* time starts over with it */
    bool fresh_file, stopping;
    uint64_t number, clock_ns, stats_ns, interval_ns;
    uint64_t second_ns;                     /* the first second behind the clock */
    uint64_t start_mono_ns, start_ts_ns;    /* paced replay */
    uint64_t checked_mono_ns, stop_mono_ns; /* live */
    struct front_state state;
    struct capture_fault file_fault; /* of the capture in hand */
    char fault[sizeof(((struct capture_fault *)0)->text)];
};

static enum err add_sources(struct front *f, struct capture_fault *fault)
{
    for (const char *const *path = f->plan.replay; path && *path; path++) {
        enum err err = sources_add(&f->sources, *path, fault);
        if (err)
            return err;
    }
    const char *filter = conf_text(f->plan.conf, "capture.filter");
    if (f->sources.n && *filter) {
        f->sieve = cap_live_sieve_new(filter, fault);
        if (!f->sieve)
            return ERR_INPUT;
    }
    for (uint32_t i = 0; i < f->sources.n; i++) {
        struct stat st;
        if (stat(f->sources.path[i], &st) == 0)
            f->state.of_bytes += (uint64_t)st.st_size;
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
    if (!err && plan->ifaces) {
        err = ifaces_new(plan->conf, plan->ifaces, &f->stats, &f->ifaces, fault);
        while (!err && plan->ifaces[f->count[COUNT_SOURCES]])
            f->count[COUNT_SOURCES]++;
    }
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
    cap_live_sieve_free(&f->sieve);
    ifaces_free(&f->ifaces);
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

const char *front_fault(const struct front *f)
{
    return f->fault;
}

/* ---- frames ------------------------------------------------------------------------------- */

/* What was found in a directory and is no capture is passed over; what was named is a failure. */
static void failed(struct front *f, const char *source, bool named,
                   const struct capture_fault *fault)
{
    f->count[COUNT_FAILED]++;
    f->state.failed += named;
    if (named)
        snprintf(f->fault, sizeof(f->fault), "%s", fault->text);
    log_say(named ? LOG_FAULT : LOG_WARN, "%s", fault->text[0] ? fault->text : source);
}

/* Opens the next capture that can be read; false when there is none. */
static bool next_file(struct front *f)
{
    while (f->next_source < f->sources.n) {
        const char *source = f->sources.path[f->next_source++];
        struct capture_fault fault = {""};
        f->file.row = sources_row(source);
        if (f->file.row &&
            f->file.row->open(f->plan.conf, source, &f->file.capture, &fault) == ERR_OK) {
            f->count[COUNT_SOURCES]++;
            f->file_fault.text[0] = '\0';
            f->fresh_file = true;
            return true;
        }
        failed(f, source, f->sources.named[f->next_source - 1], &fault);
    }
    return false;
}

/* The capture in hand cannot be read on: true when it had not even begun. */
static void broke_off(struct front *f, enum err err, const struct capture_fault *fault)
{
    if (err == ERR_UNSUPPORTED) {
        failed(f, f->sources.path[f->next_source - 1], f->sources.named[f->next_source - 1], fault);
        return;
    }
    f->count[COUNT_DAMAGED]++;
    f->state.damaged++;
    log_say(LOG_WARN, "%s; what came before it counts", fault->text);
}

static enum err frame_of_files(struct front *f, struct frame *frame, bool *stable)
{
    for (;;) {
        if (!f->file.capture && !next_file(f))
            return ERR_END;
        frame->sums_open = frame->cut_by_ring = frame->past_libpcap = false;
        enum err err = f->file.row->next(f->file.capture, frame, &f->file_fault);
        *stable = f->file.row->stable;
        if (err == ERR_OK && f->sieve && !cap_live_sieve_passes(f->sieve, frame))
            continue;
        if (err == ERR_OK || err == ERR_AGAIN)
            return err;
        if (err != ERR_END)
            broke_off(f, err, &f->file_fault);
        retire(f);
    }
}

static enum err next_frame(struct front *f, struct frame *frame, bool *stable)
{
    *stable = false;
    return f->ifaces ? ifaces_next(f->ifaces, frame) : frame_of_files(f, frame, stable);
}

static void sleep_ns(uint64_t ns)
{
    struct timespec wait = {(time_t)(ns / CLOCK_S), (long)(ns % CLOCK_S)};

    nanosleep(&wait, NULL);
}

/* Recorded time, or a multiple of it: how long until the frame is due. */
static uint64_t due_in(struct front *f, uint64_t ts_ns)
{
    if (f->plan.speed <= 0)
        return 0;
    uint64_t now = clock_mono_ns();
    if (!f->start_mono_ns || ts_ns < f->start_ts_ns) {
        f->start_mono_ns = now;
        f->start_ts_ns = ts_ns;
    }
    uint64_t due = f->start_mono_ns + (uint64_t)((double)(ts_ns - f->start_ts_ns) / f->plan.speed);
    return due > now ? due - now : 0;
}

/* ---- rounds ------------------------------------------------------------------------------- */

static void hold(struct front *f, const struct frame *frame, bool stable)
{
    f->held = *frame;
    f->held_stable = stable;
    f->has_held = true;
}

/* True when time starts over with this frame. */
static bool starts_over(struct front *f, const struct frame *frame)
{
    bool may = f->ifaces || f->fresh_file;

    f->fresh_file = false;
    if (!may || frame->ts_ns >= f->clock_ns || f->clock_ns - frame->ts_ns <= JUMP_NS)
        return false;
    f->count[COUNT_BACKWARDS]++;
    return true;
}

static void set_clock(struct front *f, uint64_t ts_ns)
{
    f->clock_ns = ts_ns;
    if (ts_ns >= f->second_ns)
        f->second_ns = (ts_ns / TICK_NS + 1) * TICK_NS;
}

/* Whole seconds up to `ts_ns` have begun: the round starts with them. */
static void tick(struct front *f, struct round *round, uint64_t ts_ns)
{
    round->tick_from_ns = f->second_ns;
    round->tick_ns = ts_ns / TICK_NS * TICK_NS;
    set_clock(f, round->tick_ns);
}

static bool new_second(const struct front *f, uint64_t ts_ns)
{
    return f->clock_ns && ts_ns >= f->second_ns;
}

/* Where the next packet is decoded, and stays. */
static struct packet *next_place(struct round *round)
{
    return &round->packets[round->n];
}

/* With several workers others have had the places to come. */
static void give(struct round *round, struct round_part *part)
{
    part->packet[part->n++] = (uint16_t)round->n++;
    if (round->shared && round->n + AHEAD <= ROUND_PACKETS)
        packet_prefetch(&round->packets[round->n + AHEAD], true);
}

/* What is around a tunnel goes to the same worker, so that the order of events is given. */
static void deal_around(struct front *f, struct round *round, struct round_part *part,
                        const struct packet *inner)
{
    struct packet *p = next_place(round);

    if (!inner->tunnels || !decode_around(f->decode, inner, p))
        return;
    p->clock_ns = f->clock_ns;
    give(round, part);
    f->dealt++;
}

static void count_frame(struct front *f, const struct frame *frame)
{
    f->dealt++;
    f->state.packets++;
    f->state.bytes += frame->wirelen;
    f->state.file_bytes += frame->caplen + 16u;
    f->count[COUNT_CUT] += frame->caplen < frame->wirelen;
    if (frame->ts_ns > f->clock_ns)
        set_clock(f, frame->ts_ns);
}

/* The frame of next_place. */
static void deal(struct front *f, struct round *round, bool stable)
{
    struct packet *p = next_place(round);
    struct frame *frame = &p->frame;

    frame->number = ++f->number;
    count_frame(f, frame);
    if (!stable)
        frame->data = arena_keep(&round->arena, (struct slice){frame->data, frame->caplen}).at;
    if (!frame->data)
        frame->caplen = 0;
    decode_frame(f->decode, frame, &round->arena, p);
    p->clock_ns = f->clock_ns;
    if (p->duplicate)
        return;
    uint32_t worker = round->shared ? p->shard / PACKET_PAIR_SHARDS % f->plan.workers : 0;
    struct round_part *part = &round->part[worker];
    give(round, part);
    deal_around(f, round, part, p);
}

/* The frame belongs to the next round: time starts over, a second begins, or it is not due yet. */
static bool belongs_later(struct front *f, struct round *round, const struct frame *frame)
{
    f->held_restart = starts_over(f, frame);
    if (f->held_restart)
        return true;
    if (due_in(f, frame->ts_ns))
        return true;
    if (!new_second(f, frame->ts_ns))
        return false;
    if (f->dealt)
        return true;
    tick(f, round, frame->ts_ns);
    return false;
}

/* The frame held back comes first; false when it is not due yet. */
static bool deal_held(struct front *f, struct round *round)
{
    uint64_t wait_ns = f->held_restart ? 0 : due_in(f, f->held.ts_ns);

    if (wait_ns) {
        round->idle = true;
        sleep_ns(wait_ns < SLEEP_NS ? wait_ns : SLEEP_NS);
        return wait_ns < SLEEP_NS;
    }
    return true;
}

static bool begin_with_held(struct front *f, struct round *round)
{
    if (!f->has_held)
        return true;
    if (!deal_held(f, round))
        return false;
    f->has_held = false;
    round->restart = f->held_restart;
    if (f->held_restart) {
        round->tick_ns = f->clock_ns;
        f->clock_ns = f->second_ns = 0;
    } else if (new_second(f, f->held.ts_ns)) {
        tick(f, round, f->held.ts_ns);
    }
    f->held_restart = false;
    next_place(round)->frame = f->held;
    deal(f, round, f->held_stable);
    return true;
}

/* Nothing was there to read at `asked_ns` of the clock. A silent interface must not hold back
 * timeouts: its seconds begin by the clock, but by that moment only. A busy machine may have put
 * us aside since, and what came meanwhile belongs to the seconds before. */
static void nothing_came(struct front *f, struct round *round, uint64_t asked_ns)
{
    round->idle = true;
    if (!f->ifaces)
        sleep_ns(SLEEP_NS / 10);
    else if (new_second(f, asked_ns - LAG_NS))
        tick(f, round, asked_ns - LAG_NS);
    else
        ifaces_wait(f->ifaces, SLEEP_NS);
}

/* False after the last frame. */
static bool fill(struct front *f, struct round *round)
{
    bool stable;

    while (f->dealt < ROUND_PACKETS) {
        struct frame *frame = &next_place(round)->frame;
        uint64_t asked_ns = f->ifaces && !f->dealt ? clock_now_ns() : 0;
        enum err err = next_frame(f, frame, &stable);
        if (err == ERR_AGAIN) {
            f->unbroken = 0;
            if (!f->dealt)
                nothing_came(f, round, asked_ns);
            return true;
        }
        if (err != ERR_OK)
            return false;
        if (belongs_later(f, round, frame)) {
            hold(f, frame, stable);
            return true;
        }
        deal(f, round, stable);
    }
    return true;
}

/* Live: the counters are brought up to date each second of the clock. */
static void check_ifaces(struct front *f, struct round *round, bool last)
{
    uint64_t now = clock_mono_ns();

    if (!f->ifaces || (!last && now - f->checked_mono_ns < CLOCK_S))
        return;
    f->checked_mono_ns = now;
    ifaces_check(f->ifaces, round, f->clock_ns ? f->clock_ns : clock_now_ns());
    f->state.lost = ifaces_lost(f->ifaces);
    round->want_stats = true;
}

/* True when the input has ended; a live one is worked off first. */
static bool stopped(struct front *f)
{
    if (!f->ifaces)
        return true;
    if (!f->stop_mono_ns)
        f->stop_mono_ns = clock_mono_ns();
    ifaces_stop(f->ifaces);
    return clock_mono_ns() - f->stop_mono_ns > DRAIN_S * CLOCK_S;
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

static void tell_findings(struct front *f, struct round *round)
{
    struct view_finding finding;
    struct notice notice;

    while (round->notices < ROUND_NOTICES_MAX && decode_finding(f->decode, &finding)) {
        span_notice(&finding, f->plan.ifaces ? f->plan.ifaces[finding.iface] : NULL, &notice);
        if (notice.number < round->first_number) /* told at the end of the input */
            notice.number = f->number;
        round_notice_at(round, &notice);
    }
}

bool front_fill(struct front *f, struct round *round, bool stop)
{
    f->round++;
    f->dealt = 0;
    f->stopping = f->stopping || stop;
    if (f->round > ROUND_SLOTS)
        close_retired(f, f->round - ROUND_SLOTS + 1);
    round->first_number = f->number + 1;
    bool ended = f->stopping && stopped(f);
    bool more = true;
    if (begin_with_held(f, round))
        more = fill(f, round);
    more = more && !ended;
    if (!more)
        decode_end(f->decode);
    tell_findings(f, round);
    round->last_ns = f->clock_ns;
    f->unbroken += f->dealt;
    round->at_ease = f->ifaces && f->unbroken < BEHIND_FRAMES;
    round->tell_stats = stats_due(f);
    round->want_stats = round->tell_stats || !more;
    check_ifaces(f, round, !more);
    if (round->want_stats) {
        stats_fini(&round->stats);
        decode_settle(f->decode);
        stats_sum(&round->stats, &f->stats);
    }
    return more;
}

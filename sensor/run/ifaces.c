/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/ifaces.h"
#include "common/clock.h"
#include "common/jsonw.h"
#include "common/log.h"
#include "sensor/capture/nic.h"
#include "sensor/capture/sources.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

const struct option ifaces_options[] = {
    {"capture.silence", CONF_SPAN, "60s",
     "An interface without a frame for so long is told by a visibility event; 0 = never"},
    OPTION_END,
};

enum {
    COUNT_OFFERED,
    COUNT_LOST,
    COUNT_STALLS,
    COUNT_MISSED,
    COUNT_FIFO,
    COUNT_DROPPED,
    COUNT_ARRIVED,
    COUNT_DAMAGED,
    COUNT_SILENT,
};
const struct counter ifaces_counters[] = {
    [COUNT_OFFERED] = {"capture.kernel_packets",
                       "Frames the kernel had for the sensor, those it then lost included"},
    [COUNT_LOST] = {"capture.kernel_drops", "Frames lost because the capture buffer was full; "
                                            "raise capture.buffer or workers"},
    [COUNT_STALLS] = {"capture.kernel_stalls", "Times the capture buffer was found full"},
    [COUNT_MISSED] = {"capture.nic_missed", "Frames the network card had no room for; enlarge its "
                                            "ring (ethtool -G) and spread its interrupts"},
    [COUNT_FIFO] = {"capture.nic_fifo", "Overruns of the network card's own memory"},
    [COUNT_DROPPED] = {"capture.nic_dropped",
                       "Frames the kernel calls dropped; also such that only "
                       "we had a use for, so this alone is no loss"},
    [COUNT_ARRIVED] = {"capture.nic_packets", "Frames the network card took off the wire"},
    [COUNT_DAMAGED] = {"capture.nic_damaged", "Frames that came damaged (CRC, length, alignment): "
                                              "cable, transceiver or mirror port"},
    [COUNT_SILENT] = {"capture.silent", "Times an interface went silent"},
    COUNTER_END,
};

enum { WAIT_BY_ITSELF_MS = 20 };
#define HOLD_NS (3 * CLOCK_MS)

struct iface {
    const char *name;
    const struct capture_def *row;
    struct capture *capture;
    struct frame head; /* read, not given yet */
    bool has_head, ended;
    uint64_t frames, frames_before; /* before: at the last check that saw new ones */
    uint64_t heard_ns;              /* monotonic; when that was */
    bool silent, gone;
    struct nic_counts before, now; /* when it was opened; when it was last asked */
    /* of earlier openings: a device that was taken away and came back is opened again */
    struct capture_loss past;
    struct nic_counts past_nic;
};

struct ifaces {
    const struct conf *conf;
    struct iface iface[IFACES_MAX];
    uint32_t n;
    bool stopped;
    uint64_t silence_ns;
    uint64_t lost;
    uint64_t *count;
};

/* ---- life --------------------------------------------------------------------------------- */

static void say_notes(const struct strbuf *notes)
{
    struct slice rest = strbuf_view(notes);

    while (rest.len) {
        int64_t end = slice_find_byte(rest, '\n');
        uint32_t len = end < 0 ? rest.len : (uint32_t)end;
        log_say(LOG_WARN, "%.*s", (int)len, (const char *)rest.at);
        rest = slice_from(rest, len + 1);
    }
}

static enum err open_iface(struct ifaces *s, const struct conf *conf, const char *name,
                           struct capture_fault *fault)
{
    struct iface *f = &s->iface[s->n];
    struct strbuf notes;

    if (s->n == IFACES_MAX) {
        snprintf(fault->text, sizeof(fault->text), "more than %d interfaces", IFACES_MAX);
        return ERR_FULL;
    }
    strbuf_init(&notes, 4096);
    f->name = name;
    enum err err = sources_open_iface(conf, name, &f->row, &f->capture, fault, &notes);
    if (!err)
        say_notes(&notes);
    strbuf_fini(&notes);
    if (err)
        return err;
    log_say(LOG_NOTE, "%s is read by %s", name, f->row->method);
    nic_counts(name, &f->before);
    f->now = f->before;
    f->heard_ns = clock_mono_ns();
    s->n++;
    return ERR_OK;
}

enum err ifaces_new(const struct conf *conf, const char *const *names, struct stats *stats,
                    struct ifaces **ifaces, struct capture_fault *fault)
{
    struct ifaces *s = calloc(1, sizeof(*s));
    if (!s)
        return ERR_NOMEM;
    s->conf = conf;
    s->count = stats_add(stats, ifaces_counters);
    s->silence_ns = conf_span_ns(conf, "capture.silence");
    enum err err = ERR_OK;
    for (uint32_t i = 0; names[i] && !err; i++)
        err = open_iface(s, conf, names[i], fault);
    if (err)
        ifaces_free(&s);
    *ifaces = s;
    return err;
}

void ifaces_free(struct ifaces **ifaces)
{
    struct ifaces *s = *ifaces;

    for (uint32_t i = 0; s && i < s->n; i++)
        s->iface[i].row->close(&s->iface[i].capture);
    free(s);
    *ifaces = NULL;
}

/* ---- frames ------------------------------------------------------------------------------- */

static void fill_head(struct iface *f, uint16_t index)
{
    struct capture_fault fault = {""};

    if (f->has_head || f->ended)
        return;
    f->head.sums_open = f->head.cut_by_ring = f->head.past_libpcap = false;
    enum err err = f->row->next(f->capture, &f->head, &fault);
    if (err == ERR_OK) {
        f->head.iface = index;
        f->has_head = true;
        f->frames++;
    } else if (err != ERR_AGAIN) {
        f->ended = true;
        if (fault.text[0])
            log_say(LOG_FAULT, "%s: %s", f->name, fault.text);
    }
}

/* The interface with the oldest frame; NULL when there is none. `waiting`: another one may still
 * bring an older one. */
static struct iface *oldest(struct ifaces *s, bool *waiting, bool *all_ended)
{
    struct iface *found = NULL;

    *waiting = false;
    *all_ended = true;
    for (uint32_t i = 0; i < s->n; i++) {
        struct iface *f = &s->iface[i];
        fill_head(f, (uint16_t)i);
        *all_ended = *all_ended && f->ended;
        if (!f->has_head)
            *waiting = *waiting || !f->ended;
        else if (!found || f->head.ts_ns < found->head.ts_ns)
            found = f;
    }
    return found;
}

enum err ifaces_next(struct ifaces *s, struct frame *frame)
{
    bool waiting;
    bool all_ended;
    struct iface *f = oldest(s, &waiting, &all_ended);

    if (!f)
        return all_ended ? ERR_END : ERR_AGAIN;
    if (waiting && !s->stopped && f->head.ts_ns + HOLD_NS > clock_now_ns())
        return ERR_AGAIN;
    *frame = f->head;
    f->has_head = false;
    return ERR_OK;
}

void ifaces_wait(const struct ifaces *s, uint64_t wait_ns)
{
    struct pollfd at[IFACES_MAX];
    nfds_t n = 0;

    for (uint32_t i = 0; i < s->n; i++) {
        const struct iface *f = &s->iface[i];
        if (f->has_head) /* held back for another one: not for long */
            wait_ns = wait_ns < CLOCK_MS ? wait_ns : CLOCK_MS;
        else if (!f->ended && f->row->fd)
            at[n++] = (struct pollfd){.fd = f->row->fd(f->capture), .events = POLLIN};
    }
    struct timespec wait = {(time_t)(wait_ns / CLOCK_S), (long)(wait_ns % CLOCK_S)};
    ppoll(at, n, &wait, NULL);
}

void ifaces_stop(struct ifaces *s)
{
    for (uint32_t i = 0; i < s->n && !s->stopped; i++) {
        if (s->iface[i].row->stop)
            s->iface[i].row->stop(s->iface[i].capture);
    }
    s->stopped = true;
}

/* ---- what is not seen --------------------------------------------------------------------- */

static void add_nic(struct nic_counts *sum, const struct nic_counts *now,
                    const struct nic_counts *before)
{
    sum->packets += now->packets - before->packets;
    sum->missed += now->missed - before->missed;
    sum->fifo += now->fifo - before->fifo;
    sum->dropped += now->dropped - before->dropped;
    sum->damaged += now->damaged - before->damaged;
}

/* All of an interface so far, earlier openings included. */
static void sum_up(const struct iface *f, struct capture_loss *loss, struct nic_counts *nic)
{
    struct capture_loss now = {0};

    *loss = f->past;
    *nic = f->past_nic;
    if (f->row->loss)
        f->row->loss(f->capture, &now);
    loss->offered += now.offered;
    loss->ring += now.ring;
    loss->stalls += now.stalls;
    add_nic(nic, &f->now, &f->before);
}

/* The device came back under its name, as another one to the kernel. */
static void open_again(struct ifaces *s, struct iface *f)
{
    struct capture_fault fault = {""};
    const struct capture_def *row = NULL;
    struct capture *capture = NULL;
    struct strbuf notes;

    strbuf_init(&notes, 4096);
    enum err err = sources_open_iface(s->conf, f->name, &row, &capture, &fault, &notes);
    strbuf_fini(&notes);
    if (err)
        return; /* asked again in a second */
    sum_up(f, &f->past, &f->past_nic);
    f->row->close(&f->capture);
    f->row = row;
    f->capture = capture;
    nic_counts(f->name, &f->before);
    f->now = f->before;
    f->gone = f->ended = false;
    log_say(LOG_NOTE, "%s is there again, and read by %s", f->name, row->method);
}

static void look_after(struct ifaces *s, struct iface *f)
{
    struct nic_counts now;
    bool there = nic_counts(f->name, &now);

    if (f->gone && there && !f->has_head && !s->stopped) {
        open_again(s, f);
    } else if (!there && !f->gone) {
        f->gone = true;
        log_say(LOG_WARN, "%s was taken away; the sensor waits for it", f->name);
    } else if (there && !f->gone) {
        f->now = now;
    }
}

static void count_losses(struct ifaces *s)
{
    uint64_t sum[COUNT_SILENT] = {0};

    for (uint32_t i = 0; i < s->n; i++) {
        struct capture_loss loss;
        struct nic_counts nic;
        look_after(s, &s->iface[i]);
        sum_up(&s->iface[i], &loss, &nic);
        sum[COUNT_OFFERED] += loss.offered;
        sum[COUNT_LOST] += loss.ring;
        sum[COUNT_STALLS] += loss.stalls;
        sum[COUNT_MISSED] += nic.missed;
        sum[COUNT_FIFO] += nic.fifo;
        sum[COUNT_DROPPED] += nic.dropped;
        sum[COUNT_ARRIVED] += nic.packets;
        sum[COUNT_DAMAGED] += nic.damaged;
    }
    memcpy(s->count, sum, sizeof(sum));
    s->lost = sum[COUNT_LOST] + sum[COUNT_MISSED] + sum[COUNT_FIFO];
}

static void notice(struct round *round, const struct iface *f, const char *what, uint64_t silent_ns,
                   uint64_t ts_ns)
{
    struct strbuf detail;
    struct jsonw w;
    char affects[64];

    strbuf_init(&detail, ROUND_DETAIL_MAX);
    jsonw_init(&w, &detail);
    jsonw_str(&w, "interface", f->name);
    jsonw_u64(&w, "silent_s", silent_ns / CLOCK_S);
    snprintf(affects, sizeof(affects), "everything on %s", f->name);
    round_notice(round, what, affects, strbuf_view(&detail), ts_ns);
    strbuf_fini(&detail);
}

static void check_silence(struct ifaces *s, struct iface *f, struct round *round, uint64_t ts_ns)
{
    uint64_t now = clock_mono_ns();
    uint64_t silent_ns = now - f->heard_ns;

    if (f->frames != f->frames_before) {
        if (f->silent) {
            notice(round, f, "traffic resumed", silent_ns, ts_ns);
            log_say(LOG_NOTE, "%s: frames come again after %llu s", f->name,
                    (unsigned long long)(silent_ns / CLOCK_S));
        }
        f->frames_before = f->frames;
        f->heard_ns = now;
        f->silent = false;
    } else if (!f->silent && s->silence_ns && silent_ns >= s->silence_ns) {
        f->silent = true;
        s->count[COUNT_SILENT]++;
        notice(round, f, "no traffic", silent_ns, ts_ns);
        log_say(LOG_WARN, "%s: no frame for %llu s; is the mirror port on?", f->name,
                (unsigned long long)(silent_ns / CLOCK_S));
    }
}

void ifaces_check(struct ifaces *s, struct round *round, uint64_t ts_ns)
{
    count_losses(s);
    for (uint32_t i = 0; i < s->n; i++)
        check_silence(s, &s->iface[i], round, ts_ns);
}

uint64_t ifaces_lost(const struct ifaces *s)
{
    return s->lost;
}

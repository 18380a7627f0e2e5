/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/summary.h"
#include "common/clock.h"
#include "sensor/run/sensor.h"

#include <stdio.h>
#include <unistd.h>

#define SHOW_EVERY (200 * CLOCK_MS)

void progress_start(struct progress *p, bool silent)
{
    *p = (struct progress){
        .on = !silent && isatty(STDERR_FILENO),
        .start_ns = clock_mono_ns(),
    };
}

void progress_show(struct progress *p, struct front_state state)
{
    if (!p->on)
        return;
    uint64_t now = clock_mono_ns();
    if (now - p->shown_ns < SHOW_EVERY)
        return;
    p->shown_ns = now;
    double seconds = (double)(now - p->start_ns) / 1e9;
    double done = state.of_bytes ? (double)state.file_bytes / (double)state.of_bytes : 0;
    fprintf(stderr, "\r%5.1f MB  %9.0f packets/s", (double)state.file_bytes / 1e6,
            seconds > 0 ? (double)state.packets / seconds : 0);
    if (done > 0 && done <= 1)
        fprintf(stderr, "  %3.0f%%  %.0f s left", done * 100, seconds / done - seconds);
    fputs("\033[K", stderr);
}

void progress_end(struct progress *p)
{
    if (p->on)
        fputs("\r\033[K", stderr);
    p->on = false;
}

void summary_print(const struct sensor_result *r)
{
    double seconds = (double)r->run_ns / 1e9;

    fprintf(stderr, "%llu packets, %.1f MB in %.2f s\n", (unsigned long long)r->front.packets,
            (double)r->front.bytes / 1e6, seconds);
    fprintf(stderr,
            "%llu events; %llu alerts, %llu deviations (high %llu, medium %llu, low %llu)\n",
            (unsigned long long)r->tail.events, (unsigned long long)r->tail.alerts,
            (unsigned long long)r->tail.deviations, (unsigned long long)r->tail.by_severity[1],
            (unsigned long long)r->tail.by_severity[2],
            (unsigned long long)(r->tail.by_severity[3] + r->tail.by_severity[4]));
    for (uint32_t i = 0; i < r->n_top; i++)
        fprintf(stderr, "  %8llu  %u %s\n", (unsigned long long)r->top[i].alerts, r->top[i].sid,
                r->top[i].msg);
    if (r->rules || r->quarantined)
        fprintf(stderr, "%u rules in force, %u set aside\n", r->rules, r->quarantined);
    if (r->tail.device_changes)
        fprintf(stderr, "%llu changes of the device inventory\n",
                (unsigned long long)r->tail.device_changes);
    if (r->front.lost || r->front.damaged || r->front.failed)
        fprintf(stderr,
                "lost before the sensor: %llu packets; captures broken off: %u, unreadable: %u\n",
                (unsigned long long)r->front.lost, r->front.damaged, r->front.failed);
}

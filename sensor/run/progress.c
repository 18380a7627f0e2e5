/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/progress.h"
#include "common/clock.h"

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

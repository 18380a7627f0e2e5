/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much a device usually does in 300 s, as histograms with two bins to the doubling:
 *
 *     bits = -log2((mass at or above x + 1/2) / (N + 1)) + 2 * max(0, log2((1 + x) / (1 + max)))
 *
 * A count is reported when it reaches 13 bits, one and a half times the most before, and a floor
 * below which nothing is worth a report, and 36 windows are learnt. Windows that were reported are
 * not learnt.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_VOLUME_H
#define TRAMGAC_SENSOR_DEVICE_VOLUME_H

#include "common/clock.h"

#include <stdbool.h>
#include <stdint.h>

enum volume_kind { VOLUME_OPENED, VOLUME_FAILED, VOLUME_QUERIES, VOLUME_INBOUND, VOLUME_KINDS };
enum { VOLUME_BINS = 32 };

struct volume_count {
    uint32_t now;  /* in the window at hand */
    uint32_t most; /* of the windows learnt */
    bool reported; /* in the window at hand */
    uint16_t bins[VOLUME_BINS];
};

struct volume {
    uint64_t window_ns;         /* start of the window at hand; 0 = none yet */
    uint32_t windows;           /* learnt */
    struct volume_count *count; /* VOLUME_KINDS, made with the first window */
};

#define VOLUME_WINDOW_NS (300 * CLOCK_S)

/** Makes `count`; false without memory. */
bool volume_make(struct volume *volume);
void volume_fini(struct volume *volume);

/** Closes the windows that are over. */
void volume_move(struct volume *volume, uint64_t now_ns);

static inline void volume_tick(struct volume *volume, uint64_t now_ns)
{
    if (!volume->window_ns || now_ns - volume->window_ns >= VOLUME_WINDOW_NS)
        volume_move(volume, now_ns);
}

/** Counts one; true when the window has become too much (once per window). `bits` is then set. */
bool volume_add(struct volume *volume, enum volume_kind kind, double *bits);
double volume_threshold(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/volume.h"

#include "common/clock.h"

#include <math.h>
#include <stdlib.h>

enum { WINDOWS_MOST = 4032 /* two weeks */, WARM_UP = 36 /* three hours */ };
static const double THRESHOLD = 13;
static const uint32_t floors[VOLUME_KINDS] = {
    [VOLUME_OPENED] = 8, [VOLUME_FAILED] = 6, [VOLUME_QUERIES] = 30, [VOLUME_INBOUND] = 6};

double volume_threshold(void)
{
    return THRESHOLD;
}

static uint32_t bin_of(uint32_t x)
{
    uint32_t bin = (uint32_t)(2 * log2(1.0 + x));

    return bin < VOLUME_BINS ? bin : VOLUME_BINS - 1;
}

/* Half of everything: what is long ago fades. */
static void fade(struct volume *v)
{
    v->windows /= 2;
    for (uint32_t k = 0; k < VOLUME_KINDS; k++) {
        for (uint32_t i = 0; i < VOLUME_BINS; i++)
            v->count[k].bins[i] /= 2;
    }
}

static void learn(struct volume *v, uint32_t windows)
{
    for (uint32_t k = 0; k < VOLUME_KINDS; k++) {
        struct volume_count *c = &v->count[k];
        if (!c->reported) {
            c->bins[bin_of(c->now)]++;
            c->most = c->now > c->most ? c->now : c->most;
        }
        c->bins[0] = (uint16_t)(c->bins[0] + windows - 1);
        c->now = 0;
        c->reported = false;
    }
    v->windows += windows;
    if (v->windows >= WINDOWS_MOST)
        fade(v);
}

bool volume_make(struct volume *v)
{
    if (!v->count)
        v->count = calloc(VOLUME_KINDS, sizeof(*v->count));
    return v->count;
}

void volume_fini(struct volume *v)
{
    free(v->count);
    *v = (struct volume){0};
}

void volume_move(struct volume *v, uint64_t now_ns)
{
    if (!volume_make(v))
        return;
    if (v->window_ns == 0 || now_ns < v->window_ns) {
        v->window_ns = now_ns;
        return;
    }
    uint64_t over = (now_ns - v->window_ns) / VOLUME_WINDOW_NS;
    if (over == 0)
        return;
    /* silence longer than a week says no more than a week of it */
    learn(v, over < WINDOWS_MOST / 2 ? (uint32_t)over : WINDOWS_MOST / 2);
    v->window_ns += over * VOLUME_WINDOW_NS;
}

static double bits_of(const struct volume *v, const struct volume_count *c)
{
    double above = 0;

    for (uint32_t i = bin_of(c->now); i < VOLUME_BINS; i++)
        above += c->bins[i];
    double more = log2((1.0 + c->now) / (1.0 + c->most));
    return -log2((above + 0.5) / (v->windows + 1.0)) + (more > 0 ? 2 * more : 0);
}

bool volume_add(struct volume *v, enum volume_kind kind, double *bits)
{
    if (!v->count)
        return false;
    struct volume_count *c = &v->count[kind];
    if (c->now < UINT32_MAX)
        c->now++;
    if (c->reported || v->windows < WARM_UP || c->now < floors[kind] ||
        c->now * 2.0 < c->most * 3.0)
        return false;
    *bits = bits_of(v, c);
    c->reported = *bits >= THRESHOLD;
    return c->reported;
}

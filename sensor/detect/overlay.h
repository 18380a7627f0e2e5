/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What commands have put into a frozen set of values or taken out of it, while workers ask it.
 *
 * Readers take no lock: an entry is whole before it can be found, stays where it is until the
 * overlay is freed, and only its mark changes. One writer at a time. Values that were taken out
 * keep their place, so what is ever put in counts against the set's memory.
 */
#ifndef TRAMGAC_SENSOR_DETECT_OVERLAY_H
#define TRAMGAC_SENSOR_DETECT_OVERLAY_H

#include "common/slice.h"

struct overlay;

enum overlay_says { OVERLAY_NOTHING, OVERLAY_THERE, OVERLAY_GONE };

/** NULL without memory. */
struct overlay *overlay_new(void);
void overlay_free(struct overlay **overlay);

/** OVERLAY_NOTHING: ask the set below. */
enum overlay_says overlay_find(const struct overlay *overlay, struct slice value);
/** The writer's: something was put in or taken out since the start. */
bool overlay_used(const struct overlay *overlay);
/** The writer's: false at `most_bytes`, or without memory. */
bool overlay_put(struct overlay *overlay, struct slice value, bool there, uint64_t most_bytes);
/** The writer's: nothing is there any more, nor below. */
void overlay_clear(struct overlay *overlay);
/** The writer's: all values that are there, in the order in which they came first. */
typedef void (*overlay_each_fn)(void *context, struct slice value);
void overlay_each(const struct overlay *overlay, overlay_each_fn each, void *context);

#endif

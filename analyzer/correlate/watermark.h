/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far event time has come: the oldest of the newest times of all sensors that are not idle. A
 * sensor is idle when it is further behind the newest of all than the idle time.
 */
#ifndef TRAMGAC_ANALYZER_CORRELATE_WATERMARK_H
#define TRAMGAC_ANALYZER_CORRELATE_WATERMARK_H

#include "analyzer/correlate/correlate.h"

struct watermark;

struct watermark *watermark_new(uint64_t idle_ns);
void watermark_free(struct watermark **w);
void watermark_clear(struct watermark *w);

/** An event of `sensor` came. Beyond 4,096 sensors further ones hold nothing back. */
void watermark_note(struct watermark *w, const char *sensor, uint64_t ts_ns);
/** 0 before the first event. */
uint64_t watermark_at(const struct watermark *w);

/** The newest time of all sensors; 0 before the first event. */
uint64_t watermark_newest(const struct watermark *w);

enum err watermark_save(const struct watermark *w, const char *name,
                        const struct correlate_sink *sink);
void watermark_restore(struct watermark *w, const struct json *v);

#endif

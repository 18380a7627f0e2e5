/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interfaces of a live run, read as one source: the oldest frame first, as far as frames that
 * were stamped earlier can still come. Knows what was lost before us, and when an interface has
 * gone silent.
 */
#ifndef TRAMGAC_SENSOR_RUN_IFACES_H
#define TRAMGAC_SENSOR_RUN_IFACES_H

#include "common/conf.h"
#include "sensor/run/round.h"

enum { IFACES_MAX = 16 };

extern const struct option ifaces_options[];
extern const struct counter ifaces_counters[];

struct ifaces;

/** `names` ended by NULL. ERR_IO with a sentence when one cannot be opened. */
enum err ifaces_new(const struct conf *conf, const char *const *names, struct stats *stats,
                    struct ifaces **ifaces, struct capture_fault *fault);
void ifaces_free(struct ifaces **ifaces);

/** ERR_OK: the next frame, valid until the next call. ERR_AGAIN: none now. ERR_END: none any more
 * (after ifaces_stop, or all are gone). */
enum err ifaces_next(struct ifaces *ifaces, struct frame *frame);

/** Sleeps until a frame may have come, at most `wait_ns`. */
void ifaces_wait(const struct ifaces *ifaces, uint64_t wait_ns);

/** No further frames are accepted; what is there already is still given. */
void ifaces_stop(struct ifaces *ifaces);

/** Brings the counters up to date; `ts_ns`: time for the notices (silence and its end), which are
 * added to the round. Call about once a second. */
void ifaces_check(struct ifaces *ifaces, struct round *round, uint64_t ts_ns);

/** Frames lost before us so far, by all causes but a damaged frame. */
uint64_t ifaces_lost(const struct ifaces *ifaces);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packet tier: reads frames from the sources one after the other (or from interfaces at once),
 * decodes each once, and deals packets to the workers by the hash of their flow.
 */
#ifndef TRAMGAC_SENSOR_RUN_FRONT_H
#define TRAMGAC_SENSOR_RUN_FRONT_H

#include "common/conf.h"
#include "sensor/run/round.h"

extern const struct option front_options[];
extern const struct counter front_counters[];

struct front;

struct front_plan {
    const struct conf *conf;
    const char *const *replay; /* files, directories or "-", ended by NULL; or NULL */
    const char *const *ifaces; /* interfaces, ended by NULL; or NULL */
    double speed;              /* replay: 1 = as recorded; 0 = as fast as possible */
    uint32_t workers;
};

/** Opens interfaces at once, files as they come. ERR_IO with a sentence when a source is missing.
 */
enum err front_new(const struct front_plan *plan, struct front **front,
                   struct capture_fault *fault);
void front_free(struct front **front);

/** Fills a round; false when there will be no more frames after it. `stop`: end soon; what
 * interfaces have taken already is still read. */
bool front_fill(struct front *front, struct round *round, bool stop);

/** For progress and the summary. */
struct front_state {
    uint64_t packets, bytes;       /* read so far */
    uint64_t file_bytes, of_bytes; /* captures: read, in all (0 = unknown) */
    uint64_t lost;                 /* dropped before they reached us */
    uint32_t failed, damaged;      /* sources that could not be read, that broke off */
};
struct front_state front_state(const struct front *front);
/** What was wrong with the last source that failed; empty when none did. */
const char *front_fault(const struct front *front);

#endif

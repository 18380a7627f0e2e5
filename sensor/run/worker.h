/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flow tier: one worker owns the flows whose hash is its own, and does with a packet all that
 * can be done without knowing other flows. Results go to the host tier as items.
 */
#ifndef TRAMGAC_SENSOR_RUN_WORKER_H
#define TRAMGAC_SENSOR_RUN_WORKER_H

#include "common/conf.h"
#include "sensor/event/event.h"
#include "sensor/run/round.h"

struct worker;

struct worker_plan {
    const struct conf *conf;
    const struct ruleset *ruleset; /* NULL: no detection */
    const char *sensor;
    const char *const *ifaces; /* names by frame.iface; NULL in a replay */
    uint32_t n_ifaces;
    const char *file_name; /* a replay of this one file; else NULL */
    uint64_t flow_bytes;   /* memory of the flow tables of all workers */
    uint32_t workers;
    struct explain *explain; /* NULL: no rule is explained; else one worker */
};

struct worker *worker_new(const struct worker_plan *plan);
void worker_free(struct worker **worker);

/** Works off its part of the round. */
void worker_round(struct worker *worker, struct round *round, struct round_part *part);

#endif

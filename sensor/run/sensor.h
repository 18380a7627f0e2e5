/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of the sensor: front, workers and tail put together, until the input ends or a signal says
 * stop. With one worker all three are one thread.
 */
#ifndef TRAMGAC_SENSOR_RUN_SENSOR_H
#define TRAMGAC_SENSOR_RUN_SENSOR_H

#include "sensor/run/front.h"
#include "sensor/run/settings.h"
#include "sensor/run/tail.h"

struct sensor_plan {
    struct conf *conf;         /* complete; shares are derived here */
    const char *const *replay; /* ended by NULL, or NULL */
    const char *const *ifaces; /* ended by NULL, or NULL */
    const char *const *rules;  /* files and directories, ended by NULL, or NULL */
    const char *dir;           /* outputs */
    double speed;
    bool quiet;              /* no progress, no summary */
    bool serve;              /* captures come over the control socket: sensor_serve */
    struct explain *explain; /* NULL: no rule is explained */
    /** NULL, or called when the input has ended and the rules are still there. */
    void (*ended)(void *context, const struct ruleset *ruleset);
    void *context;
};

struct sensor_result {
    struct front_state front;
    struct tail_state tail;
    uint32_t rules, quarantined;
    uint64_t run_ns;
    uint32_t n_top;
    struct {
        uint32_t sid;
        char msg[96];
        uint64_t alerts;
    } top[5];
};

/** Exit status: 0 done, 2 when nothing could be read or started (what is wrong was logged). */
int sensor_run(const struct sensor_plan *plan, struct sensor_result *result);

/** The resident service: rules are loaded once, captures are taken from the control socket one
 * after the other, each with results in a directory of its own. Until a signal or `shutdown`. */
int sensor_serve(const struct sensor_plan *plan);

/** -T: lists every fault of configuration, rules and profiles; 0, or 1 when there are some. */
int sensor_check(const struct sensor_plan *plan);

#endif

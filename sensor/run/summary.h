/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operator sees of a replay on a terminal: progress while it runs, a summary at the end.
 * Nothing is printed elsewhere.
 */
#ifndef TRAMGAC_SENSOR_RUN_SUMMARY_H
#define TRAMGAC_SENSOR_RUN_SUMMARY_H

#include "sensor/run/front.h"

struct progress {
    bool on;
    uint64_t start_ns, shown_ns;
};

/** Off when `silent` or when standard error is no terminal. */
void progress_start(struct progress *progress, bool silent);
void progress_show(struct progress *progress, struct front_state state);
void progress_end(struct progress *progress);

struct sensor_result;
/** The summary, to standard error. */
void summary_print(const struct sensor_result *result);

#endif

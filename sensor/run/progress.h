/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator sees of a replay on a terminal while it runs. */
#ifndef TRAMGAC_SENSOR_RUN_PROGRESS_H
#define TRAMGAC_SENSOR_RUN_PROGRESS_H

#include "sensor/run/front.h"

struct progress {
    bool on;
    uint64_t start_ns, shown_ns;
};

/** Off when `silent` or when standard error is no terminal. */
void progress_start(struct progress *progress, bool silent);
void progress_show(struct progress *progress, struct front_state state);
void progress_end(struct progress *progress);

#endif

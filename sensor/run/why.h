/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `explain`: replays a capture with one rule watched, and says why it did or did not fire: the
 * bytes of each alert, and for the rest the first condition that failed, nearest miss first.
 */
#ifndef TRAMGAC_SENSOR_RUN_WHY_H
#define TRAMGAC_SENSOR_RUN_WHY_H

#include "sensor/detect/explain.h"
#include "sensor/run/sensor.h"

/** Runs the plan with one worker and without outputs in a child, whose files vanish. On standard
 * output text, or one JSON object. 0, or 2: the capture cannot be read, or there is no such rule.
 */
int why_run(const struct sensor_plan *plan, const struct explain_ask *ask, bool json);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters and losses as Prometheus reads them (text format 0.0.4): GET /metrics.
 */
#ifndef TRAMGAC_SENSOR_RUN_METRICS_H
#define TRAMGAC_SENSOR_RUN_METRICS_H

#include "sensor/run/board.h"
#include "sensor/run/doors.h"

/** A door_line_fn that speaks as much HTTP as a scraper needs; `board` is the context. */
bool metrics_line(void *board, struct door_client *client, struct slice line, struct strbuf *reply);

/** The page itself. */
void metrics_write(const char *sensor, const struct stats *stats, struct strbuf *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The common head of every event: time, flow, both ends, origin.
 */
#ifndef TRAMGAC_SENSOR_EVENT_HEAD_H
#define TRAMGAC_SENSOR_EVENT_HEAD_H

#include "sensor/event/event.h"

/** Opens the object of the event and writes its head into it. */
void head_write(struct jsonw *w, const struct event_def *row, const struct event_ctx *ctx);

#endif

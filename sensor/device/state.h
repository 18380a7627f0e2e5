/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inventory and baselines as JSON: readable by people, complete for the machine. A run that is
 * saved and loaded in the middle says the same as one that was not.
 */
#ifndef TRAMGAC_SENSOR_DEVICE_STATE_H
#define TRAMGAC_SENSOR_DEVICE_STATE_H

#include "sensor/device/core.h"

void state_write(const struct devices *devices, struct strbuf *out);
/** Into fresh devices. A file that is missing is no error; one that is damaged is reported,
 * set aside as <path>.damaged, and nothing is taken from it. */
enum err state_load(struct devices *devices, const char *path, struct strbuf *report);
/** To a temporary file beside it, synced, then renamed. */
enum err state_save(const struct devices *devices, const char *path);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tramgac-sensor doctor -i IFACE`: looks at an interface and the machine around it as a capture
 * needs them, and names the command that mends each finding. Changes nothing itself.
 */
#ifndef TRAMGAC_SENSOR_RUN_DOCTOR_H
#define TRAMGAC_SENSOR_RUN_DOCTOR_H

#include "common/listing.h"

/** `ifaces` ended by NULL; `dir`: where outputs go, NULL = here. Prints the findings. Exit status:
 * 0 nothing to mend, 1 something is. */
int doctor_run(const char *const *ifaces, const char *dir, enum listing_format format);

#endif

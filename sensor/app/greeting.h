/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Greetings of FTP and SMTP servers begin alike ("220 "): the first whole line that names one of
 * them decides, for both probes.
 */
#ifndef TRAMGAC_SENSOR_APP_GREETING_H
#define TRAMGAC_SENSOR_APP_GREETING_H

#include "common/slice.h"

enum greeting { GREETING_OTHER, GREETING_MORE, GREETING_FTP, GREETING_SMTP };

/** GREETING_MORE: a greeting that names neither yet; the client's first words will tell. */
enum greeting greeting_of(struct slice head);

#endif

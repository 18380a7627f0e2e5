/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tramgac-sensor ctl COMMAND [ARGUMENT…]`: asks a running sensor over its control socket.
 */
#ifndef TRAMGAC_SENSOR_RUN_CLIENT_H
#define TRAMGAC_SENSOR_RUN_CLIENT_H

#include "common/slice.h"

/** Words: the command, then its arguments in their order (or name=value); ended by NULL. `wait`:
 * of a replay, until it is over. Prints the answer. Exit status: 0 done, 1 the sensor refused or
 * the replay failed, 2 nobody answers. */
int client_run(const char *socket, const char *const *words, bool wait);

/** The commands and their arguments, for the help. */
void client_help(void);

#endif

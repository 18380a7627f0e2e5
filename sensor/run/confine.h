/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gives up what a running sensor does not need, before it reads the first packet: rights of root,
 * writing outside its own directories, starting programs (see common/sandbox.h).
 */
#ifndef TRAMGAC_SENSOR_RUN_CONFINE_H
#define TRAMGAC_SENSOR_RUN_CONFINE_H

#include "common/conf.h"
#include "common/err.h"

/** `dir`: of the outputs. `live`: devices may have to be opened again. `serves`: answers on sockets
 * that listen already. Devices are open, no thread
 * runs. What could not be had is logged; an error only when sandbox.user cannot be become. */
enum err confine(const struct conf *conf, const char *dir, bool live, bool serves);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands about sets of values (dataset, datarep) share. Their names, arguments and
 * answers are those of Suricata's socket.
 */
#ifndef TRAMGAC_SENSOR_RUN_SETS_CTL_H
#define TRAMGAC_SENSOR_RUN_SETS_CTL_H

#include "sensor/run/control.h"
#include "sensor/run/reload.h"

/** The rules in force, until sets_ctl_done; NULL: there are none, and the fault says so. */
const struct ruleset *sets_ctl_begin(struct ctl_call *call);
void sets_ctl_done(struct ctl_call *call);

/** What is said to SETS_DONE and SETS_AS_IT_WAS; NULL: it is refused, with `failed`. */
struct sets_ctl_words {
    const char *done, *same, *failed;
};
/** Runs the command with the arguments setname, settype and datavalue. */
enum err sets_ctl_run(struct ctl_call *call, enum sets_command command,
                      const struct sets_ctl_words *words);

#endif

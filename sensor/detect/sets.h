/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of values while rules are in force: what commands change in them. One object for a ruleset
 * and those that are loaded again in its place, so that nothing is forgotten by a reload.
 *
 * A frozen set is changed by its overlay, which workers ask without a lock. A set of the host tier
 * is changed under the lock of this object, which the host tier takes where a rule's hit asks such
 * a set; its overlay knows the same, for the next run or ruleset.
 */
#ifndef TRAMGAC_SENSOR_DETECT_SETS_H
#define TRAMGAC_SENSOR_DETECT_SETS_H

#include "sensor/detect/dataset.h"

struct sets;

/** One user. NULL without memory. */
struct sets *sets_new(void);
struct sets *sets_hold(struct sets *sets);
/** With its last user: writes those of `last` that commands have changed and that are to be saved,
 * then frees. */
void sets_drop(struct sets **sets, const struct dataset *last);

/** Gives each its overlay. False without memory. */
bool sets_lay_over(struct sets *sets, struct dataset *all);

/** The host tier's own of `all`, from now on in force; values of those before stay as rules have
 * made them. NULL without memory: nothing has changed. */
struct dataset_live *sets_begin(struct sets *sets, const struct dataset *all);
/** These are not in force any more: saves and frees them. */
void sets_end(struct sets *sets, struct dataset_live **live);
/** dataset_live_admit of those in force. */
bool sets_admit(struct sets *sets, struct slice conditions);

#endif

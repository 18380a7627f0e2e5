/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/sets_ctl.h"

static enum err clear_value(struct ctl_call *call)
{
    return sets_ctl_run(
        call, SETS_CLEAR,
        &(struct sets_ctl_words){"dataset cleared", NULL, "failed to clear dataset"});
}

const struct ctl_def ctl_dataset_clear = {
    .name = "dataset-clear",
    .doc = "Takes all values out of a set",
    .arguments = {"setname", "settype"},
    .run = clear_value,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/sets_ctl.h"

static enum err remove_value(struct ctl_call *call)
{
    return sets_ctl_run(call, SETS_REMOVE,
                        &(struct sets_ctl_words){"data removed", NULL, "failed to remove data"});
}

const struct ctl_def ctl_dataset_remove = {
    .name = "dataset-remove",
    .doc = "Takes a value out of a set",
    .arguments = {"setname", "settype", "datavalue"},
    .run = remove_value,
};

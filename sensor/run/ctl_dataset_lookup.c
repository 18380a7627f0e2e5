/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/sets_ctl.h"

static enum err lookup_value(struct ctl_call *call)
{
    return sets_ctl_run(
        call, SETS_LOOKUP,
        &(struct sets_ctl_words){"item found in set", NULL, "item not found in set"});
}

const struct ctl_def ctl_dataset_lookup = {
    .name = "dataset-lookup",
    .doc = "Is the value in the set?",
    .arguments = {"setname", "settype", "datavalue"},
    .run = lookup_value,
};

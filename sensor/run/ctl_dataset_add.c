/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/sets_ctl.h"

static enum err add_value(struct ctl_call *call)
{
    return sets_ctl_run(
        call, SETS_ADD,
        &(struct sets_ctl_words){"data added", "data already in set", "failed to add data"});
}

const struct ctl_def ctl_dataset_add = {
    .name = "dataset-add",
    .doc = "Puts a value into a set that rules name (strings in Base64)",
    .arguments = {"setname", "settype", "datavalue"},
    .run = add_value,
};

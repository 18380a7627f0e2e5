/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/sets_ctl.h"

#include <stdio.h>

static enum err dump(struct ctl_call *call)
{
    const struct ruleset *rules = sets_ctl_begin(call);

    if (!rules)
        return ERR_UNSUPPORTED;
    bool written = sets_dump(rules);
    sets_ctl_done(call);
    if (!written) {
        snprintf(call->fault, sizeof(call->fault), "a file of the sets cannot be written");
        return ERR_IO;
    }
    jsonw_str(call->w, call->key, "datasets dump done");
    return ERR_OK;
}

const struct ctl_def ctl_dataset_dump = {
    .name = "dataset-dump",
    .doc = "Writes all sets with `save` or `state` to their files",
    .run = dump,
};

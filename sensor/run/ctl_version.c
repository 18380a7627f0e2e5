/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/control.h"

static enum err version(struct ctl_call *call)
{
    jsonw_str(call->w, call->key, "tramgac-sensor " TRAMGAC_VERSION);
    return ERR_OK;
}

const struct ctl_def ctl_version = {
    .name = "version",
    .doc = "Name and version of the program",
    .run = version,
};

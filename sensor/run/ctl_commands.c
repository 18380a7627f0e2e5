/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/control.h"

static enum err commands(struct ctl_call *call)
{
    jsonw_obj_open(call->w, call->key);
    jsonw_arr_open(call->w, "commands");
    for (uint32_t i = 0; ctl_rows[i]; i++) {
        jsonw_str(call->w, NULL, ctl_rows[i]->name);
        if (ctl_rows[i]->alias)
            jsonw_str(call->w, NULL, ctl_rows[i]->alias);
    }
    jsonw_arr_close(call->w);
    jsonw_obj_close(call->w);
    return ERR_OK;
}

const struct ctl_def ctl_commands = {
    .name = "commands",
    .alias = "command-list",
    .doc = "Names of all commands",
    .run = commands,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/control.h"

static enum err shut_down(struct ctl_call *call)
{
    board_stop(call->board);
    jsonw_str(call->w, call->key, "ends when all that was taken is worked off");
    return ERR_OK;
}

const struct ctl_def ctl_shutdown = {
    .name = "shutdown",
    .doc = "Ends the sensor as SIGTERM does",
    .run = shut_down,
};

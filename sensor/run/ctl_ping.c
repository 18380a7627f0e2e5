/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/control.h"

static enum err ping(struct ctl_call *call)
{
    jsonw_str(call->w, call->key, "pong");
    return ERR_OK;
}

const struct ctl_def ctl_ping = {
    .name = "ping",
    .doc = "Answers pong",
    .run = ping,
};

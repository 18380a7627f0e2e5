/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads the rules again and answers what has changed, or why the old ones stay.
 */
#include "common/clock.h"
#include "sensor/run/control.h"
#include "sensor/run/reload.h"

#include <stdio.h>

static enum err reload(struct ctl_call *call)
{
    struct reload *r = board_reload(call->board);
    struct strbuf members;

    if (!r) {
        snprintf(call->fault, sizeof(call->fault), "this sensor runs without rules");
        return ERR_UNSUPPORTED;
    }
    strbuf_init(&members, 0);
    enum err err = reload_ask_and_wait(r, 120 * CLOCK_S, &members);
    if (err) {
        snprintf(call->fault, sizeof(call->fault), "%s",
                 err == ERR_AGAIN ? "still at it after two minutes; see the log"
                                  : "the new rules were refused, the running ones stay; see the "
                                    "`rules` event and the log");
    } else {
        jsonw_obj_open(call->w, call->key);
        jsonw_members(call->w, strbuf_view(&members));
        jsonw_obj_close(call->w);
    }
    strbuf_fini(&members);
    return err;
}

const struct ctl_def ctl_reload = {
    .name = "reload",
    .alias = "reload-rules",
    .doc = "Loads the rules again; answers which were added, removed, modified, put aside",
    .run = reload,
};

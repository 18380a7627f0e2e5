/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/control.h"

static enum err queue(struct ctl_call *call)
{
    uint32_t n = 0;
    struct job j;

    jsonw_obj_open(call->w, call->key);
    jsonw_arr_open(call->w, "files");
    for (uint32_t i = 0; board_job_at(call->board, i, &j); i++) {
        if (j.state >= JOB_DONE)
            continue;
        jsonw_str(call->w, NULL, j.file);
        n++;
    }
    jsonw_arr_close(call->w);
    jsonw_u64(call->w, "count", n);
    jsonw_obj_close(call->w);
    return ERR_OK;
}

const struct ctl_def ctl_queue = {
    .name = "queue",
    .alias = "pcap-file-list",
    .doc = "Captures that wait or run",
    .run = queue,
};

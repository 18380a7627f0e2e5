/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queues a capture for the resident service. Its results go to a directory of its own: the one
 * given, taken from the service's -l when it is relative, or job-<n> there.
 */
#include "sensor/run/control.h"

#include <stdio.h>
#include <unistd.h>

static enum err replay(struct ctl_call *call)
{
    const char *file = json_str(json_get(call->arguments, "filename"), "");
    const char *dir = json_str(json_get(call->arguments, "output-dir"), "");
    char path[BOARD_PATH_MAX];
    uint64_t id = 0;

    if (!board_serves(call->board) || board_stopping(call->board)) {
        snprintf(call->fault, sizeof(call->fault),
                 "this sensor does not take captures: start one "
                 "with tramgac-sensor serve");
        return ERR_UNSUPPORTED;
    }
    if (!*file || access(file, R_OK) != 0 || strlen(file) >= sizeof(path)) {
        snprintf(call->fault, sizeof(call->fault), "filename: %s cannot be read", file);
        return ERR_IO;
    }
    int len = *dir == '/' || !*dir
                  ? snprintf(path, sizeof(path), "%s", dir)
                  : snprintf(path, sizeof(path), "%s/%s", board_dir(call->board), dir);
    if (len < 0 || (size_t)len >= sizeof(path)) {
        snprintf(call->fault, sizeof(call->fault), "output-dir is too long");
        return ERR_INPUT;
    }
    enum err err = board_add_job(call->board, file, path, &id);
    if (err) {
        snprintf(call->fault, sizeof(call->fault), "%d captures wait already", BOARD_JOBS_MAX);
        return err;
    }
    jsonw_obj_open(call->w, call->key);
    jsonw_u64(call->w, "job", id);
    jsonw_obj_close(call->w);
    return ERR_OK;
}

const struct ctl_def ctl_replay = {
    .name = "replay",
    .alias = "pcap-file",
    .doc = "Queues a capture (resident service); answers the number of the job",
    .arguments = {"filename", "output-dir"},
    .run = replay,
};

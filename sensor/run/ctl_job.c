/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of captures that were queued.
 */
#include "sensor/run/control.h"

#include <stdio.h>

static void write_job(struct jsonw *w, const char *key, const struct job *j)
{
    static const char *const states[] = {
        [JOB_WAITS] = "waits", [JOB_RUNS] = "runs", [JOB_DONE] = "done", [JOB_FAILED] = "failed"};

    jsonw_obj_open(w, key);
    jsonw_u64(w, "job", j->id);
    jsonw_str(w, "state", states[j->state]);
    jsonw_str(w, "filename", j->file);
    jsonw_str(w, "output-dir", j->dir);
    if (j->state >= JOB_DONE) {
        jsonw_u64(w, "packets", j->packets);
        jsonw_u64(w, "events", j->events);
        jsonw_u64(w, "alerts", j->alerts);
        jsonw_u64(w, "ms", j->run_ns / 1000000);
    }
    if (j->state == JOB_FAILED)
        jsonw_str(w, "why", j->why);
    jsonw_obj_close(w);
}

static enum err one(struct ctl_call *call, uint64_t id)
{
    struct job j;

    if (board_job(call->board, id, &j) != ERR_OK) {
        snprintf(call->fault, sizeof(call->fault), "there is no job %llu", (unsigned long long)id);
        return ERR_NOTFOUND;
    }
    write_job(call->w, call->key, &j);
    return ERR_OK;
}

static enum err job(struct ctl_call *call)
{
    const struct json *id = json_get(call->arguments, "job");
    struct job j;

    if (id)
        return one(call, (uint64_t)json_i64(id, 0));
    jsonw_arr_open(call->w, call->key);
    for (uint32_t i = 0; board_job_at(call->board, i, &j); i++)
        write_job(call->w, NULL, &j);
    jsonw_arr_close(call->w);
    return ERR_OK;
}

const struct ctl_def ctl_job = {
    .name = "job",
    .doc = "State and results of one job, or of all that are remembered",
    .arguments = {"job"},
    .run = job,
};

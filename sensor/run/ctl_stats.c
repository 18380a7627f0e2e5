/* SPDX-License-Identifier: Apache-2.0 */
#include "common/clock.h"
#include "sensor/run/control.h"
#include "sensor/run/dear.h"
#include "sensor/run/ledger.h"

static enum err stats(struct ctl_call *call)
{
    struct stats now;
    struct dear dear;

    board_stats(call->board, &now);
    board_dear(call->board, &dear);
    jsonw_obj_open(call->w, call->key);
    jsonw_u64(call->w, "uptime", (clock_mono_ns() - board_start_ns(call->board)) / CLOCK_S);
    stats_json(&now, call->w);
    ledger_json(&now, call->w);
    dear_json(&dear, call->w);
    jsonw_obj_close(call->w);
    stats_fini(&now);
    return ERR_OK;
}

const struct ctl_def ctl_stats = {
    .name = "stats",
    .alias = "dump-counters",
    .doc =
        "All counters, at most a second old, the losses with cause and remedy, the dearest rules",
    .run = stats,
};

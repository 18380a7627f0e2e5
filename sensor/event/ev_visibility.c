/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sensor cannot see, and why: faults of mirror ports (sensor/decode/view.c), loss, shed
 * work.
 */
#include "common/jsonw.h"
#include "sensor/event/event.h"

static void visibility_write(struct jsonw *w, const struct event_ctx *ctx)
{
    jsonw_obj_open(w, "visibility");
    jsonw_str(w, "what", ctx->note ? ctx->note : "");
    if (ctx->note_layer)
        jsonw_str(w, "affects", ctx->note_layer);
    jsonw_members(w, ctx->detail_json);
    jsonw_obj_close(w);
}

const struct event_def ev_visibility = {
    .name = "visibility",
    .doc = "What the sensor cannot see, and why",
    .ends = EVENT_ENDS_NONE,
    .schema = "visibility.what|text|Name of the problem\n"
              "visibility.affects|text|What is not seen because of it\n"
              "visibility.<figure>|number|Figures behind it\n",
    .write = visibility_write,
};

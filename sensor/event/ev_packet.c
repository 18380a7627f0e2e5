/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A packet that follows an alert whose rule has a `tag`: the frame itself.
 */
#include "common/jsonw.h"
#include "sensor/event/event.h"

static void packet_write(struct jsonw *w, const struct event_ctx *ctx)
{
    const struct packet *p = ctx->packet;

    if (!p)
        return;
    jsonw_base64(w, "packet", event_packet_bytes(p));
    jsonw_obj_open(w, "packet_info");
    jsonw_u64(w, "linktype", p->frame.linktype);
    jsonw_obj_close(w);
}

const struct event_def ev_packet = {
    .name = "packet",
    .doc = "A packet that a rule with tag asked for",
    .ends = EVENT_ENDS_PACKET,
    .schema = "packet|text|Frame in base64\n"
              "packet_info.linktype|integer|Link type of the frame\n",
    .write = packet_write,
};

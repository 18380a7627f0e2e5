/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A packet that follows an alert whose rule has a `tag`: the frame itself.
 */
#include "common/jsonw.h"
#include "sensor/event/event.h"

/* What was captured is added where it is decided (ev_packet_bytes). */
static void packet_write(struct jsonw *w, const struct event_ctx *ctx)
{
    (void)w;
    (void)ctx;
}

void ev_packet_bytes(struct jsonw *w, const struct packet *p, uint32_t most)
{
    jsonw_base64(w, "packet", slice_head(event_packet_bytes(p), most));
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One direction of a flow that ended, with Suricata's keys.
 */
#include "common/clock.h"
#include "common/jsonw.h"
#include "sensor/event/event.h"

static void netflow_write(struct jsonw *w, const struct event_ctx *ctx)
{
    const struct flow *f = ctx->flow;
    const struct flow_at *at = &f->at[ctx->dir];

    if (!f->app_name && !flow_failed(f, ctx->options->as_suricata))
        jsonw_str(w, "app_proto", "unknown");
    jsonw_obj_open(w, "netflow");
    jsonw_u64(w, "pkts", f->pkts[ctx->dir]);
    jsonw_u64(w, "bytes", f->bytes[ctx->dir]);
    jsonw_time(w, "start", f->first_ns);
    jsonw_time(w, "end", f->last_ns);
    jsonw_u64(w, "age", f->last_ns / CLOCK_S - f->first_ns / CLOCK_S);
    jsonw_u64(w, "min_ttl", at->ttl_min);
    jsonw_u64(w, "max_ttl", at->ttl_max);
    jsonw_obj_close(w);
    if (f->proto != IPPROTO_TCP4)
        return;
    jsonw_obj_open(w, "tcp");
    ev_flow_flags(w, ev_flow_seen(ctx, ctx->dir));
    jsonw_obj_close(w);
}

const struct event_def ev_netflow = {
    .name = "netflow",
    .doc = "One direction of a flow that ended; off unless asked for",
    .ends = EVENT_ENDS_SENDER,
    .schema = "netflow.pkts|integer|Packets of this direction\n"
              "netflow.bytes|integer|Bytes on the wire\n"
              "netflow.start|time|First packet of the flow\n"
              "netflow.end|time|Last packet of the flow\n"
              "netflow.age|integer|Seconds between them\n"
              "netflow.min_ttl|integer|Least time to live of this direction\n"
              "netflow.max_ttl|integer|Greatest time to live of this direction\n"
              "tcp.tcp_flags|text|All flags seen, two hexadecimal digits\n"
              "tcp.syn|boolean|Flag seen; so fin, rst, psh, ack, urg, ecn, cwr\n",
    .write = netflow_write,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What decoders, reassembly and parsers noted of the packets of one host in an hour, in sums.
 */
#include "common/jsonw.h"
#include "sensor/event/event.h"

static void summary_write(struct jsonw *w, const struct event_ctx *ctx)
{
    jsonw_obj_open(w, "anomaly_summary");
    jsonw_members(w, ctx->detail_json);
    jsonw_obj_close(w);
}

const struct event_def ev_summary = {
    .name = "anomaly_summary",
    .doc = "Events of the engine, counted for a host and an hour of packet time",
    .ends = EVENT_ENDS_NONE,
    .schema =
        "anomaly_summary.host|text|Internal end of the packets, else their sender; none: not IP\n"
        "anomaly_summary.from|text|First event that was counted\n"
        "anomaly_summary.to|text|End of the hour\n"
        "anomaly_summary.total|integer|How many events\n"
        "anomaly_summary.events|list|type, event and count of the most frequent\n"
        "anomaly_summary.not_counted_by_host|integer|More: the table was full\n",
    .write = summary_write,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A note of a decoder, of reassembly or of a protocol parser, with Suricata's keys.
 */
#include "common/jsonw.h"
#include "sensor/event/event.h"

static void anomaly_write(struct jsonw *w, const struct event_ctx *ctx)
{
    bool app = ctx->note_layer && strcmp(ctx->note_layer, "applayer") == 0;

    if (app && ctx->tx)
        jsonw_u64(w, "tx_id", ctx->tx->id);
    jsonw_obj_open(w, "anomaly");
    if (app && ctx->flow && ctx->flow->app_name)
        jsonw_str(w, "app_proto", ctx->flow->app_name);
    jsonw_str(w, "type", ctx->note_layer ? ctx->note_layer : "decode");
    jsonw_str(w, "event", ctx->note ? ctx->note : "");
    if (app)
        jsonw_str(w, "layer", "proto_parser");
    jsonw_obj_close(w);
}

const struct event_def ev_anomaly = {
    .name = "anomaly",
    .doc = "Malformed or unexpected traffic",
    .ends = EVENT_ENDS_PACKET,
    .schema = "tx_id|integer|Transaction, for notes of parsers\n"
              "anomaly.app_proto|text|Protocol, for notes of parsers\n"
              "anomaly.type|text|decode, stream, applayer\n"
              "anomaly.event|text|Name of the note\n"
              "anomaly.layer|text|proto_parser, for notes of parsers\n",
    .write = anomaly_write,
};

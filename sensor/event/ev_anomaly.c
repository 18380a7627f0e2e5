/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A note of a decoder, of reassembly or of a protocol parser, with Suricata's keys.
 */
#include "common/jsonw.h"
#include "sensor/event/event.h"

#include <stdio.h>

enum { NOTE_BYTES = 32 }; /* of the frame */

/* Suricata writes the names of these in capitals, and those that recognising gives. */
static bool in_capitals(const struct event_ctx *ctx)
{
    static const char *const loud[] = {"http", "tls", "smtp", "dnp3"};

    if (strncmp(ctx->note, "applayer_", 9) == 0)
        return true;
    for (uint32_t i = 0; ctx->tx && i < sizeof(loud) / sizeof(loud[0]); i++) {
        if (strcmp(ctx->tx->proto->name, loud[i]) == 0)
            return true;
    }
    return false;
}

static void write_name(struct jsonw *w, const struct event_ctx *ctx, const char *layer)
{
    char name[96];
    bool app = strcmp(layer, "applayer") == 0;
    const char *before = strcmp(layer, "decode") == 0 ? "decoder." : app ? "" : "stream.";

    snprintf(name, sizeof(name), "%s%s", before, ctx->note);
    bool loud = app && in_capitals(ctx);
    for (char *c = name; loud && *c; c++)
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c;
    jsonw_str(w, "event", name);
}

static void anomaly_write(struct jsonw *w, const struct event_ctx *ctx)
{
    const char *layer = ctx->note_layer ? ctx->note_layer : "decode";
    bool app = strcmp(layer, "applayer") == 0;

    if (app && ctx->tx)
        jsonw_u64(w, "tx_id", ctx->tx->id);
    jsonw_obj_open(w, "anomaly");
    if (app && ctx->flow && ctx->flow->app_name)
        jsonw_str(w, "app_proto", ctx->flow->app_name);
    jsonw_str(w, "type", layer);
    write_name(w, ctx, layer);
    if (app)
        jsonw_str(w, "layer",
                  strncmp(ctx->note, "applayer_", 9) == 0 ? "proto_detect" : "proto_parser");
    jsonw_obj_close(w);
    if (ctx->options->choice.note_packet && ctx->packet && strcmp(layer, "decode") == 0)
        ev_packet_bytes(w, ctx->packet, NOTE_BYTES);
}

const struct event_def ev_anomaly = {
    .name = "anomaly",
    .doc = "Malformed or unexpected traffic",
    .ends = EVENT_ENDS_PACKET,
    .schema =
        "tx_id|integer|Transaction, for notes of parsers\n"
        "anomaly.app_proto|text|Protocol, for notes of parsers\n"
        "anomaly.type|text|decode, stream, applayer\n"
        "anomaly.event|text|Name of the note; decoder. and stream. stand before those of these\n"
        "anomaly.layer|text|proto_parser or proto_detect, for notes of parsers\n"
        "packet|text|Frame's first bytes in base64, for notes of decoders (event.anomaly.packet)\n"
        "packet_info.linktype|integer|Link type of the frame\n",
    .write = anomaly_write,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of all protocols, written from the fields each protocol declares. The event_type is the
 * protocol's EVE name.
 */
#include "common/pen.h"
#include "sensor/event/event.h"

static void tx_write(struct jsonw *w, const struct event_ctx *ctx)
{
    struct slice name = slice_of_str(event_proto_name(ctx->tx->proto));
    char *at = pen_open(w, name.len + FMT_U64_MAX + 16);

    if (at) {
        at = PEN_LIT(pen_comma(w, at), "\"tx_id\":");
        at = pen_u64(at, ctx->tx->id);
        at = PEN_LIT(at, ",\"");
        at = pen_bytes(at, name);
        at = PEN_LIT(at, "\":{");
        pen_close(w, at);
        w->comma = false;
    }
    ctx->tx->writes_event = true;
    app_write_event(ctx->tx, ctx->part, w);
    ctx->tx->writes_event = false;
    if (ctx->flow && ctx->flow->app_orig && strcmp(ctx->tx->proto->name, "tls") == 0)
        jsonw_str(w, "from_proto", ctx->flow->app_orig);
    jsonw_obj_close(w);
    if (ctx->tx->proto->write_beside)
        ctx->tx->proto->write_beside(ctx->tx, w);
}

const struct event_def ev_tx = {
    .name = "tx",
    .doc = "A transaction of an application protocol; event_type is the protocol's name",
    .ends = EVENT_ENDS_CLIENT,
    .schema = "tx_id|integer|Number of the transaction within its flow\n"
              "tls.from_proto|text|Protocol that TLS was begun in (STARTTLS, CONNECT)\n"
              "<protocol>|object|Fields of the protocol (see the fields table)\n",
    .write = tx_write,
};

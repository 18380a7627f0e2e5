/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of all protocols, written from the fields each protocol declares. The event_type is the
 * protocol's EVE name.
 */
#include "common/jsonw.h"
#include "sensor/event/event.h"

static void tx_write(struct jsonw *w, const struct event_ctx *ctx)
{
    jsonw_u64(w, "tx_id", ctx->tx->id);
    jsonw_obj_open(w, event_proto_name(ctx->tx->proto));
    app_write_event(ctx->tx, ctx->part, w);
    jsonw_obj_close(w);
    if (ctx->tx->proto->write_beside)
        ctx->tx->proto->write_beside(ctx->tx, w);
}

const struct event_def ev_tx = {
    .name = "tx",
    .doc = "A transaction of an application protocol; event_type is the protocol's name",
    .ends = EVENT_ENDS_CLIENT,
    .schema = "tx_id|integer|Number of the transaction within its flow\n"
              "<protocol>|object|Fields of the protocol (see the fields table)\n",
    .write = tx_write,
};

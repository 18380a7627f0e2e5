/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ftpbounce: a client that names another host as the end of the data channel.
 */
#include "sensor/app/ftp_tx.h"
#include "sensor/detect/buffer.h"
#include "sensor/detect/draft.h"

static bool bounce_match(const struct inspection *in, const void *args)
{
    (void)args;
    if (!in->tx || strcmp(in->tx->proto->name, "ftp") != 0 || !in->flow || in->dir != TO_SERVER)
        return false;
    const struct ftp_tx *ftp = tx_data_const(in->tx);
    return ftp->port_host.family && !addr_eq(&ftp->port_host, &in->flow->client);
}

static bool bounce_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    if (value.len)
        return draft_fail(d, "\"%s\" takes no value", kw->name);
    struct op *op = draft_op(d, buffer_special(d->loader, "tx", BUFFER_TX, SIDE_BOTH), OP_CALL);
    if (!op)
        return false;
    d->last_group = -1;
    op->call.match = bounce_match;
    return true;
}

static const struct keyword rows[] = {
    {.name = "ftpbounce",
     .stage = AT_TX,
     .value = VALUE_NONE,
     .parse = bounce_parse,
     .example = "ftpbounce",
     .doc = "PORT or EPRT names a host that is not the client"},
    KEYWORD_END,
};

const struct kw_family kw_ftp = {.doc = "FTP", .rows = rows};

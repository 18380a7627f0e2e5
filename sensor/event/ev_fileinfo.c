/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that a flow carried. `src` is who sent the file.
 */
#include "common/jsonw.h"
#include "sensor/event/event.h"

static void fileinfo_write(struct jsonw *w, const struct event_ctx *ctx)
{
    struct tx *tx = ctx->file->tx ? ctx->file->tx : ctx->tx;

    if (tx)
        event_write_tx(w, tx);
    jsonw_obj_open(w, "fileinfo");
    event_write_file(w, ctx->file);
    jsonw_obj_close(w);
}

const struct event_def ev_fileinfo = {
    .name = "fileinfo",
    .doc = "A file was carried by a flow",
    .ends = EVENT_ENDS_SENDER,
    .schema = "<protocol>|object|Transaction that carried the file\n"
              "fileinfo.filename|text|Name given by the protocol, may be empty\n"
              "fileinfo.magic|text|Type by libmagic, when asked for\n"
              "fileinfo.gaps|boolean|Bytes are missing inside\n"
              "fileinfo.state|text|CLOSED, TRUNCATED, UNKNOWN\n"
              "fileinfo.md5|text|Digest in hexadecimal; so sha1, sha256\n"
              "fileinfo.stored|boolean|Kept on disk\n"
              "fileinfo.size|integer|Bytes seen\n"
              "fileinfo.tx_id|integer|Transaction of the flow\n"
              "fileinfo.yara|list|Names of the YARA rules that match\n",
    .write = fileinfo_write,
};

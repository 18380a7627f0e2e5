/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YARA rule matched a file: an alert of its own, so that readers of alerts need not look into
 * fileinfo. Its number is a hash of the rule's name: YARA rules have no numbers.
 */
#include "common/jsonw.h"
#include "sensor/event/event.h"

enum { YARA_GID = 9102 };

/* FNV-1a, folded to 31 bits: stable over runs and machines. */
static uint32_t number_of(const char *name)
{
    uint32_t hash = 2166136261U;

    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619U;
    return hash & 0x7fffffff;
}

static uint32_t severity_of(const struct yara_hit *hit)
{
    char c = hit->severity ? hit->severity[0] : '\0';

    return c >= '1' && c <= '4' ? (uint32_t)(c - '0') : 1;
}

static void write_alert(struct jsonw *w, const struct yara_hit *hit)
{
    jsonw_obj_open(w, "alert");
    jsonw_str(w, "action", "allowed");
    jsonw_u64(w, "gid", YARA_GID);
    jsonw_u64(w, "signature_id", number_of(hit->rule));
    jsonw_u64(w, "rev", 1);
    jsonw_str(w, "signature", hit->text && *hit->text ? hit->text : hit->rule);
    jsonw_str(w, "category", "Malicious file");
    jsonw_u64(w, "severity", severity_of(hit));
    jsonw_obj_open(w, "metadata");
    jsonw_arr_open(w, "yara_rule");
    jsonw_str(w, NULL, hit->rule);
    jsonw_arr_close(w);
    if (hit->text_vi && *hit->text_vi) {
        jsonw_arr_open(w, "title_vi");
        jsonw_str(w, NULL, hit->text_vi);
        jsonw_arr_close(w);
    }
    if (hit->technique && *hit->technique) {
        jsonw_arr_open(w, "mitre_technique_id");
        jsonw_str(w, NULL, hit->technique);
        jsonw_arr_close(w);
    }
    jsonw_obj_close(w);
    jsonw_obj_close(w);
}

static void yara_write(struct jsonw *w, const struct event_ctx *ctx)
{
    const struct file *file = ctx->file;
    struct tx *tx = file->tx ? file->tx : ctx->tx;

    if (ctx->part >= file->yara_hits || ctx->part >= FILE_YARA_MAX)
        return;
    if (tx)
        jsonw_u64(w, "tx_id", tx->id);
    write_alert(w, &file->yara[ctx->part]);
    if (tx && ctx->options->metadata)
        event_write_tx(w, tx);
    jsonw_arr_open(w, "files");
    jsonw_obj_open(w, NULL);
    event_write_file(w, file);
    jsonw_obj_close(w);
    jsonw_arr_close(w);
    jsonw_str(w, "direction", ctx->dir == TO_SERVER ? "to_server" : "to_client");
}

const struct event_def ev_yara = {
    .name = "yara",
    .type = "alert",
    .doc = "A YARA rule matched a file (event_type alert, gid 9102)",
    .ends = EVENT_ENDS_SENDER,
    .schema = "alert.gid|integer|9102\n"
              "alert.signature_id|integer|Hash of the rule's name\n"
              "alert.signature|text|Description of the YARA rule, else its name\n"
              "alert.severity|integer|Severity of the YARA rule, 1 when it has none\n"
              "alert.metadata|object|yara_rule, title_vi, mitre_technique_id\n"
              "files|list|The file, as in fileinfo\n",
    .write = yara_write,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `email` object of mail events, with Suricata's keys, and the options that choose them.
 */
#include "sensor/app/smtp_tx.h"

#include "common/digest.h"
#include "common/jsonw.h"

#include <stdio.h>

const struct option smtp_event_options[] = {
    {"smtp.url_schemes", CONF_LIST, "http", "Schemes of the URLs that are gathered from messages"},
    {"smtp.log_url_scheme", CONF_BOOL, "false", "URLs are kept with their scheme"},
    {"smtp.body_md5", CONF_BOOL, "false",
     "Take the MD5 of each message behind its header, as it was sent"},
    {"smtp.mime", CONF_BOOL, "true", "Read messages: their fields, parts and files"},
    {"smtp.raw", CONF_BOOL, "false", "Without smtp.mime: each message is a file as it was sent"},
    {"smtp.decode_base64", CONF_BOOL, "true", "Decode parts in base64"},
    {"smtp.decode_quoted", CONF_BOOL, "true", "Decode quoted-printable parts"},
    {"smtp.value_bytes", CONF_SIZE, "2000", "Bytes of a header field's value that are read"},
    {"smtp.subject_md5", CONF_BOOL, "false", "Write the MD5 of each subject"},
    {"smtp.extended", CONF_BOOL, "true",
     "Events carry reply_to, bcc, message_id, subject, x_mailer, user_agent"},
    {"smtp.custom", CONF_LIST, "",
     "More header fields in events: received, x-originating-ip, in-reply-to, references, "
     "importance, priority, sensitivity, organization, content-md5, date and those of extended"},
    OPTION_END,
};

enum { EXTENDED = 1, EACH = 2 }; /* EACH: a list of all of them */

static const struct {
    const char *key, *header;
    uint32_t how;
} optional[] = {
    {"reply_to", "reply-to", EXTENDED},     {"bcc", "bcc", EXTENDED | EACH},
    {"message_id", "message-id", EXTENDED}, {"subject", "subject", EXTENDED},
    {"x_mailer", "x-mailer", EXTENDED},     {"user_agent", "user-agent", EXTENDED},
    {"received", "received", EACH},         {"x_originating_ip", "x-originating-ip", 0},
    {"in_reply_to", "in-reply-to", 0},      {"references", "references", 0},
    {"importance", "importance", 0},        {"priority", "priority", 0},
    {"sensitivity", "sensitivity", 0},      {"organization", "organization", 0},
    {"content_md5", "content-md5", 0},      {"date", "date", 0},
};
enum { OPTIONAL = sizeof optional / sizeof *optional };

void smtp_event_configure(const struct conf *conf, void *config)
{
    struct smtp_config *c = config;
    const char *item;

    for (uint32_t i = 0; (item = conf_item(conf, "smtp.url_schemes", i)); i++) {
        if (c->schemes == SMTP_SCHEMES_MAX || strlen(item) + 4 > SMTP_SCHEME_BYTES)
            continue;
        const char *sign = strcmp(item, "mailto") == 0 ? ":" : "://";
        snprintf(c->scheme[c->schemes++], SMTP_SCHEME_BYTES, "%s%s", item, sign);
    }
    uint64_t most = conf_size(conf, "smtp.value_bytes");
    c->value_bytes = most < SMTP_VALUE_MAX ? (uint32_t)most : SMTP_VALUE_MAX;
    c->mime_off = !conf_bool(conf, "smtp.mime");
    c->raw = c->mime_off && conf_bool(conf, "smtp.raw");
    c->base64_off = !conf_bool(conf, "smtp.decode_base64");
    c->quoted_off = !conf_bool(conf, "smtp.decode_quoted");
    c->log_scheme = conf_bool(conf, "smtp.log_url_scheme");
    c->extended = conf_bool(conf, "smtp.extended");
    c->body_md5 = conf_bool(conf, "smtp.body_md5");
    c->subject_md5 = conf_bool(conf, "smtp.subject_md5");
    for (uint32_t i = 0; (item = conf_item(conf, "smtp.custom", i)); i++)
        for (uint32_t k = 0; k < OPTIONAL; k++)
            if (slice_ieq(slice_of_str(item), slice_of_str(optional[k].header)))
                c->custom |= UINT32_C(1) << k;
}

/* ---- writing ------------------------------------------------------------------------------ */

static void write_list(struct jsonw *w, const char *key, const struct list *list, bool backwards)
{
    const struct mail_text *all = list->at;

    if (!list->n)
        return;
    jsonw_arr_open(w, key);
    for (uint32_t i = 0; i < list->n; i++)
        jsonw_text(w, NULL, all[backwards ? list->n - 1 - i : i].text);
    jsonw_arr_close(w);
}

static void write_header(struct jsonw *w, const struct mail *mail, uint32_t k)
{
    const struct mail_header *all = mail->headers.at;
    bool each = optional[k].how & EACH, open = false;

    for (uint32_t n = 0; n < mail->headers.n; n++) {
        uint32_t i = each ? mail->headers.n - 1 - n : n; /* lists: the last one first */
        if (!slice_ieq(all[i].name, slice_of_str(optional[k].header)) || !all[i].value.len)
            continue;
        if (!each) {
            jsonw_text(w, optional[k].key, all[i].value);
            return;
        }
        if (!open)
            jsonw_arr_open(w, optional[k].key);
        open = true;
        jsonw_text(w, NULL, all[i].value);
    }
    if (open)
        jsonw_arr_close(w);
}

static void write_urls(struct jsonw *w, const struct mail *mail)
{
    if (!mail->urls.n)
        return;
    jsonw_bool(w, "has_ipv6_url", mail->url_ipv6);
    jsonw_bool(w, "has_ipv4_url", mail->url_ipv4);
    jsonw_bool(w, "has_exe_url", mail->url_exe);
}

static void write_md5(struct jsonw *w, const struct smtp_config *config, const struct mail *mail)
{
    uint8_t digest[DIGEST_MAX];
    char hex[DIGEST_TEXT_MAX];

    if (config->subject_md5 && mail->subject.len) {
        digest_of(DIGEST_MD5, mail->subject, digest);
        digest_text(digest, digest_size(DIGEST_MD5), hex);
        jsonw_str(w, "subject_md5", hex);
    }
    if (mail->body_md5.len)
        jsonw_text(w, "body_md5", mail->body_md5);
}

void smtp_event_write_email(struct tx *tx, struct jsonw *w)
{
    static const char *const statuses[] = {
        "HEADER_READY", "HEADER_STARTED", "HEADER_DONE", "BODY_STARTED",
        "BODY_DONE",    "BODY_END_BOUND", "PARSE_DONE",
    };
    const struct smtp_tx *smtp = tx_data_const(tx);
    const struct mail *mail = &smtp->mail;

    if (!mail->begun)
        return;
    jsonw_obj_open(w, "email");
    jsonw_str(w, "status", mail->failed ? "PARSE_ERROR" : statuses[mail->status]);
    if (mail->from.len)
        jsonw_text(w, "from", mail->from);
    write_list(w, "to", &mail->to, false);
    write_list(w, "cc", &mail->cc, false);
    for (uint32_t k = 0; smtp->config && k < OPTIONAL; k++)
        if ((smtp->config->custom >> k & 1) ||
            (smtp->config->extended && (optional[k].how & EXTENDED)))
            write_header(w, mail, k);
    if (smtp->config)
        write_md5(w, smtp->config, mail);
    write_urls(w, mail);
    write_list(w, "attachment", &mail->attachments, false);
    write_list(w, "url", &mail->urls, true);
    jsonw_obj_close(w);
}

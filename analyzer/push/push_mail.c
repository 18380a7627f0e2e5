/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mail by SMTP (RFC 5321): `url` smtp://host:port or smtps://host:port, `tls` demands STARTTLS.
 * A permanent refusal (5xx) is one; everything else is tried again.
 */
#include "analyzer/push/mail.h"
#include "analyzer/push/post.h"

#include <stdio.h>

static enum err mail_open(const struct connector *c, void **self, char fault[PUSH_TEXT_MAX])
{
    if (strncmp(c->url, "smtp://", 7) != 0 && strncmp(c->url, "smtps://", 8) != 0) {
        snprintf(fault, PUSH_TEXT_MAX, "url must begin with smtp:// or smtps://");
        return ERR_INPUT;
    }
    *self = courier_new();
    return ERR_OK;
}

static void mail_send(void *self, const struct connector *c, const char *key, const char *kind,
                      struct slice payload, uint64_t now_ns, struct push_answer *answer)
{
    struct courier_answer got;
    struct courier_mail mail = {
        .url = c->url,
        .from = c->from,
        .user = c->user,
        .password = c->password,
        .tls = c->tls,
        .message = payload,
        .trust = c->trust,
        .timeout_ns = c->timeout_ns,
    };

    (void)key;
    (void)kind;
    (void)now_ns;
    memcpy(mail.to, c->to, sizeof(mail.to));
    courier_mail(self, &mail, &got);
    answer->outcome = got.status >= 200 && got.status < 300 ? PUSH_SENT
                      : got.status >= 500                   ? PUSH_REFUSED
                                                            : PUSH_LATER;
    snprintf(answer->text, sizeof(answer->text), "SMTP %d %.150s", got.status, got.text);
}

const struct push_def push_mail = {
    .name = "mail",
    .doc = "Mail by SMTP, Vietnamese and English",
    .needs = "url from to",
    .render = mail_incident,
    .open = mail_open,
    .send = mail_send,
    .close = post_close,
};

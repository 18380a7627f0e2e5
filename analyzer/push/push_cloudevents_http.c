/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CloudEvents 1.0 to a webhook, structured JSON mode (CloudEvents HTTP binding 3.2).
 *
 * The receiver can tell repeats by Idempotency-Key, and that the message is ours and fresh by
 *     X-Tramgac-Timestamp: seconds since 1970
 *     X-Tramgac-Signature: sha256=HMAC-SHA256(secret, timestamp "." body), hexadecimal
 * Any 2xx is taken. 400, 413, 415 and 422 say that it will never be; all else is tried again.
 */
#include "analyzer/push/cloudevent.h"
#include "analyzer/push/http_client.h"
#include "common/clock.h"
#include "common/digest.h"

#include <stdio.h>

enum { HEADER_MAX = 400 };

static enum err cloudevents_http_open(const struct connector *c, void **self,
                                      char fault[PUSH_TEXT_MAX])
{
    if (strncmp(c->url, "http://", 7) != 0 && strncmp(c->url, "https://", 8) != 0) {
        snprintf(fault, PUSH_TEXT_MAX, "url must begin with http:// or https://");
        return ERR_INPUT;
    }
    *self = http_client_new();
    return ERR_OK;
}

static void sign(const struct connector *c, const char *timestamp, struct slice payload,
                 char out[HEADER_MAX])
{
    struct strbuf text;
    uint8_t mac[DIGEST_MAX];
    char hex[DIGEST_TEXT_MAX];

    strbuf_init(&text, 0);
    strbuf_fmt(&text, "%s.", timestamp);
    strbuf_slice(&text, payload);
    digest_hmac_sha256(slice_of_str(c->secret), strbuf_view(&text), mac);
    digest_text(mac, DIGEST_MAX, hex);
    snprintf(out, HEADER_MAX, "X-Tramgac-Signature: sha256=%s", hex);
    strbuf_fini(&text);
}

static enum push_outcome outcome_of(int status)
{
    if (status >= 200 && status < 300)
        return PUSH_SENT;
    return status == 400 || status == 413 || status == 415 || status == 422 ? PUSH_REFUSED
                                                                            : PUSH_LATER;
}

static void cloudevents_http_send(void *self, const struct connector *c, const char *key,
                                  const char *kind, struct slice payload, uint64_t now_ns,
                                  struct push_answer *answer)
{
    char timestamp[24];
    char when[HEADER_MAX];
    char idempotency[HEADER_MAX];
    char signature[HEADER_MAX];
    char bearer[HEADER_MAX];
    struct http_response response;
    struct http_request request = {
        .url = c->url,
        .body = payload,
        .ca_file = c->ca_file,
        .cert_file = c->cert_file,
        .key_file = c->key_file,
        .timeout_ns = c->timeout_ns,
    };
    uint32_t n = 0;

    (void)kind;
    snprintf(timestamp, sizeof(timestamp), "%llu", (unsigned long long)(now_ns / CLOCK_S));
    snprintf(when, sizeof(when), "X-Tramgac-Timestamp: %s", timestamp);
    snprintf(idempotency, sizeof(idempotency), "Idempotency-Key: %s", key);
    snprintf(bearer, sizeof(bearer), "Authorization: Bearer %.350s", c->token);
    request.headers[n++] = "Content-Type: " CLOUDEVENT_CONTENT_TYPE;
    request.headers[n++] = idempotency;
    request.headers[n++] = when;
    if (*c->secret) {
        sign(c, timestamp, payload, signature);
        request.headers[n++] = signature;
    }
    if (*c->token)
        request.headers[n++] = bearer;
    http_client_post(self, &request, &response);
    answer->outcome = outcome_of(response.status);
    answer->retry_after_ns = response.retry_after_s * CLOCK_S;
    if (response.status)
        snprintf(answer->text, sizeof(answer->text), "HTTP %d%s%.150s", response.status,
                 response.text[0] ? ": " : "", response.text);
    else
        snprintf(answer->text, sizeof(answer->text), "%.150s", response.text);
}

static void cloudevents_http_close(void **self)
{
    struct http_client *client = *self;

    http_client_free(&client);
    *self = NULL;
}

const struct push_def push_cloudevents_http = {
    .name = "cloudevents-http",
    .doc = "CloudEvents 1.0 to a webhook, signed with HMAC-SHA256",
    .needs = "url",
    .render = cloudevent_incident,
    .render_heartbeat = cloudevent_heartbeat,
    .open = cloudevents_http_open,
    .send = cloudevents_http_send,
    .close = cloudevents_http_close,
};

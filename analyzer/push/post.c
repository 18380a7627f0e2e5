/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/push/post.h"
#include "common/clock.h"
#include "common/digest.h"

#include <stdio.h>

enum { HEADER_MAX = 400, URL_MAX = 1024 };

enum err post_open(const struct connector *c, void **self, char fault[PUSH_TEXT_MAX])
{
    if (strncmp(c->url, "http://", 7) != 0 && strncmp(c->url, "https://", 8) != 0) {
        snprintf(fault, PUSH_TEXT_MAX, "url must begin with http:// or https://");
        return ERR_INPUT;
    }
    *self = courier_new();
    return ERR_OK;
}

void post_close(void **self)
{
    struct courier *courier = *self;

    courier_free(&courier);
    *self = NULL;
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

void post_send(struct courier *courier, const struct connector *c, const char *path,
               const struct post *post, struct courier_answer *answer)
{
    char url[URL_MAX];
    char timestamp[24];
    char type[HEADER_MAX];
    char accept[HEADER_MAX];
    char when[HEADER_MAX];
    char idempotency[HEADER_MAX];
    char signature[HEADER_MAX];
    char bearer[HEADER_MAX];
    struct courier_request request = {
        .url = url,
        .body = post->body,
        .tls = c->trust,
        .timeout_ns = c->timeout_ns,
    };
    uint32_t n = 0;

    snprintf(url, sizeof(url), "%s%s", c->url, path);
    snprintf(timestamp, sizeof(timestamp), "%llu", (unsigned long long)(post->now_ns / CLOCK_S));
    snprintf(type, sizeof(type), "Content-Type: %s", post->content_type);
    snprintf(accept, sizeof(accept), "Accept: %s", post->accept ? post->accept : "");
    snprintf(when, sizeof(when), "X-Tramgac-Timestamp: %s", timestamp);
    snprintf(idempotency, sizeof(idempotency), "Idempotency-Key: %s", post->key);
    snprintf(bearer, sizeof(bearer), "Authorization: Bearer %.350s", c->token);
    request.headers[n++] = type;
    request.headers[n++] = idempotency;
    request.headers[n++] = when;
    if (post->accept)
        request.headers[n++] = accept;
    if (*c->secret) {
        sign(c, timestamp, post->body, signature);
        request.headers[n++] = signature;
    }
    if (*c->token)
        request.headers[n++] = bearer;
    for (uint32_t i = 0; i < PUSH_HEADERS_MAX && c->headers[i]; i++)
        request.headers[n++] = c->headers[i];
    courier_request(courier, &request, answer);
}

static enum push_outcome outcome_of(int status)
{
    if (status >= 200 && status < 300)
        return PUSH_SENT;
    return status == 400 || status == 413 || status == 415 || status == 422 ? PUSH_REFUSED
                                                                            : PUSH_LATER;
}

void post_judge(const struct courier_answer *from, struct push_answer *answer)
{
    answer->outcome = outcome_of(from->status);
    answer->retry_after_ns = from->retry_after_s * CLOCK_S;
    if (from->status)
        snprintf(answer->text, sizeof(answer->text), "HTTP %d%s%.150s", from->status,
                 from->text[0] ? ": " : "", from->text);
    else
        snprintf(answer->text, sizeof(answer->text), "%.150s", from->text);
}

void post_one(struct courier *courier, const struct connector *c, const struct post *post,
              struct push_answer *answer)
{
    struct courier_answer got;

    post_send(courier, c, "", post, &got);
    post_judge(&got, answer);
}

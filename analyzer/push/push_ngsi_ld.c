/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NGSI-LD Alert to a context broker (ETSI GS CIM 009, 6.14 and 6.4). `url` is the broker's root
 * (…/ngsi-ld/v1). A batch upsert of one entity; its 207 is read, since it may hold a refusal. A
 * broker without batch operations (404, 405, 501) gets the entity created, or its attributes
 * replaced when it is there already (409).
 */
#include "analyzer/push/ngsi.h"
#include "analyzer/push/post.h"
#include "common/json.h"

#include <stdio.h>

enum { PATH_ROOM = 300 };

static void send_batch(struct courier *courier, const struct connector *c, struct post *post,
                       struct courier_answer *got)
{
    struct slice one = post->body;
    struct strbuf batch;

    strbuf_init(&batch, 0);
    strbuf_char(&batch, '[');
    strbuf_slice(&batch, one);
    strbuf_char(&batch, ']');
    post->body = strbuf_view(&batch);
    post_send(courier, c, "/entityOperations/upsert?options=update", post, got);
    post->body = one;
    strbuf_fini(&batch);
}

static void send_single(struct courier *courier, const struct connector *c, struct post *post,
                        struct courier_answer *got)
{
    struct json *entity = NULL;
    char path[PATH_ROOM];

    post_send(courier, c, "/entities/", post, got);
    if (got->status != 409 || json_parse(post->body, &entity, NULL) != ERR_OK)
        return;
    snprintf(path, sizeof(path), "/entities/%.200s/attrs", json_str(json_get(entity, "id"), ""));
    post_send(courier, c, path, post, got); /* appends and overwrites attributes */
    json_free(&entity);
}

/* 207: the entity is among `errors`, or it was taken. */
static bool is_refused(const struct courier_answer *got)
{
    const char *errors = strstr(got->text, "\"errors\"");
    const char *list = errors ? strchr(errors, '[') : NULL;

    return list && list[1 + strspn(list + 1, " ")] == '{';
}

static void ngsi_ld_send(void *self, const struct connector *c, const char *key, const char *kind,
                         struct slice payload, uint64_t now_ns, struct push_answer *answer)
{
    struct courier_answer got;
    struct post post = {NGSI_CONTENT_TYPE, NULL, key, payload, now_ns};

    (void)kind;
    send_batch(self, c, &post, &got);
    if (got.status == 404 || got.status == 405 || got.status == 501)
        send_single(self, c, &post, &got);
    post_judge(&got, answer);
    if (got.status == 207 && is_refused(&got))
        answer->outcome = PUSH_REFUSED;
}

const struct push_def push_ngsi_ld = {
    .name = "ngsi-ld",
    .doc = "NGSI-LD Alert (Smart Data Models) to a context broker",
    .needs = "url",
    .render = ngsi_alert,
    .open = post_open,
    .send = ngsi_ld_send,
    .close = post_close,
};

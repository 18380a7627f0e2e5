/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CloudEvents 1.0 to a webhook, structured JSON mode (CloudEvents HTTP binding 3.2).
 */
#include "analyzer/push/cloudevent.h"
#include "analyzer/push/post.h"

static void cloudevents_http_send(void *self, const struct connector *c, const char *key,
                                  const char *kind, struct slice payload, uint64_t now_ns,
                                  struct push_answer *answer)
{
    struct post post = {CLOUDEVENT_CONTENT_TYPE, NULL, key, payload, now_ns};

    (void)kind;
    post_one(self, c, &post, answer);
}

const struct push_def push_cloudevents_http = {
    .name = "cloudevents-http",
    .doc = "CloudEvents 1.0 to a webhook, signed with HMAC-SHA256",
    .needs = "url",
    .render = cloudevent_incident,
    .render_heartbeat = cloudevent_heartbeat,
    .open = post_open,
    .send = cloudevents_http_send,
    .close = post_close,
};

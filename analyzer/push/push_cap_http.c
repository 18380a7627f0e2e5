/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CAP 1.2 alert by POST.
 */
#include "analyzer/push/cap.h"
#include "analyzer/push/post.h"

static void cap_http_send(void *self, const struct connector *c, const char *key, const char *kind,
                          struct slice payload, uint64_t now_ns, struct push_answer *answer)
{
    struct post post = {"application/cap+xml", NULL, key, payload, now_ns};

    (void)kind;
    post_one(self, c, &post, answer);
}

const struct push_def push_cap_http = {
    .name = "cap-http",
    .doc = "CAP 1.2 alert over HTTP, for what touches public safety",
    .needs = "url",
    .render = cap_incident,
    .open = post_open,
    .send = cap_http_send,
    .close = post_close,
};

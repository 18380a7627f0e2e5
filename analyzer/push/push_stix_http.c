/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A STIX 2.1 bundle by POST.
 */
#include "analyzer/push/post.h"
#include "analyzer/push/stix.h"

static void stix_http_send(void *self, const struct connector *c, const char *key, const char *kind,
                           struct slice payload, uint64_t now_ns, struct push_answer *answer)
{
    struct post post = {"application/stix+json;version=2.1", NULL, key, payload, now_ns};

    (void)kind;
    post_one(self, c, &post, answer);
}

const struct push_def push_stix_http = {
    .name = "stix-http",
    .doc = "STIX 2.1 bundle with a report to an address over HTTP",
    .needs = "url",
    .render = stix_bundle,
    .open = post_open,
    .send = stix_http_send,
    .close = post_close,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STIX 2.1 objects into a TAXII 2.1 collection (OASIS TAXII 2.1, 5.5); `url` is the collection's
 * …/objects/. The server answers 202 and works on.
 */
#include "analyzer/push/post.h"
#include "analyzer/push/stix.h"

#define TAXII "application/taxii+json;version=2.1"

static void stix_taxii_send(void *self, const struct connector *c, const char *key,
                            const char *kind, struct slice payload, uint64_t now_ns,
                            struct push_answer *answer)
{
    struct post post = {TAXII, TAXII, key, payload, now_ns};

    (void)kind;
    post_one(self, c, &post, answer);
}

const struct push_def push_stix_taxii = {
    .name = "stix-taxii",
    .doc = "STIX 2.1 objects into a collection of a TAXII 2.1 server",
    .needs = "url",
    .render = stix_envelope,
    .open = post_open,
    .send = stix_taxii_send,
    .close = post_close,
};

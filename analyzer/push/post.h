/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all connectors over HTTP share: headers, signature, and what a status means.
 *
 * The receiver can tell repeats by Idempotency-Key, and that the message is ours and fresh by
 *     X-Tramgac-Timestamp: seconds since 1970
 *     X-Tramgac-Signature: sha256=HMAC-SHA256(secret, timestamp "." body), hexadecimal
 * Any 2xx is taken. 400, 413, 415 and 422 say that it will never be; all else is tried again.
 */
#ifndef TRAMGAC_ANALYZER_PUSH_POST_H
#define TRAMGAC_ANALYZER_PUSH_POST_H

#include "analyzer/push/push.h"

/** `open` and `close` of a row; `self` is a struct courier. */
enum err post_open(const struct connector *c, void **self, char fault[PUSH_TEXT_MAX]);
void post_close(void **self);

struct post {
    const char *content_type;
    const char *accept; /* NULL = not said */
    const char *key;
    struct slice body;
    uint64_t now_ns;
};
/** One message to the connector's url; `path` behind it, "" = none. */
void post_send(struct courier *courier, const struct connector *c, const char *path,
               const struct post *post, struct courier_answer *answer);
/** What an answer means for the outbox. */
void post_judge(const struct courier_answer *from, struct push_answer *answer);
/** Both. */
void post_one(struct courier *courier, const struct connector *c, const struct post *post,
              struct push_answer *answer);

#endif

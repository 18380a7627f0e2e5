/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends the rows of the outbox: one connector a thread, so that a slow receiver holds up nobody
 * else. Rows of one incident go in order: the next is not tried before the one before was taken or
 * given up. A row is marked after the receiver took it; a crash in between sends it again, with the
 * same idempotency key.
 */
#ifndef TRAMGAC_ANALYZER_PUSH_SENDER_H
#define TRAMGAC_ANALYZER_PUSH_SENDER_H

#include "analyzer/push/connectors.h"
#include "analyzer/push/retry.h"

/** One pass of one connector, without thread: for the loop, and for tests. */
struct sender_pass {
    const struct connector *connector;
    struct store *store; /* own connection */
    void *link;          /* of connector->def */
    struct retry_circuit circuit;
    uint64_t sent, failed, refused; /* counts since the start */
    char last_fault[PUSH_TEXT_MAX]; /* of the last failure; "" after a success */
};
/** Tries what is due at `now_ns`. Returns how many rows were settled (sent or given up). */
uint32_t sender_once(struct sender_pass *pass, uint64_t now_ns);

struct senders;

/** Starts a thread per connector. A connector that cannot be opened is a line in `report` and does
 * not start. `connectors` and `store` must outlive the senders. `allowed` as of sender_allow. */
enum err sender_start(const struct connectors *connectors, const struct store *store, bool allowed,
                      struct senders **senders, struct strbuf *report);
/** Looks at the outbox at once. From any thread. */
void sender_wake(struct senders *senders);
/** In a cluster one analyzer sends: false until it is us. */
void sender_allow(struct senders *senders, bool allowed);
void sender_stop(struct senders **senders);

/** An exercise (exercise.h) through a link of its own; waits for the receiver's answer, which goes
 * to `answer`. ERR_NOTFOUND: no such connector; ERR_AGAIN: not taken. From any thread. */
enum err sender_test(const struct connectors *connectors, const char *name, uint64_t now_ns,
                     char answer[PUSH_TEXT_MAX]);

/** Appends a JSON array: name, type, sent, failed, refused, state of the circuit, last fault. Any
 * thread. */
void sender_health(struct senders *senders, struct strbuf *json);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a message is tried again, and when a receiver is left alone: pure, time is given.
 *
 * Pauses double from 2 s to 10 min, with a quarter of jitter that comes from the message's number:
 * the same message waits the same in each run. After RETRY_BREAK_AFTER failures in a row the
 * circuit opens: nothing is sent for a pause that doubles from 15 s to 10 min, then one message
 * tries.
 */
#ifndef TRAMGAC_ANALYZER_PUSH_RETRY_H
#define TRAMGAC_ANALYZER_PUSH_RETRY_H

#include "analyzer/push/push.h"

enum { RETRY_BREAK_AFTER = 5 };

/** Time of the next try of message `id`, whose `tries`-th try (from 1) failed at `now_ns`. */
uint64_t retry_at(int64_t id, int64_t tries, uint64_t now_ns, uint64_t retry_after_ns);

struct retry_circuit {
    uint32_t failures; /* in a row */
    uint32_t opened;   /* times in a row */
    uint64_t until_ns; /* nothing is sent before; 0 = closed */
};

/** How many messages may be tried now: 0, 1 (after a pause) or `most`. */
uint32_t retry_allowed(const struct retry_circuit *circuit, uint64_t now_ns, uint32_t most);
void retry_note(struct retry_circuit *circuit, bool sent, uint64_t now_ns);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decides which message of the spool goes out next. A state machine without sockets, files or
 * clock: events come in with the time, decisions come out.
 *
 * A window of messages is under way at once. Acknowledgements are cumulative. After a reconnect, a
 * hello of the analyzer, or a long silence, everything not acknowledged is sent again from the
 * oldest; a requested range is sent again out of turn. The silence that is waited for doubles from
 * 30 s to 10 min as long as nothing is acknowledged.
 */
#ifndef TRAMGAC_SENSOR_OUTPUT_SENDER_H
#define TRAMGAC_SENSOR_OUTPUT_SENDER_H

#include "common/wire.h"

enum { SENDER_WINDOW = 256 };

struct sender {
    uint64_t epoch;
    uint64_t first;                /* oldest not acknowledged */
    uint64_t next;                 /* behind the newest */
    uint64_t at;                   /* next to send in turn */
    uint64_t again_from, again_to; /* asked for; none when from > to */
    uint64_t silence_ns;           /* waited for */
    uint64_t patience_until_ns;
    uint32_t window;
    bool up;
    bool greet;        /* hello is due */
    uint64_t repeated; /* messages sent again, for the counter */
};

enum sender_step { SENDER_WAIT, SENDER_HELLO, SENDER_RECORD };

void sender_init(struct sender *s, uint64_t epoch, uint64_t first, uint64_t next);
/** Messages were added: `next` as the spool has it. */
void sender_grew(struct sender *s, uint64_t next);
void sender_up(struct sender *s, uint64_t now_ns);
void sender_down(struct sender *s);
/** A control message came. True when `first` moved: the spool may drop all before it. */
bool sender_control(struct sender *s, const struct wire_control *control, uint64_t now_ns);
/** What to do now; `*seq` with SENDER_RECORD. Asking changes nothing but the silence timer. */
enum sender_step sender_next(struct sender *s, uint64_t now_ns, uint64_t *seq);
/** The step was done. */
void sender_did(struct sender *s, enum sender_step step, uint64_t now_ns);
/** The hello to send. */
void sender_hello(const struct sender *s, struct wire_control *hello);

#endif

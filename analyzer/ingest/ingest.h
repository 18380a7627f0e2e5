/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where messages come from: MQTT, Unix socket, files. One way a row (in_*.c), each with a thread of
 * its own that puts messages into one bounded queue; the writer (run/) takes them in batches.
 *
 * Nothing is dropped: when the queue is full, ingest_put waits, so the socket is not read or the
 * broker's message not acknowledged, and the sensor's spool keeps what follows. A message is
 * acknowledged (source->ack) only after the store has committed it.
 */
#ifndef TRAMGAC_ANALYZER_INGEST_INGEST_H
#define TRAMGAC_ANALYZER_INGEST_INGEST_H

#include "common/conf.h"
#include "common/stat.h"
#include "common/strbuf.h"
#include "common/wire.h"

enum { INGEST_QUEUE_BYTES = 64 << 20, INGEST_QUEUE_MESSAGES = 16384 };

enum message_kind {
    MESSAGE_ENVELOPE, /* `bytes`: events; `envelope` is parsed, its lines point into bytes */
    MESSAGE_HELLO,    /* control: envelope.sensor, site, epoch; from, to */
    MESSAGE_BYE,
    MESSAGE_BLOCK, /* plain EVE lines of a file: envelope.sensor = "file", epoch, seq as ledger */
    MESSAGE_END,   /* this source has no more (file read to its end) */
};

struct source;

/** Owned by whoever holds it; ingest_free. */
struct message {
    enum message_kind kind;
    struct wire_envelope envelope;
    uint64_t from, to;     /* MESSAGE_HELLO: what the sensor still keeps */
    uint64_t received_ns;  /* wall clock */
    struct source *source; /* to answer through */
    uint64_t peer;         /* of the source: connection, file */
    bool durable;          /* MESSAGE_BLOCK of a file that may be read again: use the ledger */
    char path[256];        /* MESSAGE_BLOCK: for messages to people */
    uint64_t line;         /* MESSAGE_BLOCK: number of its first line */
    struct strbuf bytes;
    struct message *next;
};

struct queue;

struct ingest_def {
    const char *name; /* "mqtt", "unix", "file" */
    const char *doc;
    const struct option *options;
    /** Starts when configured; ERR_NOTFOUND: not asked for. A fault is a line in `report`. */
    enum err (*start)(const struct conf *conf, struct queue *queue, void **self,
                      struct strbuf *report);
    /** Tells a sensor (through `peer` where it has one) a control message. Called by the writer's
     * thread; never waits long. */
    void (*tell)(void *self, uint64_t peer, const struct wire_control *control);
    /** Stops reading, joins its thread. */
    void (*stop)(void *self);
    /** Appends members of the health object. */
    void (*health)(void *self, struct strbuf *json);
};

extern const struct ingest_def *const in_rows[];
extern const struct option ingest_options[];

struct source {
    const struct ingest_def *def;
    void *self;
};

struct queue *ingest_queue_new(void);
void ingest_queue_free(struct queue **queue);
struct message *ingest_message(enum message_kind kind);
void ingest_free(struct message **message);

/** Waits while the queue is full; false (message freed) when it is closed. */
bool ingest_put(struct queue *queue, struct message *message);
/** All that is there, oldest first, up to `max_bytes`; waits at most `wait_ns` for the first one.
 * NULL: nothing came. */
struct message *ingest_take(struct queue *queue, uint64_t max_bytes, uint64_t wait_ns);
void ingest_close(struct queue *queue);
uint64_t ingest_waiting(struct queue *queue, uint64_t *bytes);

#endif

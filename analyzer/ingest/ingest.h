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

/** Bytes with what was made of them (see ingest_reader). */
enum { INGEST_QUEUE_BYTES = 128 << 20, INGEST_QUEUE_MESSAGES = 16384 };

enum message_kind {
    MESSAGE_ENVELOPE, /* `envelope`, its lines in `bytes` */
    MESSAGE_HELLO,    /* `control`; a sensor is there */
    MESSAGE_BYE,      /* `control`; or its connection ended */
    MESSAGE_BLOCK,    /* `bytes`: whole lines of a file, `block` says which */
    MESSAGE_END,      /* this source has no more (all files were read to their end) */
};

struct source;
struct reading; /* belongs to run/ */

/** Where in a file a block lies. A file is known by its first line and by a digest of all bytes
 * before the block: reading it again, or when it has grown, doubles nothing. */
struct file_block {
    char name[64];  /* "file/<hash of the first line>/<n>"; "" = not durable (standard input) */
    char path[256]; /* for messages to people */
    uint64_t offset, end;
    uint64_t digest; /* of all bytes up to `end` */
    uint64_t line;   /* number of its first line, from 1 */
};

/** Owned by whoever holds it; ingest_free. */
struct message {
    enum message_kind kind;
    struct wire_envelope envelope;
    struct wire_control control;
    struct file_block block;
    uint64_t received_ns;  /* wall clock */
    struct source *source; /* to answer through */
    uint64_t peer;         /* of the source: connection, or the broker's number of the message */
    uint32_t failed;       /* MESSAGE_END: files that could not be read */
    struct strbuf bytes;
    struct reading *reading; /* what the reader made of the lines; NULL: nothing yet */
    void (*reading_free)(struct reading **reading);
    uint64_t reading_bytes;
    struct strbuf decided; /* in a cluster: what was decided of its events (run/carry.h) */
    bool skipped;          /* this batch did not take it */
    struct message *next;
};

struct queue;

struct ingest_def {
    const char *name; /* "mqtt", "unix", "file" */
    const char *doc;
    const struct option *options;
    /** Starts when configured; ERR_NOTFOUND: not asked for. A fault is a line in `report`. */
    enum err (*start)(const struct conf *conf, struct queue *queue, struct source *source,
                      struct strbuf *report);
    /** Tells a sensor (through `peer` where it has one) a control message. Called by the writer's
     * thread; never waits long. */
    void (*tell)(void *self, uint64_t peer, const struct wire_control *control);
    /** The store has the message, or had it before; NULL: nobody needs to know. Called by the
     * writer's thread, with the `peer` that the message came with; never waits. */
    void (*stored)(void *self, uint64_t peer);
    /** Stops reading, joins its thread. */
    void (*stop)(void *self);
    /** Appends members of the health object. */
    void (*health)(void *self, struct strbuf *json);
};

extern const struct ingest_def *const in_rows[];

struct source {
    const struct ingest_def *def;
    void *self; /* set by start */
};

/** How far a file was taken before: false when nothing is known of that name. Set by run/ before
 * sources start; called from their threads. */
struct ingest_memory {
    bool (*known)(void *ctx, const char *name, uint64_t *offset, uint64_t *digest);
    void *ctx;
};
void ingest_remember(struct queue *queue, const struct ingest_memory *memory);
bool ingest_known(struct queue *queue, const char *name, uint64_t *offset, uint64_t *digest);

/** Reads the lines of a message (m->reading) in the thread of its source, beside the writer. Set by
 * run/ before sources start. */
typedef void ingest_reader(struct message *m);
void ingest_read_by(struct queue *queue, ingest_reader *reader);

struct queue *ingest_queue_new(void);
void ingest_queue_free(struct queue **queue);
struct message *ingest_message(enum message_kind kind);
void ingest_free(struct message **message);

/** Frees every message of the list; it is empty (NULL) then. */
void ingest_free_all(struct message **list);

/** Puts `more`, itself a list or NULL, behind the last of `list`, which owns it then. */
void ingest_append(struct message **list, struct message *more);

/** Waits while the queue is full; false (message freed) when it is closed. */
bool ingest_put(struct queue *queue, struct message *message);
/** All that is there, oldest first, up to `max_bytes`; waits at most `wait_ns` for the first one.
 * NULL: nothing came. */
struct message *ingest_take(struct queue *queue, uint64_t max_bytes, uint64_t wait_ns);
void ingest_close(struct queue *queue);
uint64_t ingest_waiting(struct queue *queue, uint64_t *bytes);
bool ingest_closed(struct queue *queue);

/** A message of a stream or topic as the sensor sent it: envelope, hello or bye. ERR_INPUT:
 * neither; ERR_END: a control message that is not for an analyzer. */
enum err ingest_read(struct slice bytes, struct message **message);
/** The same from a broker. The topic, which the broker's access list guards, says who speaks:
 * ERR_DENIED when the message is another one's. */
enum err ingest_read_topic(struct slice topic, struct slice bytes, struct message **message);

#endif

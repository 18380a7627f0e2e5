/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue between sources and writer, and the reading of messages. See ingest.h.
 */
#include "analyzer/ingest/ingest.h"
#include "common/check.h"
#include "common/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled, emptied;
    struct message *first, **last;
    uint64_t n, bytes;
    bool closed;
    struct ingest_memory memory;
    ingest_reader *reader;
};

struct queue *ingest_queue_new(void)
{
    struct queue *q = calloc(1, sizeof(*q));
    pthread_condattr_t attr;

    CHECK(q && pthread_mutex_init(&q->lock, NULL) == 0);
    CHECK(pthread_condattr_init(&attr) == 0 &&
          pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&q->filled, &attr) == 0 && pthread_cond_init(&q->emptied, &attr) == 0);
    pthread_condattr_destroy(&attr);
    q->last = &q->first;
    return q;
}

void ingest_queue_free(struct queue **queue)
{
    struct queue *q = *queue;

    if (!q)
        return;
    ingest_free_all(&q->first);
    pthread_cond_destroy(&q->filled);
    pthread_cond_destroy(&q->emptied);
    pthread_mutex_destroy(&q->lock);
    free(q);
    *queue = NULL;
}

struct message *ingest_message(enum message_kind kind)
{
    struct message *m = calloc(1, sizeof(*m));
    CHECK(m);
    m->kind = kind;
    m->received_ns = clock_now_ns();
    strbuf_init(&m->bytes, WIRE_PLAIN_MAX + WIRE_MESSAGE_MAX);
    strbuf_init(&m->decided, 0);
    return m;
}

void ingest_free(struct message **message)
{
    if (!*message)
        return;
    if ((*message)->reading)
        (*message)->reading_free(&(*message)->reading);
    strbuf_fini(&(*message)->bytes);
    strbuf_fini(&(*message)->decided);
    free(*message);
    *message = NULL;
}

void ingest_free_all(struct message **list)
{
    while (*list) {
        struct message *m = *list;
        *list = m->next;
        ingest_free(&m);
    }
}

void ingest_append(struct message **list, struct message *more)
{
    while (*list)
        list = &(*list)->next;
    *list = more;
}

static uint64_t weight(const struct message *m)
{
    return m->bytes.len + m->reading_bytes;
}

static bool full(const struct queue *q)
{
    return q->n >= INGEST_QUEUE_MESSAGES || q->bytes >= INGEST_QUEUE_BYTES;
}

bool ingest_put(struct queue *queue, struct message *message)
{
    if (queue->reader)
        queue->reader(message);
    pthread_mutex_lock(&queue->lock);
    while (full(queue) && !queue->closed)
        pthread_cond_wait(&queue->emptied, &queue->lock);
    bool open = !queue->closed;
    if (open) {
        message->next = NULL;
        *queue->last = message;
        queue->last = &message->next;
        queue->n++;
        queue->bytes += weight(message);
        pthread_cond_signal(&queue->filled);
    }
    pthread_mutex_unlock(&queue->lock);
    if (!open)
        ingest_free(&message);
    return open;
}

static void wait_filled(struct queue *q, uint64_t wait_ns)
{
    uint64_t until = clock_mono_ns() + wait_ns;
    struct timespec at = {(time_t)(until / CLOCK_S), (long)(until % CLOCK_S)};

    while (!q->first && !q->closed)
        if (pthread_cond_timedwait(&q->filled, &q->lock, &at))
            break;
}

struct message *ingest_take(struct queue *queue, uint64_t max_bytes, uint64_t wait_ns)
{
    uint64_t bytes = 0;

    pthread_mutex_lock(&queue->lock);
    wait_filled(queue, wait_ns);
    struct message *list = queue->first;
    struct message **cut = &queue->first;
    while (*cut && (bytes == 0 || bytes + weight(*cut) <= max_bytes)) {
        bytes += weight(*cut);
        queue->n--;
        cut = &(*cut)->next;
    }
    queue->bytes -= bytes;
    queue->first = *cut;
    *cut = NULL;
    if (!queue->first)
        queue->last = &queue->first;
    pthread_cond_broadcast(&queue->emptied);
    pthread_mutex_unlock(&queue->lock);
    return list;
}

void ingest_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    pthread_cond_broadcast(&queue->filled);
    pthread_cond_broadcast(&queue->emptied);
    pthread_mutex_unlock(&queue->lock);
}

bool ingest_closed(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    bool closed = queue->closed;
    pthread_mutex_unlock(&queue->lock);
    return closed;
}

uint64_t ingest_waiting(struct queue *queue, uint64_t *bytes)
{
    pthread_mutex_lock(&queue->lock);
    uint64_t n = queue->n;
    *bytes = queue->bytes;
    pthread_mutex_unlock(&queue->lock);
    return n;
}

void ingest_remember(struct queue *queue, const struct ingest_memory *memory)
{
    queue->memory = *memory;
}

void ingest_read_by(struct queue *queue, ingest_reader *reader)
{
    queue->reader = reader;
}

bool ingest_known(struct queue *queue, const char *name, uint64_t *offset, uint64_t *digest)
{
    return queue->memory.known && queue->memory.known(queue->memory.ctx, name, offset, digest);
}

static enum err read_control(struct slice bytes, struct message *m)
{
    enum err err = wire_control_parse(bytes, &m->control);
    if (err)
        return err;
    if (m->control.type != WIRE_HELLO && m->control.type != WIRE_BYE)
        return ERR_END;
    m->kind = m->control.type == WIRE_HELLO ? MESSAGE_HELLO : MESSAGE_BYE;
    return ERR_OK;
}

static enum err read_envelope(struct slice bytes, struct message *m)
{
    enum err err = wire_parse(bytes, &m->bytes, &m->envelope);
    struct slice *lines = &m->envelope.lines;

    if (err)
        return err;
    m->kind = MESSAGE_ENVELOPE;
    if (m->bytes.len == 0) { /* it was not compressed: the lines are still the caller's */
        strbuf_slice(&m->bytes, *lines);
        *lines = strbuf_view(&m->bytes);
    }
    return m->bytes.full ? ERR_FULL : ERR_OK;
}

enum err ingest_read(struct slice bytes, struct message **message)
{
    struct message *m = ingest_message(MESSAGE_ENVELOPE);
    enum err err = wire_is_control(bytes) ? read_control(bytes, m) : read_envelope(bytes, m);

    if (err)
        ingest_free(&m);
    *message = m;
    return err;
}

static bool speaks_for_itself(const struct wire_topic *topic, const struct message *m)
{
    const char *sensor = m->kind == MESSAGE_ENVELOPE ? m->envelope.sensor : m->control.sensor;
    const char *site = m->kind == MESSAGE_ENVELOPE ? m->envelope.site : m->control.site;
    return strcmp(sensor, topic->sensor) == 0 && strcmp(site, topic->site) == 0 &&
           (m->kind == MESSAGE_ENVELOPE) == (topic->kind == WIRE_TOPIC_EVENTS);
}

enum err ingest_read_topic(struct slice topic, struct slice bytes, struct message **message)
{
    struct wire_topic read;

    *message = NULL;
    if (!wire_topic_parse(topic, &read))
        return ERR_INPUT;
    enum err err = ingest_read(bytes, message);
    if (!err && !speaks_for_itself(&read, *message)) {
        ingest_free(message);
        err = ERR_DENIED;
    }
    return err;
}

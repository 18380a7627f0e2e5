/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/api/stream.h"

#include "common/clock.h"
#include "common/strbuf.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct stream_live {
    struct streams_live *all;
    struct stream_live *prev, *next;
    void *connection;
    void (*sleep)(void *connection);
    void (*wake)(void *connection);
    bool asleep;
    bool blind; /* gets no data of the news */
    bool beat;  /* a heartbeat is due */
    uint64_t after;
    struct strbuf waiting; /* read from the hub, not yet taken */
    size_t taken;
};

struct streams_live {
    struct hub *hub;
    pthread_mutex_t lock;
    pthread_cond_t stop;
    pthread_t beater;
    struct stream_live *first;
    uint32_t n;
    bool ended;
};

/* With the lock held. */
static void wake_all(struct streams_live *streams, bool beat)
{
    for (struct stream_live *s = streams->first; s; s = s->next) {
        s->beat |= beat;
        if (s->asleep) {
            s->asleep = false;
            s->wake(s->connection);
        }
    }
}

static void on_news(void *ctx)
{
    struct streams_live *streams = ctx;

    pthread_mutex_lock(&streams->lock);
    wake_all(streams, false);
    pthread_mutex_unlock(&streams->lock);
}

/* A comment now and then keeps proxies from closing a quiet stream. */
static void *run_beater(void *ctx)
{
    struct streams_live *streams = ctx;

    pthread_mutex_lock(&streams->lock);
    while (!streams->ended) {
        struct timespec until = {.tv_sec = (time_t)(clock_mono_ns() / CLOCK_S) + STREAM_BEAT_S};
        pthread_cond_timedwait(&streams->stop, &streams->lock, &until);
        wake_all(streams, true);
    }
    pthread_mutex_unlock(&streams->lock);
    return NULL;
}

struct streams_live *streams_live_new(struct hub *hub)
{
    struct streams_live *streams = calloc(1, sizeof(*streams));
    pthread_condattr_t attr;

    if (!streams)
        return NULL;
    streams->hub = hub;
    pthread_mutex_init(&streams->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&streams->stop, &attr);
    pthread_condattr_destroy(&attr);
    if (pthread_create(&streams->beater, NULL, run_beater, streams) != 0) {
        free(streams);
        return NULL;
    }
    hub_listen(hub, on_news, streams);
    return streams;
}

void streams_live_end(struct streams_live *streams)
{
    hub_unlisten(streams->hub, on_news, streams);
    pthread_mutex_lock(&streams->lock);
    streams->ended = true;
    pthread_cond_signal(&streams->stop);
    wake_all(streams, false);
    pthread_mutex_unlock(&streams->lock);
    pthread_join(streams->beater, NULL);
}

void streams_live_free(struct streams_live **streams)
{
    if (!*streams)
        return;
    pthread_mutex_destroy(&(*streams)->lock);
    pthread_cond_destroy(&(*streams)->stop);
    free(*streams);
    *streams = NULL;
}

struct stream_live *stream_open(struct streams_live *streams, struct slice last_id, bool blind,
                                void *connection, void (*sleep)(void *connection),
                                void (*wake)(void *connection))
{
    struct stream_live *s = calloc(1, sizeof(*s));
    uint64_t after = 0;

    if (!s)
        return NULL;
    if (!slice_to_u64(last_id, &after))
        after = hub_last(streams->hub);
    *s = (struct stream_live){.all = streams,
                              .connection = connection,
                              .sleep = sleep,
                              .wake = wake,
                              .after = after,
                              .blind = blind};
    strbuf_init(&s->waiting, 0);
    strbuf_str(&s->waiting, "retry: 2000\n: hello\n\n");
    pthread_mutex_lock(&streams->lock);
    if (streams->ended || streams->n >= STREAM_LIVE_MAX) {
        pthread_mutex_unlock(&streams->lock);
        strbuf_fini(&s->waiting);
        free(s);
        return NULL;
    }
    s->next = streams->first;
    if (s->next)
        s->next->prev = s;
    streams->first = s;
    streams->n++;
    pthread_mutex_unlock(&streams->lock);
    return s;
}

void stream_close(struct stream_live **stream)
{
    struct stream_live *s = *stream;

    pthread_mutex_lock(&s->all->lock);
    if (s->prev)
        s->prev->next = s->next;
    else
        s->all->first = s->next;
    if (s->next)
        s->next->prev = s->prev;
    s->all->n--;
    pthread_mutex_unlock(&s->all->lock);
    strbuf_fini(&s->waiting);
    free(s);
    *stream = NULL;
}

/* "data: {...}" becomes "data: {}". Each message is one line of data. */
static void blank(struct strbuf *text)
{
    static const char mark[] = "data: ";
    struct slice rest = strbuf_view(text);
    struct strbuf out;

    strbuf_init(&out, 0);
    while (rest.len) {
        int64_t end = slice_find_byte(rest, '\n');
        struct slice line = slice_head(rest, end < 0 ? rest.len : (uint32_t)end + 1);
        if (slice_eq(slice_head(line, sizeof(mark) - 1), SLICE_LIT(mark)))
            strbuf_str(&out, "data: {}\n");
        else
            strbuf_bytes(&out, line.at, line.len);
        rest = slice_from(rest, line.len);
    }
    strbuf_clear(text);
    strbuf_bytes(text, out.at, out.len);
    strbuf_fini(&out);
}

static ssize_t hand_out(struct stream_live *s, char *buf, size_t max)
{
    size_t n = s->waiting.len - s->taken;

    if (n > max)
        n = max;
    memcpy(buf, s->waiting.at + s->taken, n);
    s->taken += n;
    if (s->taken == s->waiting.len) {
        strbuf_clear(&s->waiting);
        s->taken = 0;
    }
    return (ssize_t)n;
}

ssize_t stream_take(struct stream_live *s, char *buf, size_t max)
{
    ssize_t n = 0;

    pthread_mutex_lock(&s->all->lock);
    if (s->all->ended) {
        pthread_mutex_unlock(&s->all->lock);
        return STREAM_ENDED;
    }
    if (s->waiting.len == 0)
        s->after = hub_read(s->all->hub, s->after, &s->waiting);
    if (s->blind && s->taken == 0 && s->waiting.len)
        blank(&s->waiting);
    if (s->waiting.len == 0 && s->beat)
        strbuf_str(&s->waiting, ":\n\n");
    s->beat = false;
    if (s->waiting.len) {
        n = hand_out(s, buf, max);
    } else {
        s->asleep = true;
        s->sleep(s->connection);
    }
    pthread_mutex_unlock(&s->all->lock);
    return n;
}

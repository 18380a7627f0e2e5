/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ring of messages under one lock; listeners are called without it.
 */
#include "analyzer/record/hub.h"
#include "common/check.h"

#include <pthread.h>
#include <stdlib.h>

struct hub_message {
    const char *kind;
    const char *json; /* owned, in the ring */
};

struct hub_listener {
    void (*wake)(void *ctx);
    void *ctx;
};

struct hub {
    pthread_mutex_t lock;
    uint64_t last; /* id of the newest; message i is in ring[i % HUB_MESSAGES] */
    struct hub_message ring[HUB_MESSAGES];
    pthread_rwlock_t listening; /* held while listeners are called: unlisten waits for them */
    struct hub_listener listeners[HUB_LISTENERS_MAX];
    uint32_t n;
};

struct hub *hub_new(void)
{
    struct hub *hub = calloc(1, sizeof(*hub));
    CHECK(hub && pthread_mutex_init(&hub->lock, NULL) == 0);
    CHECK(pthread_rwlock_init(&hub->listening, NULL) == 0);
    return hub;
}

void hub_free(struct hub **hub)
{
    if (!*hub)
        return;
    for (uint32_t i = 0; i < HUB_MESSAGES; i++)
        free((void *)(uintptr_t)(*hub)->ring[i].json);
    pthread_mutex_destroy(&(*hub)->lock);
    pthread_rwlock_destroy(&(*hub)->listening);
    free(*hub);
    *hub = NULL;
}

void hub_publish(struct hub *hub, const char *kind, struct slice json)
{
    if (json.len == 0 || json.len > HUB_MESSAGE_MAX)
        json = SLICE_LIT("{}");
    char *copy = strndup((const char *)json.at, json.len);
    CHECK(copy);
    pthread_mutex_lock(&hub->lock);
    struct hub_message *m = &hub->ring[++hub->last % HUB_MESSAGES];
    free((void *)(uintptr_t)m->json);
    *m = (struct hub_message){kind, copy};
    pthread_mutex_unlock(&hub->lock);

    pthread_rwlock_rdlock(&hub->listening);
    for (uint32_t i = 0; i < hub->n; i++)
        hub->listeners[i].wake(hub->listeners[i].ctx);
    pthread_rwlock_unlock(&hub->listening);
}

bool hub_listen(struct hub *hub, void (*wake)(void *ctx), void *ctx)
{
    pthread_rwlock_wrlock(&hub->listening);
    bool room = hub->n < HUB_LISTENERS_MAX;
    if (room)
        hub->listeners[hub->n++] = (struct hub_listener){wake, ctx};
    pthread_rwlock_unlock(&hub->listening);
    return room;
}

void hub_unlisten(struct hub *hub, void (*wake)(void *ctx), void *ctx)
{
    pthread_rwlock_wrlock(&hub->listening);
    for (uint32_t i = 0; i < hub->n; i++)
        if (hub->listeners[i].wake == wake && hub->listeners[i].ctx == ctx)
            hub->listeners[i] = hub->listeners[--hub->n];
    pthread_rwlock_unlock(&hub->listening);
}

uint64_t hub_last(struct hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    uint64_t last = hub->last;
    pthread_mutex_unlock(&hub->lock);
    return last;
}

/* A line break would end the field (text/event-stream): JSON text has none, but be sure. */
static void write_message(struct strbuf *out, uint64_t id, const struct hub_message *m)
{
    strbuf_fmt(out, "id: %llu\nevent: %s\ndata: ", (unsigned long long)id, m->kind);
    for (const char *c = m->json; *c; c++)
        strbuf_char(out, *c == '\n' || *c == '\r' ? ' ' : *c);
    strbuf_str(out, "\n\n");
}

uint64_t hub_read(struct hub *hub, uint64_t after, struct strbuf *out)
{
    static const struct hub_message reload = {"reload", "{}"};

    pthread_mutex_lock(&hub->lock);
    uint64_t last = hub->last;
    if (after > last || last - after > HUB_MESSAGES) { /* restarted, or away for too long */
        write_message(out, last, &reload);
    } else {
        for (uint64_t id = after + 1; id <= last; id++)
            write_message(out, id, &hub->ring[id % HUB_MESSAGES]);
    }
    pthread_mutex_unlock(&hub->lock);
    return last;
}

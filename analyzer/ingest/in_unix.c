/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unix socket: framed messages of sensors on the same machine (common/wire.h). Who may write to the
 * socket is decided by the rights of its file (0660) and folder.
 *
 * One thread with poll(). When the queue is full it waits in ingest_put: nothing is read, the
 * senders' buffers fill, their spools keep the rest.
 */
#include "analyzer/ingest/ingest.h"
#include "common/check.h"
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 256, ANSWER_MAX = 1 << 20, READ_BYTES = 256 << 10, BACKLOG = 64 };

static const struct option options[] = {
    {"ingest.unix.path", CONF_TEXT, "",
     "Path of the socket for sensors on this machine; empty: none."},
    OPTION_END};

struct connection {
    int fd;
    uint64_t id;
    struct wire_framer framer;
    struct strbuf out; /* under the lock: the writer's thread adds answers */
    size_t out_at;
    bool dead;
    bool greeted; /* hello came: bye is owed when it ends */
    struct wire_control hello;
};

struct listener {
    struct queue *queue;
    struct source *source;
    pthread_t thread;
    pthread_mutex_t lock;
    int fd, wake;
    bool stop;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    struct connection *at[CONNECTIONS_MAX];
    uint32_t n;
    uint64_t next_id;
    uint64_t refused, broken; /* for health */
    uint8_t *room;
};

static void drop_connection(struct listener *l, uint32_t i)
{
    struct connection *c = l->at[i];

    if (c->greeted) {
        struct message *bye = ingest_message(MESSAGE_BYE);
        bye->control = c->hello;
        bye->control.type = WIRE_BYE;
        bye->source = l->source;
        bye->peer = c->id;
        (void)ingest_put(l->queue, bye);
    }
    pthread_mutex_lock(&l->lock);
    l->at[i] = l->at[--l->n];
    pthread_mutex_unlock(&l->lock);
    close(c->fd);
    wire_framer_fini(&c->framer);
    strbuf_fini(&c->out);
    free(c);
}

static void accept_one(struct listener *l)
{
    int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0)
        return;
    if (l->n == CONNECTIONS_MAX) {
        l->refused++;
        close(fd);
        return;
    }
    struct connection *c = calloc(1, sizeof(*c));
    CHECK(c);
    c->fd = fd;
    c->id = ++l->next_id;
    wire_framer_init(&c->framer);
    strbuf_init(&c->out, ANSWER_MAX);
    pthread_mutex_lock(&l->lock);
    l->at[l->n++] = c;
    pthread_mutex_unlock(&l->lock);
}

static void give(struct listener *l, struct connection *c, struct slice bytes)
{
    struct message *m;
    enum err err = ingest_read(bytes, &m);

    if (err == ERR_END)
        return;
    if (err) {
        l->broken++;
        c->dead = true;
        log_say(LOG_WARN, "%s: a message that is no envelope; connection closed", l->path);
        return;
    }
    m->source = l->source;
    m->peer = c->id;
    if (m->kind == MESSAGE_HELLO) {
        c->greeted = true;
        c->hello = m->control;
    }
    (void)ingest_put(l->queue, m);
}

static void read_some(struct listener *l, struct connection *c)
{
    struct slice bytes;
    ssize_t got = read(c->fd, l->room, READ_BYTES);

    if (got <= 0) {
        c->dead = got == 0 || (errno != EAGAIN && errno != EINTR);
        return;
    }
    enum err err = wire_framer_feed(&c->framer, (struct slice){l->room, (uint32_t)got});
    while (!err && !c->dead) {
        err = wire_framer_next(&c->framer, &bytes);
        if (!err)
            give(l, c, bytes);
    }
    if (err != ERR_AGAIN)
        c->dead = true;
}

static void write_some(struct listener *l, struct connection *c)
{
    pthread_mutex_lock(&l->lock);
    size_t left = c->out.len - c->out_at;
    ssize_t sent = left ? send(c->fd, c->out.at + c->out_at, left, MSG_NOSIGNAL) : 0;
    if (sent < 0)
        c->dead = errno != EAGAIN && errno != EINTR;
    else
        c->out_at += (size_t)sent;
    if (c->out_at == c->out.len) {
        strbuf_clear(&c->out);
        c->out_at = 0;
    }
    pthread_mutex_unlock(&l->lock);
}

static uint32_t prepare(struct listener *l, struct pollfd *fds)
{
    fds[0] = (struct pollfd){.fd = l->wake, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = l->fd, .events = POLLIN};
    pthread_mutex_lock(&l->lock);
    uint32_t n = l->n;
    for (uint32_t i = 0; i < n; i++) {
        bool owes = l->at[i]->out.len > l->at[i]->out_at;
        fds[2 + i] =
            (struct pollfd){.fd = l->at[i]->fd, .events = (short)(POLLIN | (owes ? POLLOUT : 0))};
    }
    pthread_mutex_unlock(&l->lock);
    return n;
}

static bool stopping(struct listener *l)
{
    pthread_mutex_lock(&l->lock);
    bool stop = l->stop;
    pthread_mutex_unlock(&l->lock);
    return stop;
}

static void serve(struct listener *l)
{
    struct pollfd fds[2 + CONNECTIONS_MAX];
    uint64_t count;
    uint32_t n = prepare(l, fds);

    if (poll(fds, 2 + n, -1) < 0)
        return;
    if (fds[0].revents)
        (void)!read(l->wake, &count, sizeof(count));
    for (uint32_t i = n; i-- > 0;) { /* backwards: dropping moves the last one here */
        struct connection *c = l->at[i];
        if (fds[2 + i].revents & POLLOUT)
            write_some(l, c);
        if (fds[2 + i].revents & (POLLIN | POLLHUP | POLLERR))
            read_some(l, c);
        if (c->dead)
            drop_connection(l, i);
    }
    if (fds[1].revents)
        accept_one(l);
}

static void *run(void *arg)
{
    struct listener *l = arg;
    while (!stopping(l))
        serve(l);
    while (l->n)
        drop_connection(l, l->n - 1);
    return NULL;
}

static enum err listen_at(struct listener *l, struct strbuf *report)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    memcpy(addr.sun_path, l->path, sizeof(addr.sun_path));
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct stat st;
    if (lstat(l->path, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(l->path); /* left by a run that was killed */
    if (l->fd < 0 || bind(l->fd, (const struct sockaddr *)&addr, sizeof(addr)) ||
        chmod(l->path, 0660) || listen(l->fd, BACKLOG)) {
        strbuf_fmt(report, "ingest.unix.path: cannot listen at %s: %s\n", l->path, strerror(errno));
        return ERR_IO;
    }
    return ERR_OK;
}

static void discard(struct listener *l)
{
    if (l->fd >= 0)
        close(l->fd);
    if (l->wake >= 0)
        close(l->wake);
    pthread_mutex_destroy(&l->lock);
    free(l->room);
    free(l);
}

static enum err unix_start(const struct conf *conf, struct queue *queue, struct source *source,
                           struct strbuf *report)
{
    const char *path = conf_text(conf, "ingest.unix.path");

    if (!*path)
        return ERR_NOTFOUND;
    struct listener *l = calloc(1, sizeof(*l));
    CHECK(l && pthread_mutex_init(&l->lock, NULL) == 0);
    l->room = malloc(READ_BYTES);
    l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    CHECK(l->room && l->wake >= 0);
    l->fd = -1;
    l->queue = queue;
    l->source = source;
    if ((size_t)snprintf(l->path, sizeof(l->path), "%s", path) >= sizeof(l->path)) {
        strbuf_fmt(report, "ingest.unix.path: the path is too long: %s\n", path);
        discard(l);
        return ERR_INPUT;
    }
    enum err err = listen_at(l, report);
    if (err) {
        discard(l);
        return err;
    }
    source->self = l;
    CHECK(pthread_create(&l->thread, NULL, run, l) == 0);
    return ERR_OK;
}

static void wake_up(struct listener *l)
{
    uint64_t one = 1;
    (void)!write(l->wake, &one, sizeof(one));
}

static void unix_tell(void *self, uint64_t peer, const struct wire_control *control)
{
    struct listener *l = self;
    struct strbuf text;

    strbuf_init(&text, 4096);
    wire_control_build(control, &text);
    pthread_mutex_lock(&l->lock);
    for (uint32_t i = 0; i < l->n; i++)
        if (l->at[i]->id == peer)
            wire_frame(strbuf_view(&text), &l->at[i]->out);
    pthread_mutex_unlock(&l->lock);
    strbuf_fini(&text);
    wake_up(l);
}

static void unix_stop(void *self)
{
    struct listener *l = self;

    pthread_mutex_lock(&l->lock);
    l->stop = true;
    pthread_mutex_unlock(&l->lock);
    wake_up(l);
    pthread_join(l->thread, NULL);
    unlink(l->path);
    discard(l);
}

static void unix_health(void *self, struct strbuf *json)
{
    struct listener *l = self;
    pthread_mutex_lock(&l->lock);
    strbuf_fmt(json, "\"connections\":%u,\"refused\":%llu,\"broken\":%llu", l->n,
               (unsigned long long)l->refused, (unsigned long long)l->broken);
    pthread_mutex_unlock(&l->lock);
}

const struct ingest_def in_unix = {
    .name = "unix",
    .doc = "Sensors on this machine, over a Unix socket",
    .options = options,
    .start = unix_start,
    .tell = unix_tell,
    .stop = unix_stop,
    .health = unix_health,
};

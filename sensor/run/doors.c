/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/doors.h"
#include "common/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { DOORS_MAX = 4, CLIENTS_MAX = 32, BACKLOG = 16, SILENT_S = 600 };

struct door {
    int fd;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* empty: not a Unix socket */
    door_line_fn line;
    void *context;
};

struct client {
    int fd; /* -1: free */
    const struct door *door;
    struct door_client own;
    struct strbuf in, out;
    size_t sent;
    bool greeted;
    bool done; /* closes when the reply is out */
    uint64_t heard_ns;
};

struct doors {
    struct door door[DOORS_MAX];
    uint32_t n;
    struct client client[CLIENTS_MAX];
    int wake;
    bool started;
    pthread_t thread;
};

struct doors *doors_new(void)
{
    struct doors *d = calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    d->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        d->client[i].fd = -1;
    return d;
}

static void drop(struct client *c)
{
    close(c->fd);
    c->fd = -1;
    strbuf_fini(&c->in);
    strbuf_fini(&c->out);
}

void doors_free(struct doors **doors)
{
    struct doors *d = *doors;
    uint64_t one = 1;

    if (!d)
        return;
    if (d->started && write(d->wake, &one, sizeof(one)) == sizeof(one))
        pthread_join(d->thread, NULL);
    for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
        if (d->client[i].fd >= 0)
            drop(&d->client[i]);
    }
    for (uint32_t i = 0; i < d->n; i++) {
        close(d->door[i].fd);
        if (d->door[i].path[0])
            unlink(d->door[i].path);
    }
    if (d->wake >= 0)
        close(d->wake);
    free(d);
    *doors = NULL;
}

/* ---- listening ---------------------------------------------------------------------------- */

static enum err add(struct doors *d, int fd, const struct sockaddr *at, socklen_t len,
                    const struct door *door)
{
    if (d->n == DOORS_MAX || fd < 0 || bind(fd, at, len) != 0 || listen(fd, BACKLOG) != 0) {
        int error = errno;
        if (fd >= 0)
            close(fd);
        errno = error;
        return ERR_IO;
    }
    d->door[d->n] = *door;
    d->door[d->n++].fd = fd;
    return ERR_OK;
}

/* A socket file that nobody answers on was left behind by a crash. */
static bool somebody_listens(const struct sockaddr_un *at)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool answered = fd >= 0 && connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0;

    if (fd >= 0)
        close(fd);
    return answered;
}

enum err doors_add_unix(struct doors *d, const char *path, door_line_fn line, void *context,
                        struct strbuf *fault)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct door door = {.line = line, .context = context};

    if (strlen(path) >= sizeof(at.sun_path)) {
        strbuf_fmt(fault, "control.socket %s is too long for a socket", path);
        return ERR_INPUT;
    }
    strcpy(at.sun_path, path);
    strcpy(door.path, path);
    if (somebody_listens(&at)) {
        strbuf_fmt(fault, "another sensor answers on %s; give each its own control.socket", path);
        return ERR_CONFLICT;
    }
    unlink(path);
    mode_t before = umask(0117);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    enum err err = add(d, fd, (struct sockaddr *)&at, sizeof(at), &door);
    umask(before);
    if (err)
        strbuf_fmt(fault, "control socket %s cannot be made: %s", path, strerror(errno));
    return err;
}

static bool parse_where(const char *where, struct sockaddr_storage *at, socklen_t *len)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)at;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)at;
    const char *colon = strrchr(where, ':');
    char host[64] = "";
    uint64_t port = 0;

    if (!colon || (size_t)(colon - where) >= sizeof(host) ||
        !slice_to_u64(slice_of_str(colon + 1), &port) || port > 65535)
        return false;
    memcpy(host, where, (size_t)(colon - where));
    memset(at, 0, sizeof(*at));
    if (host[0] == '[' && colon[-1] == ']') {
        host[colon - where - 1] = '\0';
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        *len = sizeof(*v6);
        return inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1;
    }
    v4->sin_family = AF_INET;
    v4->sin_port = htons((uint16_t)port);
    *len = sizeof(*v4);
    return inet_pton(AF_INET, host, &v4->sin_addr) == 1;
}

enum err doors_add_tcp(struct doors *d, const char *where, door_line_fn line, void *context,
                       struct strbuf *fault)
{
    struct sockaddr_storage at;
    socklen_t len = 0;
    int yes = 1;

    if (!parse_where(where, &at, &len)) {
        strbuf_fmt(fault, "metrics.listen: %s is no ADDRESS:PORT", where);
        return ERR_INPUT;
    }
    int fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    enum err err =
        add(d, fd, (struct sockaddr *)&at, len, &(struct door){.line = line, .context = context});
    if (err)
        strbuf_fmt(fault, "metrics are not served on %s: %s", where, strerror(errno));
    return err;
}

/* ---- answering ---------------------------------------------------------------------------- */

static void take_client(struct doors *d, const struct door *door)
{
    int fd = accept4(door->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    for (uint32_t i = 0; fd >= 0 && i < CLIENTS_MAX; i++) {
        struct client *c = &d->client[i];
        if (c->fd >= 0)
            continue;
        *c = (struct client){.fd = fd, .door = door, .heard_ns = clock_mono_ns()};
        strbuf_init(&c->in, DOOR_LINE_MAX);
        strbuf_init(&c->out, DOOR_REPLY_MAX);
        return;
    }
    if (fd >= 0)
        close(fd);
}

/* Suricata's clients greet without ending the line: the object's end is the line's. */
static void end_greeting(struct client *c)
{
    bool open_line = c->in.len && !memchr(c->in.at, '\n', c->in.len);

    if (c->door->path[0] && !c->greeted && open_line && c->in.at[c->in.len - 1] == '}')
        strbuf_char(&c->in, '\n');
    c->greeted = c->greeted || (c->in.len && c->in.at[c->in.len - 1] == '\n');
}

/* Answers all whole lines that are there; keeps the rest. */
static void answer(struct client *c)
{
    end_greeting(c);
    struct slice rest = strbuf_view(&c->in);
    int64_t end;

    while (!c->done && rest.len && (end = slice_find_byte(rest, '\n')) >= 0) {
        struct slice line = slice_head(rest, (uint32_t)end);
        if (line.len && line.at[line.len - 1] == '\r')
            line.len--;
        rest = slice_from(rest, (uint32_t)end + 1);
        c->done = !c->door->line(c->door->context, &c->own, line, &c->out);
    }
    if (rest.len)
        memmove(c->in.at, rest.at, rest.len);
    c->in.len = rest.len;
    c->done = c->done || c->out.full;
}

static bool hear(struct client *c)
{
    char bytes[4096];
    ssize_t n = recv(c->fd, bytes, sizeof(bytes), 0);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        return false;
    c->heard_ns = clock_mono_ns();
    strbuf_bytes(&c->in, bytes, (size_t)n);
    if (c->in.full)
        return false; /* a line that never ends */
    answer(c);
    return true;
}

static bool tell(struct client *c)
{
    while (c->sent < c->out.len) {
        ssize_t n = send(c->fd, c->out.at + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        c->sent += (size_t)n;
    }
    c->sent = 0;
    strbuf_clear(&c->out);
    return !c->done;
}

static void serve_client(struct client *c, short events)
{
    bool stays = true;

    if (events & (POLLIN | POLLHUP | POLLERR))
        stays = hear(c);
    if (stays || c->out.len)
        stays = tell(c) && stays;
    if (!stays || clock_mono_ns() - c->heard_ns > SILENT_S * CLOCK_S)
        drop(c);
}

static void *run(void *context)
{
    struct doors *d = context;
    struct pollfd at[1 + DOORS_MAX + CLIENTS_MAX];

    for (;;) {
        at[0] = (struct pollfd){.fd = d->wake, .events = POLLIN};
        for (uint32_t i = 0; i < d->n; i++)
            at[1 + i] = (struct pollfd){.fd = d->door[i].fd, .events = POLLIN};
        for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
            const struct client *c = &d->client[i];
            short waits = c->out.len ? POLLOUT : POLLIN; /* no more questions before the answer */
            at[1 + d->n + i] = (struct pollfd){.fd = c->fd, .events = c->fd < 0 ? 0 : waits};
        }
        poll(at, 1 + d->n + CLIENTS_MAX, 1000);
        if (at[0].revents)
            return NULL;
        for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
            if (d->client[i].fd >= 0)
                serve_client(&d->client[i], at[1 + d->n + i].revents);
        }
        for (uint32_t i = 0; i < d->n; i++) {
            if (at[1 + i].revents & POLLIN)
                take_client(d, &d->door[i]);
        }
    }
}

enum err doors_start(struct doors *d)
{
    sigset_t all;
    sigset_t before;

    if (d->n == 0)
        return ERR_OK;
    sigfillset(&all); /* signals are the main thread's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    d->started = pthread_create(&d->thread, NULL, run, d) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return d->started ? ERR_OK : ERR_NOMEM;
}

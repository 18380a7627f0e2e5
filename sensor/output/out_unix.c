/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events to an analyzer on the same machine through a Unix socket: the envelopes of common/wire,
 * each behind its length. The analyzer answers with control messages the same way.
 */
#include "common/check.h"
#include "common/clock.h"
#include "sensor/output/output.h"
#include "sensor/output/uplink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PENDING_MAX = 1 << 20, READ_BYTES = 64 << 10 };
#define PAUSE_FIRST (200 * CLOCK_MS)
#define PAUSE_MAX   (5 * CLOCK_S)

static const struct option unix_options[] = {
    {"output.unix.path", CONF_TEXT, "",
     "Socket of an analyzer on this machine; empty: no such output"},
    /* of all outputs that have an uplink; so is output.wait, which the program declares */
    {"spool.dir", CONF_TEXT, "spool",
     "Directory, within that of the run, for messages the analyzer has not acknowledged"},
    {"spool.size", CONF_SIZE, "1G", "Bytes on disk at most, for each output that has a spool"},
    {"spool.memory", CONF_SIZE, "16M", "Bytes in memory at most, while the disk is full"},
    OPTION_END,
};

static const struct counter unix_counters[] = {UPLINK_COUNTERS("unix")};

struct output {
    struct uplink *uplink;
    struct sockaddr_un peer;
    int fd; /* -1: not connected */
    int wake_fd;
    uint64_t try_ns;
    uint64_t pause_ns;
    struct wire_framer framer;
    struct strbuf pending; /* framed, not written yet */
    size_t written;        /* of pending */
};

static void hang_up(struct output *o, const char *why)
{
    if (o->fd >= 0)
        close(o->fd);
    o->fd = -1;
    o->try_ns = clock_mono_ns() + o->pause_ns;
    o->pause_ns = o->pause_ns * 2 < PAUSE_MAX ? o->pause_ns * 2 : PAUSE_MAX;
    wire_framer_fini(&o->framer);
    wire_framer_init(&o->framer);
    strbuf_clear(&o->pending);
    o->written = 0;
    uplink_down(o->uplink, why);
}

static void dial(struct output *o)
{
    o->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (o->fd < 0 || connect(o->fd, (const struct sockaddr *)&o->peer, sizeof(o->peer)) != 0) {
        hang_up(o, strerror(errno));
        return;
    }
    uplink_up(o->uplink);
}

static void push(struct output *o)
{
    while (o->fd >= 0 && o->written < o->pending.len) {
        ssize_t n =
            send(o->fd, o->pending.at + o->written, o->pending.len - o->written, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0) {
            hang_up(o, strerror(errno));
            return;
        }
        o->written += (size_t)n;
    }
    strbuf_clear(&o->pending);
    o->written = 0;
}

static void hear(struct output *o)
{
    uint8_t bytes[READ_BYTES];
    struct slice message;
    ssize_t n = recv(o->fd, bytes, sizeof(bytes), 0);

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        hang_up(o, n ? strerror(errno) : "the analyzer closed the connection");
        return;
    }
    o->pause_ns = PAUSE_FIRST;
    enum err err = wire_framer_feed(&o->framer, (struct slice){bytes, (uint32_t)n});
    while (!err && (err = wire_framer_next(&o->framer, &message)) == ERR_OK)
        uplink_received(o->uplink, message);
    if (err && err != ERR_AGAIN)
        hang_up(o, "the analyzer sent something that is no message");
}

static void unix_poll(void *self, uint32_t timeout_ms)
{
    struct output *o = self;
    uint64_t woken = 0;
    uint64_t now_ns = clock_mono_ns();

    if (o->fd < 0 && now_ns >= o->try_ns)
        dial(o);
    if (o->fd < 0 && o->try_ns > now_ns && (o->try_ns - now_ns) / CLOCK_MS + 1 < timeout_ms)
        timeout_ms = (uint32_t)((o->try_ns - now_ns) / CLOCK_MS + 1);
    push(o);
    struct pollfd fds[2] = {
        {.fd = o->wake_fd, .events = POLLIN},
        {.fd = o->fd, .events = (short)(POLLIN | (o->pending.len ? POLLOUT : 0))},
    };
    if (poll(fds, 2, (int)timeout_ms) <= 0)
        return;
    if (fds[0].revents && read(o->wake_fd, &woken, sizeof(woken)) < 0 && errno != EAGAIN)
        return;
    if (o->fd >= 0 && fds[1].revents & (POLLIN | POLLHUP | POLLERR))
        hear(o);
    if (o->fd >= 0 && fds[1].revents & POLLOUT)
        push(o);
}

static enum err send_framed(struct output *o, struct slice message)
{
    if (o->fd < 0 || o->pending.len - o->written > PENDING_MAX)
        return ERR_AGAIN;
    wire_frame(message, &o->pending);
    push(o);
    return ERR_OK;
}

static enum err unix_send(void *self, enum event_class cls, uint32_t partition,
                          struct slice message)
{
    (void)cls;
    (void)partition;
    return send_framed(self, message);
}

static enum err unix_send_control(void *self, struct slice message)
{
    return send_framed(self, message);
}

static void unix_wake(void *self)
{
    struct output *o = self;
    uint64_t one = 1;

    if (write(o->wake_fd, &one, sizeof(one)) < 0)
        return; /* the counter is full: it is awake already */
}

static void unix_free(void *self)
{
    struct output *o = self;

    if (o->fd >= 0)
        close(o->fd);
    if (o->wake_fd >= 0)
        close(o->wake_fd);
    wire_framer_fini(&o->framer);
    strbuf_fini(&o->pending);
    free(o);
}

static bool unix_wanted(const struct conf *conf)
{
    return *conf_text(conf, "output.unix.path") != '\0';
}

static enum err unix_open(const struct conf *conf, const char *dir, bool replay,
                          struct stats *stats, struct output **output, struct strbuf *report)
{
    const char *path = conf_text(conf, "output.unix.path");
    char where[160];
    struct output *o = calloc(1, sizeof(*o));
    CHECK(o);

    *output = NULL;
    *o = (struct output){.fd = -1, .pause_ns = PAUSE_FIRST, .peer.sun_family = AF_UNIX};
    o->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    wire_framer_init(&o->framer);
    strbuf_init(&o->pending, 0);
    if (strlen(path) >= sizeof(o->peer.sun_path)) {
        strbuf_fmt(report, "output.unix.path is longer than %zu characters\n",
                   sizeof(o->peer.sun_path) - 1);
        unix_free(o);
        return ERR_INPUT;
    }
    strcpy(o->peer.sun_path, path);
    snprintf(where, sizeof(where), "unix:%s", path);
    enum err err = uplink_new(&(struct uplink_setup){.name = "unix",
                                                     .where = where,
                                                     .conf = conf,
                                                     .dir = dir,
                                                     .replay = replay,
                                                     .one_partition = true,
                                                     .counters = stats_add(stats, unix_counters),
                                                     .report = report},
                              &o->uplink);
    if (err) {
        unix_free(o);
        return err;
    }
    uplink_attach_take(o->uplink, &(struct transport){.self = o,
                                                      .poll = unix_poll,
                                                      .send = unix_send,
                                                      .send_control = unix_send_control,
                                                      .wake = unix_wake,
                                                      .free = unix_free});
    *output = o;
    return ERR_OK;
}

static void unix_write(struct output *o, const struct output_line *line)
{
    uplink_write(o->uplink, line);
}

static void unix_tick(struct output *o, uint64_t now_ns)
{
    (void)now_ns;
    uplink_tick(o->uplink);
}

/* The uplink frees the output, which is its transport. */
static void unix_close(struct output **output, uint64_t wait_ns)
{
    struct uplink *uplink = *output ? (*output)->uplink : NULL;

    uplink_close(&uplink, wait_ns);
    *output = NULL;
}

const struct output_def out_unix = {
    .name = "unix",
    .doc = "Analyzer on the same machine, through a Unix socket",
    .options = unix_options,
    .counters = unix_counters,
    .wanted = unix_wanted,
    .open = unix_open,
    .write = unix_write,
    .tick = unix_tick,
    .close = unix_close,
};

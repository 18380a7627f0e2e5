/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/output/lines.h"

#include "common/check.h"
#include "common/clock.h"
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BLOCK_BYTES = 64 << 10,
    HELD_MAX = 4 << 20, /* while the file does not take anything */
    RETRY_S = 1,
    SAY_AGAIN_S = 300,
};

static char *path_of(const char *dir, const char *name)
{
    char *path = NULL;

    if (*name == '/' || strcmp(name, "-") == 0 || !dir || !*dir)
        path = strdup(name);
    else if (asprintf(&path, "%s/%s", dir, name) < 0)
        path = NULL;
    CHECK(path);
    return path;
}

/* Not blocking, so that a pipe without reader cannot hold up a live sensor. */
static int open_path(const struct lines *l, bool anew)
{
    int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;

    if (strcmp(l->path, "-") == 0)
        return dup(STDOUT_FILENO);
    return open(l->path, flags | (anew ? O_TRUNC : 0) | (l->may_wait ? 0 : O_NONBLOCK), 0640);
}

enum err lines_init(struct lines *l, const char *dir, const char *name, bool replay,
                    uint64_t *count, struct strbuf *report)
{
    strbuf_init(&l->block, HELD_MAX);
    l->count = count;
    l->may_wait = replay;
    l->path = path_of(dir, name);
    l->fd = open_path(l, replay);
    if (l->fd >= 0)
        return ERR_OK;
    strbuf_fmt(report, "%s cannot be written: %s\n", l->path, strerror(errno));
    free(l->path);
    return ERR_IO;
}

static void failed(struct lines *l, uint64_t now_ns)
{
    int error = errno;

    l->count[LINES_ERRORS]++;
    l->retry_ns = now_ns + RETRY_S * CLOCK_S;
    if (l->said_ns && now_ns < l->said_ns + SAY_AGAIN_S * CLOCK_S)
        return;
    l->said_ns = now_ns;
    log_say(LOG_FAULT,
            "%s cannot be written: %s; events are held for a moment, then lost, until it can",
            l->path, strerror(error));
}

/* Remembers how much of an unfinished line the file ends with after `done` bytes of the block. */
static void note_end(struct lines *l, size_t done)
{
    const char *last = done ? memrchr(l->block.at, '\n', done) : NULL;

    l->torn = last ? (size_t)(l->block.at + done - last - 1) : l->torn + done;
}

/* As much of the block as goes out now. */
static void push(struct lines *l, uint64_t now_ns)
{
    size_t done = 0;

    if (l->block.len == 0 || (l->retry_ns && now_ns < l->retry_ns))
        return;
    if (l->fd < 0)
        l->fd = open_path(l, false);
    while (l->fd >= 0 && done < l->block.len) {
        ssize_t n = write(l->fd, l->block.at + done, l->block.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        done += (size_t)n;
    }
    l->count[LINES_BYTES] += done;
    note_end(l, done);
    if (done < l->block.len) {
        failed(l, now_ns);
        memmove(l->block.at, l->block.at + done, l->block.len - done);
    } else if (l->retry_ns) {
        l->retry_ns = 0;
        log_say(LOG_NOTE, "%s is written again", l->path);
    }
    l->block.len -= done;
}

void lines_add(struct lines *l, struct slice text, struct slice more)
{
    size_t bytes = (size_t)text.len + more.len + 1;

    l->count[LINES_ADDED]++;
    if (l->block.len + bytes > BLOCK_BYTES)
        push(l, clock_mono_ns());
    if (l->block.room - l->block.len <= bytes && !strbuf_grow(&l->block, bytes)) {
        l->block.full = false;
        l->count[LINES_LOST]++;
        return;
    }
    char *at = l->block.at + l->block.len;
    at = mempcpy(at, text.at, text.len);
    if (more.len)
        at = mempcpy(at, more.at, more.len);
    *at++ = '\n';
    *at = '\0';
    l->block.len += bytes;
}

void lines_tick(struct lines *l, uint64_t now_ns)
{
    push(l, now_ns);
}

void lines_reopen(struct lines *l)
{
    l->retry_ns = 0;
    push(l, clock_mono_ns());
    if (l->fd >= 0)
        close(l->fd);
    l->fd = open_path(l, false);
    if (l->fd < 0)
        failed(l, clock_mono_ns());
}

/* What is still held is lost: it is counted, and the file ends with a whole line. */
static void give_up(struct lines *l)
{
    struct stat st;

    for (size_t i = 0; i < l->block.len; i++)
        l->count[LINES_LOST] += l->block.at[i] == '\n';
    if (l->torn && l->fd >= 0 && fstat(l->fd, &st) == 0 && S_ISREG(st.st_mode) &&
        ftruncate(l->fd, st.st_size - (off_t)l->torn) != 0)
        log_say(LOG_WARN, "%s ends with a line that is not whole", l->path);
    log_say(LOG_FAULT, "%llu of %llu events could not be written to %s: make room and run again",
            (unsigned long long)l->count[LINES_LOST], (unsigned long long)l->count[LINES_ADDED],
            l->path);
}

void lines_fini(struct lines *l)
{
    l->retry_ns = 0;
    push(l, clock_mono_ns());
    if (l->block.len)
        give_up(l);
    if (l->fd >= 0)
        close(l->fd);
    strbuf_fini(&l->block);
    free(l->path);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as lines of a file, eve.json, for every tool that reads EVE.
 *
 * Lines are gathered and written in large blocks. While the disk is full or the file cannot be
 * opened nothing waits: one message says so, events are held up to 4 MB, then counted and lost, and
 * each second the block is tried again. What was written in part is continued where it stopped, so
 * no line in the middle of the file is cut.
 */
#include "common/check.h"
#include "common/clock.h"
#include "common/log.h"
#include "sensor/output/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BLOCK_BYTES = 256 << 10,
    HELD_MAX = 4 << 20, /* while the file does not take anything */
    RETRY_S = 1,
    SAY_AGAIN_S = 300,
};

static const struct option file_options[] = {
    {"output.file.enabled", CONF_BOOL, "true", "Write events to a file"},
    {"output.file.name", CONF_TEXT, "eve.json",
     "Name of the file, relative to the directory of the run; - is standard output"},
    OPTION_END,
};

enum { COUNT_EVENTS, COUNT_BYTES, COUNT_LOST, COUNT_ERRORS };
static const struct counter file_counters[] = {
    [COUNT_EVENTS] = {"output.file.events", "Events for the file"},
    [COUNT_BYTES] = {"output.file.bytes", "Bytes written"},
    [COUNT_LOST] = {"output.file.lost", "Events that could not be written; is the disk full or "
                                        "read-only? Writing goes on by itself"},
    [COUNT_ERRORS] = {"output.file.errors", "Failed writes"},
    COUNTER_END,
};

struct output {
    char *path;
    int fd; /* -1: not open */
    bool may_wait;
    struct strbuf block;
    uint64_t retry_ns; /* not before; 0: all is well */
    uint64_t said_ns;
    size_t torn; /* bytes at the end of the file that are the beginning of a line */
    uint64_t *count;
};

static bool file_wanted(const struct conf *conf)
{
    return conf_bool(conf, "output.file.enabled");
}

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
static int open_path(const struct output *o, bool anew)
{
    int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;

    if (strcmp(o->path, "-") == 0)
        return dup(STDOUT_FILENO);
    return open(o->path, flags | (anew ? O_TRUNC : 0) | (o->may_wait ? 0 : O_NONBLOCK), 0640);
}

static enum err file_open(const struct conf *conf, const char *dir, bool replay,
                          struct stats *stats, struct output **output, struct strbuf *report)
{
    struct output *o = calloc(1, sizeof(*o));

    *output = o;
    if (!o)
        return ERR_NOMEM;
    strbuf_init(&o->block, HELD_MAX);
    o->count = stats_add(stats, file_counters);
    o->may_wait = replay;
    o->path = path_of(dir, conf_text(conf, "output.file.name"));
    o->fd = open_path(o, replay);
    if (o->fd >= 0)
        return ERR_OK;
    strbuf_fmt(report, "%s cannot be written: %s\n", o->path, strerror(errno));
    free(o->path);
    free(o);
    *output = NULL;
    return ERR_IO;
}

static void failed(struct output *o, uint64_t now_ns)
{
    int error = errno;

    o->count[COUNT_ERRORS]++;
    o->retry_ns = now_ns + RETRY_S * CLOCK_S;
    if (o->said_ns && now_ns < o->said_ns + SAY_AGAIN_S * CLOCK_S)
        return;
    o->said_ns = now_ns;
    log_say(LOG_FAULT,
            "%s cannot be written: %s; events are held for a moment, then lost, until it can",
            o->path, strerror(error));
}

/* Remembers how much of an unfinished line the file ends with after `done` bytes of the block. */
static void note_end(struct output *o, size_t done)
{
    const char *last = done ? memrchr(o->block.at, '\n', done) : NULL;

    o->torn = last ? (size_t)(o->block.at + done - last - 1) : o->torn + done;
}

/* As much of the block as goes out now. */
static void push(struct output *o, uint64_t now_ns)
{
    size_t done = 0;

    if (o->block.len == 0 || (o->retry_ns && now_ns < o->retry_ns))
        return;
    if (o->fd < 0)
        o->fd = open_path(o, false);
    while (o->fd >= 0 && done < o->block.len) {
        ssize_t n = write(o->fd, o->block.at + done, o->block.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        done += (size_t)n;
    }
    o->count[COUNT_BYTES] += done;
    note_end(o, done);
    if (done < o->block.len) {
        failed(o, now_ns);
        memmove(o->block.at, o->block.at + done, o->block.len - done);
    } else if (o->retry_ns) {
        o->retry_ns = 0;
        log_say(LOG_NOTE, "%s is written again", o->path);
    }
    o->block.len -= done;
}

static void file_write(struct output *o, const struct output_line *line)
{
    size_t bytes = (size_t)line->text.len + line->more.len + 1;

    o->count[COUNT_EVENTS]++;
    if (o->block.len + bytes > BLOCK_BYTES)
        push(o, clock_mono_ns());
    if (o->block.room - o->block.len <= bytes && !strbuf_grow(&o->block, bytes)) {
        o->block.full = false;
        o->count[COUNT_LOST]++;
        return;
    }
    strbuf_slice(&o->block, line->text);
    strbuf_slice(&o->block, line->more);
    strbuf_char(&o->block, '\n');
}

static void file_tick(struct output *o, uint64_t now_ns)
{
    push(o, now_ns);
}

static void file_reopen(struct output *o)
{
    o->retry_ns = 0;
    push(o, clock_mono_ns());
    if (o->fd >= 0)
        close(o->fd);
    o->fd = open_path(o, false);
    if (o->fd < 0)
        failed(o, clock_mono_ns());
}

/* What is still held is lost: it is counted, and the file ends with a whole line. */
static void give_up(struct output *o)
{
    struct stat st;

    for (size_t i = 0; i < o->block.len; i++)
        o->count[COUNT_LOST] += o->block.at[i] == '\n';
    if (o->torn && o->fd >= 0 && fstat(o->fd, &st) == 0 && S_ISREG(st.st_mode) &&
        ftruncate(o->fd, st.st_size - (off_t)o->torn) != 0)
        log_say(LOG_WARN, "%s ends with a line that is not whole", o->path);
    log_say(LOG_FAULT, "%llu of %llu events could not be written to %s: make room and run again",
            (unsigned long long)o->count[COUNT_LOST], (unsigned long long)o->count[COUNT_EVENTS],
            o->path);
}

static void file_close(struct output **output, uint64_t wait_ns)
{
    struct output *o = *output;

    (void)wait_ns;
    if (!o)
        return;
    o->retry_ns = 0;
    push(o, clock_mono_ns());
    if (o->block.len)
        give_up(o);
    if (o->fd >= 0)
        close(o->fd);
    strbuf_fini(&o->block);
    free(o->path);
    free(o);
    *output = NULL;
}

const struct output_def out_file = {
    .name = "file",
    .doc = "Events as lines of eve.json",
    .options = file_options,
    .counters = file_counters,
    .wanted = file_wanted,
    .open = file_open,
    .write = file_write,
    .tick = file_tick,
    .reopen = file_reopen,
    .close = file_close,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as lines of a file, eve.json. Written in large blocks; when the disk is full the events
 * that do not fit are counted and lost, the sensor goes on, and the operator is told once.
 */
#include "common/log.h"
#include "sensor/output/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BLOCK_BYTES = 256 * 1024 };

static const struct option file_options[] = {
    {"output.file.enabled", CONF_BOOL, "true", "Write events to a file"},
    {"output.file.name", CONF_TEXT, "eve.json",
     "Name of the file, relative to the directory of the run; - is standard output"},
    OPTION_END,
};

enum { COUNT_EVENTS, COUNT_BYTES, COUNT_LOST };
static const struct counter file_counters[] = {
    [COUNT_EVENTS] = {"output.file.events", "Events written to the file"},
    [COUNT_BYTES] = {"output.file.bytes", "Bytes of these events"},
    [COUNT_LOST] = {"output.file.lost_bytes",
                    "Bytes that could not be written; is the disk full or read-only?"},
    COUNTER_END,
};

struct output {
    struct strbuf block;
    uint64_t *count;
    int fd;
    bool complained;
    bool partial; /* a line was cut off by a full disk: end it before the next */
    char path[4096];
};

static bool file_wanted(const struct conf *conf)
{
    return conf_bool(conf, "output.file.enabled");
}

static enum err file_open(const struct conf *conf, const char *dir, bool replay,
                          struct stats *stats, struct output **output, struct strbuf *report)
{
    const char *name = conf_text(conf, "output.file.name");
    struct output *o = calloc(1, sizeof(*o));

    *output = o;
    if (!o)
        return ERR_NOMEM;
    strbuf_init(&o->block, 0);
    o->count = stats_add(stats, file_counters);
    snprintf(o->path, sizeof(o->path), "%s%s%s", *name == '/' ? "" : dir, *name == '/' ? "" : "/",
             name);
    o->fd =
        strcmp(name, "-") == 0
            ? dup(STDOUT_FILENO)
            : open(o->path, O_WRONLY | O_CREAT | O_CLOEXEC | (replay ? O_TRUNC : O_APPEND), 0640);
    if (o->fd >= 0)
        return ERR_OK;
    strbuf_fmt(report, "%s cannot be written: %s\n", o->path, strerror(errno));
    strbuf_fini(&o->block);
    free(o);
    *output = NULL;
    return ERR_IO;
}

static void complain(struct output *o)
{
    if (!o->complained)
        log_say(LOG_FAULT, "%s cannot be written: %s; events are being lost", o->path,
                strerror(errno));
    o->complained = true;
}

static void write_block(struct output *o)
{
    size_t at = 0;

    while (at < o->block.len) {
        ssize_t n = write(o->fd, o->block.at + at, o->block.len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            complain(o);
            o->count[COUNT_LOST] += o->block.len - at;
            o->partial = at > 0 && o->block.at[at - 1] != '\n';
            break;
        }
        at += (size_t)n;
        o->complained = false;
    }
    o->count[COUNT_BYTES] += at;
    strbuf_clear(&o->block);
}

static void file_write(struct output *o, const struct output_line *line)
{
    if (o->partial)
        strbuf_char(&o->block, '\n');
    o->partial = false;
    strbuf_slice(&o->block, line->text);
    strbuf_char(&o->block, '\n');
    o->count[COUNT_EVENTS]++;
    if (o->block.len >= BLOCK_BYTES)
        write_block(o);
}

static void file_tick(struct output *o, uint64_t now_ns)
{
    (void)now_ns;
    if (o->block.len)
        write_block(o);
}

static void file_close(struct output **output, uint64_t wait_ns)
{
    struct output *o = *output;

    (void)wait_ns;
    if (!o)
        return;
    write_block(o);
    close(o->fd);
    strbuf_fini(&o->block);
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
    .close = file_close,
};

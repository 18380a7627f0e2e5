/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EVE JSON from files, directories (in name order) and standard input: `--ingest`. With
 * ingest.follow the last file is watched for growth and for being replaced (log rotation).
 *
 * What was taken of a file is remembered in the store under its first line and a digest of the
 * bytes taken, so reading it again, or after it has grown, doubles nothing, and another file with
 * the same first line is not mistaken for it. Standard input is taken as it comes.
 */
#include "analyzer/ingest/ingest.h"
#include "analyzer/ingest/lines.h"
#include "common/check.h"
#include "common/hash.h"
#include "common/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_LINES = 1000, BLOCK_BYTES = 512 << 10, FOLLOW_MS = 200, TWINS_MAX = 1000 };

static const struct option options[] = {
    {"ingest.files", CONF_LIST, "",
     "Files and directories of EVE JSON to read; - is standard input."},
    {"ingest.follow", CONF_BOOL, "no", "Go on reading the last file as it grows or is replaced."},
    OPTION_END};

struct file_source {
    struct queue *queue;
    struct source *source;
    pthread_t thread;
    int stop; /* eventfd */
    bool follow;
    char **paths;
    uint32_t n;
    uint32_t failed;
    uint64_t too_long;
};

struct reading {
    struct file_source *source;
    const char *path;
    struct lines lines;
    char name[64];
    struct message *block; /* being filled; NULL = none */
};

static void add_path(struct file_source *s, const char *path)
{
    char **more = realloc(s->paths, (s->n + 1) * sizeof(*more));
    CHECK(more);
    s->paths = more;
    s->paths[s->n] = strdup(path);
    CHECK(s->paths[s->n]);
    s->n++;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static enum err add_directory(struct file_source *s, const char *path, struct strbuf *report)
{
    struct dirent **entries = NULL;
    int n = scandir(path, &entries, visible, alphasort);

    if (n < 0) {
        strbuf_fmt(report, "ingest: cannot read the directory %s: %s\n", path, strerror(errno));
        return ERR_IO;
    }
    for (int i = 0; i < n; i++) {
        char full[4096];
        struct stat st;
        snprintf(full, sizeof(full), "%s/%s", path, entries[i]->d_name);
        if (stat(full, &st) == 0 && S_ISREG(st.st_mode))
            add_path(s, full);
        free(entries[i]);
    }
    free(entries);
    return ERR_OK;
}

static enum err add_place(struct file_source *s, const char *path, struct strbuf *report)
{
    struct stat st;

    if (strcmp(path, "-") == 0) {
        add_path(s, path);
        return ERR_OK;
    }
    if (stat(path, &st) || access(path, R_OK)) {
        strbuf_fmt(report, "ingest: cannot read %s: %s\n", path, strerror(errno));
        return ERR_IO;
    }
    if (S_ISDIR(st.st_mode))
        return add_directory(s, path, report);
    add_path(s, path);
    return ERR_OK;
}

/* ---- blocks */

static void open_block(struct reading *r, uint64_t offset, uint64_t line)
{
    struct message *m = ingest_message(MESSAGE_BLOCK);

    m->source = r->source->source;
    snprintf(m->block.path, sizeof(m->block.path), "%s", r->path);
    snprintf(m->block.name, sizeof(m->block.name), "%s", r->name);
    m->block.offset = offset;
    m->block.line = line;
    r->block = m;
}

static bool send_block(struct reading *r)
{
    struct message *m = r->block;

    r->block = NULL;
    if (!m)
        return true;
    m->block.end = r->lines.offset;
    m->block.digest = r->lines.digest;
    return ingest_put(r->source->queue, m);
}

static bool add_line(struct reading *r, uint64_t offset, struct slice line)
{
    if (!r->block)
        open_block(r, offset, r->lines.line);
    strbuf_slice(&r->block->bytes, line);
    strbuf_char(&r->block->bytes, '\n');
    uint64_t n = r->lines.line - r->block->block.line + 1;
    return n < BLOCK_LINES && r->block->bytes.len < BLOCK_BYTES ? true : send_block(r);
}

/* ---- what was taken before */

/* Reads up to `offset`; true when the bytes there are the ones that were taken. */
static bool skip_taken(struct reading *r, int fd, uint64_t offset, uint64_t digest)
{
    struct slice line;

    lines_fini(&r->lines);
    lines_init(&r->lines, fd);
    if (lseek(fd, 0, SEEK_SET) < 0)
        return false;
    while (r->lines.offset < offset && lines_next(&r->lines, false, &line) == ERR_OK)
        continue;
    /* A last line that had no newline yet: take it as it was then. */
    if (r->lines.offset < offset && lines_next(&r->lines, true, &line) != ERR_OK)
        return false;
    /* That line may have got its newline since. */
    bool there = r->lines.offset == offset || r->lines.offset == offset + 1;
    return there && r->lines.digest == digest;
}

static void back_to_start(struct reading *r, int fd)
{
    lines_fini(&r->lines);
    lines_init(&r->lines, fd);
    (void)lseek(fd, 0, SEEK_SET);
}

/* Gives the file its name in the store and moves behind what was taken. False: nothing to read. */
static bool recognise(struct reading *r, int fd)
{
    struct slice line;
    uint64_t offset, digest;

    if (lines_next(&r->lines, !r->source->follow, &line))
        return false;
    uint64_t first = hash_bytes(line, 0);
    for (uint32_t twin = 0; twin < TWINS_MAX; twin++) {
        snprintf(r->name, sizeof(r->name), "file/%016llx/%u", (unsigned long long)first, twin);
        if (!ingest_known(r->source->queue, r->name, &offset, &digest))
            break;
        if (skip_taken(r, fd, offset, digest))
            return true;
    }
    back_to_start(r, fd);
    return true;
}

/* ---- reading */

static bool stopped(const struct file_source *s, int wait_ms)
{
    struct pollfd fd = {.fd = s->stop, .events = POLLIN};
    return poll(&fd, 1, wait_ms) > 0 || ingest_closed(s->queue);
}

/* All lines there are now. False: stop. */
static bool read_lines(struct reading *r, bool last)
{
    struct slice line;
    uint64_t offset = r->lines.offset;
    enum err err;

    while ((err = lines_next(&r->lines, last, &line)) == ERR_OK) {
        if (!add_line(r, offset, line))
            return false;
        offset = r->lines.offset;
    }
    if (err == ERR_IO) {
        log_say(LOG_FAULT, "%s: cannot be read: %s", r->path, strerror(errno));
        r->source->failed++;
    }
    return send_block(r) && err == ERR_END;
}

static bool was_replaced(const char *path, int fd)
{
    struct stat now, here;
    return stat(path, &now) == 0 && fstat(fd, &here) == 0 &&
           (now.st_ino != here.st_ino || now.st_dev != here.st_dev);
}

static bool was_cut(const struct reading *r, int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && (uint64_t)st.st_size < r->lines.offset;
}

/* Until the file is replaced (true: open it anew) or we are stopped. */
static bool follow(struct reading *r, int fd)
{
    while (!stopped(r->source, FOLLOW_MS)) {
        bool replaced = was_replaced(r->path, fd); /* then this is the rest of the old one */
        if (!*r->name && !recognise(r, fd) && !replaced)
            continue;
        if (!read_lines(r, replaced))
            return false;
        if (replaced || was_cut(r, fd))
            return true;
    }
    return false;
}

/* True: the same path is to be opened again. */
static bool read_file(struct file_source *s, const char *path, bool is_last)
{
    struct reading r = {.source = s, .path = path};
    bool input = strcmp(path, "-") == 0;
    bool grows = s->follow && is_last && !input;
    bool again = false;
    int fd = input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        log_say(LOG_FAULT, "%s: cannot be opened: %s", path, strerror(errno));
        s->failed++;
        return grows && !stopped(s, FOLLOW_MS);
    }
    lines_init(&r.lines, fd);
    bool any = input || recognise(&r, fd);
    bool go_on = !any || read_lines(&r, !grows);
    if (grows && go_on)
        again = follow(&r, fd);
    s->too_long += r.lines.too_long;
    ingest_free(&r.block);
    lines_fini(&r.lines);
    if (!input)
        close(fd);
    return again;
}

static void *run(void *arg)
{
    struct file_source *s = arg;

    for (uint32_t i = 0; i < s->n && !stopped(s, 0); i++)
        while (read_file(s, s->paths[i], i + 1 == s->n))
            continue;
    struct message *end = ingest_message(MESSAGE_END);
    end->source = s->source;
    end->failed = s->failed;
    (void)ingest_put(s->queue, end);
    return NULL;
}

static void discard(struct file_source *s)
{
    for (uint32_t i = 0; i < s->n; i++)
        free(s->paths[i]);
    free(s->paths);
    close(s->stop);
    free(s);
}

static enum err file_start(const struct conf *conf, struct queue *queue, struct source *source,
                           struct strbuf *report)
{
    const char *path;
    enum err err = ERR_OK;

    if (!conf_item(conf, "ingest.files", 0))
        return ERR_NOTFOUND;
    struct file_source *s = calloc(1, sizeof(*s));
    CHECK(s);
    s->queue = queue;
    s->source = source;
    s->follow = conf_bool(conf, "ingest.follow");
    s->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    for (uint32_t i = 0; (path = conf_item(conf, "ingest.files", i)); i++) {
        enum err one = add_place(s, path, report);
        err = err ? err : one;
    }
    if (err) {
        discard(s);
        return err;
    }
    source->self = s;
    CHECK(pthread_create(&s->thread, NULL, run, s) == 0);
    return ERR_OK;
}

static void file_tell(void *self, uint64_t peer, const struct wire_control *control)
{
    (void)self;
    (void)peer;
    (void)control; /* files do not listen */
}

static void file_stop(void *self)
{
    struct file_source *s = self;
    uint64_t one = 1;

    (void)!write(s->stop, &one, sizeof(one));
    pthread_join(s->thread, NULL);
    discard(s);
}

static void file_health(void *self, struct strbuf *json)
{
    const struct file_source *s = self;
    strbuf_fmt(json, "\"files\":%u", s->n);
}

const struct ingest_def in_file = {
    .name = "file",
    .doc = "EVE JSON from files, directories and standard input",
    .options = options,
    .start = file_start,
    .tell = file_tell,
    .stop = file_stop,
    .health = file_health,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/ingest/lines.h"
#include "common/check.h"
#include "common/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { BUFFER_BYTES = LINES_MAX + 1 };

void lines_init(struct lines *lines, int fd)
{
    memset(lines, 0, sizeof(*lines));
    lines->fd = fd;
    lines->buffer = malloc(BUFFER_BYTES);
    CHECK(lines->buffer);
}

void lines_fini(struct lines *lines)
{
    free(lines->buffer);
    lines->buffer = NULL;
}

/* Takes `len` bytes and, when `newline`, one more off the buffer. */
static struct slice take(struct lines *l, uint32_t len, bool newline)
{
    struct slice s = {l->buffer + l->from, len};

    l->digest = hash_bytes(s, l->digest);
    l->from += len + newline;
    l->offset += len + newline;
    return s;
}

static enum err fill(struct lines *l)
{
    if (l->from) {
        memmove(l->buffer, l->buffer + l->from, l->to - l->from);
        l->to -= l->from;
        l->from = 0;
    }
    ssize_t got;
    do
        got = read(l->fd, l->buffer + l->to, BUFFER_BYTES - l->to);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return ERR_IO;
    l->to += (uint32_t)got;
    return got ? ERR_OK : ERR_END;
}

/* A whole line in the buffer. False: more bytes are needed. */
static bool whole(struct lines *l, struct slice *line)
{
    const uint8_t *at = l->buffer + l->from;
    const uint8_t *end = memchr(at, '\n', l->to - l->from);

    if (end) {
        *line = take(l, (uint32_t)(end - at), true);
        return true;
    }
    if (l->to - l->from == BUFFER_BYTES) { /* too long: let it go in pieces */
        (void)take(l, BUFFER_BYTES, false);
        l->too_long += !l->skipping;
        l->skipping = true;
    }
    return false;
}

enum err lines_next(struct lines *lines, bool last, struct slice *line)
{
    enum err err = ERR_OK;

    while (!err) {
        if (!whole(lines, line)) {
            err = fill(lines);
            continue;
        }
        lines->line++;
        if (!lines->skipping)
            return ERR_OK;
        lines->skipping = false; /* that was the end of the long one */
    }
    if (err != ERR_END || !last || lines->from == lines->to || lines->buffer[lines->to - 1] != '}')
        return err;
    *line = take(lines, lines->to - lines->from, false);
    lines->line++;
    bool skipped = lines->skipping;
    lines->skipping = false;
    return skipped ? ERR_END : ERR_OK;
}

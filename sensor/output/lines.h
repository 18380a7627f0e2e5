/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that lines are added to.
 *
 * Lines are gathered and written in large blocks. While the disk is full or the file cannot be
 * opened nothing waits: one message says so, lines are held up to 4 MB, then counted and lost, and
 * each second the block is tried again. What was written in part is continued where it stopped, so
 * no line in the middle of the file is cut.
 */
#ifndef TRAMGAC_SENSOR_OUTPUT_LINES_H
#define TRAMGAC_SENSOR_OUTPUT_LINES_H

#include "common/err.h"
#include "common/strbuf.h"

/** The counters that a user of this has, in this order. */
enum { LINES_ADDED, LINES_BYTES, LINES_LOST, LINES_ERRORS, LINES_COUNTS };

struct lines {
    char *path;
    int fd; /* -1: not open */
    bool may_wait;
    struct strbuf block;
    uint64_t retry_ns; /* not before; 0: all is well */
    uint64_t said_ns;
    size_t torn; /* bytes at the end of the file that are the beginning of a line */
    uint64_t *count;
};

/** `name` lies in `dir` unless it is absolute; - is standard output. In a replay the file is begun
 * anew, and a write may wait. */
enum err lines_init(struct lines *l, const char *dir, const char *name, bool replay,
                    uint64_t *count, struct strbuf *report);
/** Adds one line of two pieces (the second may be empty) without its end. */
void lines_add(struct lines *l, struct slice text, struct slice more);
void lines_tick(struct lines *l, uint64_t now_ns);
/** The file was renamed: begins a new one. */
void lines_reopen(struct lines *l);
void lines_fini(struct lines *l);

#endif

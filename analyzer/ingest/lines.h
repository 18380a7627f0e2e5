/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of a file that may still grow, with their place and a digest of everything before them. The
 * digest does not depend on how reads are cut. A last line without newline is a line only when it
 * ends like a JSON object: else its writer is not done with it.
 */
#ifndef TRAMGAC_ANALYZER_INGEST_LINES_H
#define TRAMGAC_ANALYZER_INGEST_LINES_H

#include "common/err.h"
#include "common/slice.h"

struct lines {
    int fd; /* borrowed */
    uint8_t *buffer;
    uint32_t from, to; /* unread bytes of the buffer */
    uint64_t offset;   /* behind the last line given */
    uint64_t digest;   /* of all lines up to there */
    uint64_t line;     /* lines given */
    uint64_t too_long; /* lines above LINES_MAX, left out */
    bool skipping;     /* inside such a line */
};

enum { LINES_MAX = 1 << 20 };

void lines_init(struct lines *lines, int fd);
void lines_fini(struct lines *lines);

/** Next line without its end; valid until the next call. ERR_END: no more for now; a last line
 * without newline is given when `last` (the file will not grow). ERR_IO: see errno. */
enum err lines_next(struct lines *lines, bool last, struct slice *line);

#endif

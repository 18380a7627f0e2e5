/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which captures a path names: a file is itself, a directory its files in name order (not deeper).
 */
#ifndef TRAMGAC_SENSOR_CAPTURE_SOURCES_H
#define TRAMGAC_SENSOR_CAPTURE_SOURCES_H

#include "common/strbuf.h"
#include "sensor/capture/capture.h"

struct sources {
    char **path; /* `n` of them */
    bool *named; /* itself on the command line, not found in a directory */
    uint32_t n;
};

/** Appends what `path` names. ERR_IO with a sentence when it cannot be read. */
enum err sources_add(struct sources *sources, const char *path, struct capture_fault *fault);
void sources_fini(struct sources *sources);

/** The row that reads this file or "-"; NULL when none does. */
const struct capture_def *sources_row(const char *source);

/** Opens an interface by the first way that works, of those capture.method allows. A way that the
 * system does not have is told in `notes`, a sentence a line. */
enum err sources_open_iface(const struct conf *conf, const char *name,
                            const struct capture_def **row, struct capture **capture,
                            struct capture_fault *fault, struct strbuf *notes);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which captures a path names: a file is itself, a directory its files in name order (not deeper).
 */
#ifndef TRAMGAC_SENSOR_CAPTURE_SOURCES_H
#define TRAMGAC_SENSOR_CAPTURE_SOURCES_H

#include "sensor/capture/capture.h"

struct sources {
    char **path; /* `n` of them */
    bool *named; /* itself on the command line, not found in a directory */
    uint32_t n;
};

/** Appends what `path` names. ERR_IO with a sentence when it cannot be read. */
enum err sources_add(struct sources *sources, const char *path, struct capture_fault *fault);
void sources_fini(struct sources *sources);

/** The row that reads this source; NULL when none does. */
const struct capture_def *sources_row(const char *source, bool is_interface);

#endif

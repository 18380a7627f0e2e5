/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that rules asked for (filestore), on disk as Suricata lays them out: DIR/ab/ab12..., named
 * by the SHA-256 of their bytes, so that the same file is there once.
 */
#ifndef TRAMGAC_SENSOR_FILES_FILESTORE_H
#define TRAMGAC_SENSOR_FILES_FILESTORE_H

#include "common/conf.h"
#include "common/slice.h"

struct filestore; /* one worker's */

/** As filestore.* of files_options says. NULL when it is switched off, or after a message when its
 * directory cannot be made. */
struct filestore *filestore_new(const struct conf *conf);
void filestore_free(struct filestore **store);
/** Whether every file is kept, not only those that a rule asks for. */
bool filestore_keeps_all(const struct filestore *store);
/** Bytes of the largest file. */
uint64_t filestore_size(const struct filestore *store);
/** `sha256`: 64 hexadecimal digits. False when the file is not there afterwards. */
bool filestore_put(struct filestore *store, const char *sha256, struct slice content);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YARA rules over file contents. Rules are compiled once for each worker at start; a faulty rule
 * file is left out and reported.
 */
#ifndef TRAMGAC_SENSOR_FILES_YARA_H
#define TRAMGAC_SENSOR_FILES_YARA_H

#include "sensor/files/files.h"

struct yara;

/** From the rule files and directories of option files.yara; NULL when there are none. */
struct yara *yara_new(const struct conf *conf);
void yara_free(struct yara **yara);

/** Matches of `content` into `hits`; `*aborted` when the scan failed or took too long. Returns how
 * many. */
uint32_t yara_scan(struct yara *yara, struct slice content, struct yara_hit hits[FILE_YARA_MAX],
                   bool *aborted);

#endif

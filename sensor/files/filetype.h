/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The type of a file by its content, in libmagic's words. One worker's.
 */
#ifndef TRAMGAC_SENSOR_FILES_FILETYPE_H
#define TRAMGAC_SENSOR_FILES_FILETYPE_H

#include "common/slice.h"

struct filetype;

/** NULL when libmagic or its database is missing. The database is read here, not on first use. */
struct filetype *filetype_new(void);
void filetype_free(struct filetype **filetype);

/** Text valid until the next call; NULL when unknown. */
const char *filetype_of(struct filetype *filetype, struct slice content);

#endif

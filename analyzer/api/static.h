/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of the built web application, read once into memory at start: no path of a request ever
 * reaches the file system.
 */
#ifndef TRAMGAC_ANALYZER_API_STATIC_H
#define TRAMGAC_ANALYZER_API_STATIC_H

#include "analyzer/api/pack.h"
#include "common/err.h"
#include "common/slice.h"

struct static_files;

struct static_file {
    const char *path; /* "/assets/index-x.js" */
    const char *type;
    struct slice bytes;
    bool hashed; /* its name changes with its content: may be cached for ever */
    char tag[PACK_TAG_MAX];
    const struct static_file *packed; /* gzip, laid beside it by the build; NULL = none */
};

/** All regular files below `dir`, at most 2,000 and 64 MB. A missing directory is ERR_NOTFOUND. */
enum err static_load(const char *dir, struct static_files **files);
void static_free(struct static_files **files);
/** "/" is "/index.html"; NULL = no such file. `files` may be NULL. */
const struct static_file *static_find(const struct static_files *files, const char *path);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmagic, bounded: only the first LOOK_MAX bytes are shown to it, and no files are opened or
 * unpacked on its own account.
 */
#include "sensor/files/filetype.h"

#include <magic.h>
#include <stdlib.h>

enum { LOOK_MAX = 4096 };

struct filetype {
    magic_t magic;
};

struct filetype *filetype_new(void)
{
    magic_t magic = magic_open(MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR | MAGIC_NO_CHECK_CDF |
                               MAGIC_NO_CHECK_ELF);
    struct filetype *filetype = magic ? calloc(1, sizeof *filetype) : NULL;
    if (!filetype)
        return NULL;
    filetype->magic = magic;
    if (magic_load(magic, NULL) != 0)
        filetype_free(&filetype);
    return filetype;
}

void filetype_free(struct filetype **filetype)
{
    if (!*filetype)
        return;
    magic_close((*filetype)->magic);
    free(*filetype);
    *filetype = NULL;
}

const char *filetype_of(struct filetype *filetype, struct slice content)
{
    content = slice_head(content, LOOK_MAX);
    return content.len ? magic_buffer(filetype->magic, content.at, content.len) : NULL;
}

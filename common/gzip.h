/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packing as gzip (RFC 1952), at once (zlib stays inside gzip.c). Unpacking is inflate.h.
 */
#ifndef TRAMGAC_COMMON_GZIP_H
#define TRAMGAC_COMMON_GZIP_H

#include "common/err.h"
#include "common/strbuf.h"

/** Appends the bytes as one gzip member; level 1 (fast) to 9. ERR_FULL: cap of `out`. */
enum err gzip_pack(struct slice plain, int level, struct strbuf *out);

#endif

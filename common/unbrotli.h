/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streaming decompression of Brotli (RFC 7932) with bounded output; see inflate.h for the shape.
 */
#ifndef TRAMGAC_COMMON_UNBROTLI_H
#define TRAMGAC_COMMON_UNBROTLI_H

#include "common/err.h"
#include "common/slice.h"

struct unbrotli;

struct unbrotli *unbrotli_new(void);
void unbrotli_free(struct unbrotli **unbrotli);
enum err unbrotli_feed(struct unbrotli *unbrotli, struct slice *in, uint8_t *out, uint32_t room,
                       uint32_t *got);

#endif

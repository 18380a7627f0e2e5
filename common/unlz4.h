/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streaming decompression of LZ4 frames with bounded output; see inflate.h for the shape.
 */
#ifndef TRAMGAC_COMMON_UNLZ4_H
#define TRAMGAC_COMMON_UNLZ4_H

#include "common/err.h"
#include "common/slice.h"

struct unlz4;

struct unlz4 *unlz4_new(void);
void unlz4_free(struct unlz4 **unlz4);
enum err unlz4_feed(struct unlz4 *unlz4, struct slice *in, uint8_t *out, uint32_t room,
                    uint32_t *got);

#endif
